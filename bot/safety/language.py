"""Guesses whether a message is English, Spanish, or in a language that we cannot read."""

from __future__ import annotations

from collections.abc import Sequence

from bot.safety.tokens import Token
from bot.safety.verdict import Language

_ENGLISH = frozenset(
    "the a an is are am was i my me he his him she her it you your we they and or of to in on "
    "for with not no do does don't can can't have has had what how when why this that but at "
    "so just if be get got feel feels think about after still now today since from will been "
    "there".split()
)
_SPANISH = frozenset(
    "el la los las un una es esta estoy mi mis me su sus yo ella tu te se que de del en con "
    "por para no si y o pero muy mas tengo tiene hay como cuando donde ya le lo al desde hoy "
    "ayer puedo puede ahora siento siente mama papa hijo hija esposo esposa quiero duele "
    "fiebre".split()
)
_OTHER = frozenset(
    "j'ai je ne pas le les des une du est et il elle nous vous ich nicht der die das und ist "
    "ein eine hat habe mein meine er sie o os nao uma com minha meu ele ela tem estou il lo "
    "che non sono ho mio mia di il gli ik het een niet mijn jag har och inte mam nie jest mi "
    "ma eu".split()
)


def guess_language(tokens: Sequence[Token]) -> Language:
    """Counts function words; a text without any counts as English if its letters are Latin."""
    words = [t.text for t in tokens if t.text[0].isalpha()]
    if not words:
        return "en"
    if sum(w.isascii() for w in words) < len(words) / 2:
        return "unknown"
    english, spanish, other = (
        sum(w in known for w in words) for known in (_ENGLISH, _SPANISH, _OTHER)
    )
    if spanish > english and spanish >= other:
        return "es"
    if other > english and other > 1:
        return "unknown"
    return "en"
