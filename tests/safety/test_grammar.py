"""Looking rules up by their first class finds what looking at every rule finds."""

import pytest

from bot.safety.grammar import Match, RuleBook, Scanner
from bot.safety.library import load_library
from bot.safety.tokens import tokenize

TEXTS = [
    "I have a fever and my chest hurts, he cannot breathe",
    "no puedo respirar y tengo fiebre",
    "the train was late and the coffee cold",
    "she can't find her words; one side of her face is drooping",
    "",
]


@pytest.mark.parametrize("text", TEXTS)
def test_against_every_rule_by_itself(text: str) -> None:
    library = load_library()
    tokens = tokenize(text, library.aliases, library.repair)
    scanner = Scanner(tokens, library.lexicon.tag(tokens), library.lexicon)
    alone: list[Match] = []
    for rule in library.rules:
        alone += scanner.scan(RuleBook([rule]))
    assert scanner.scan(library.rules) == alone
