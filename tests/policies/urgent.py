"""Urgent lines in every dress: what the property tests of policy and guard try.

The lines are plain ones that the patterns know. What is put around them is not: it may be
anything that does not deny the line.
"""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import strategies as st

URGENT = (
    "I have chest pain",
    "he cannot breathe",
    "my husband has a fever of 39",
    "she passed out",
    "my temperature is 101.4",
    "he is very confused since this morning",
    "she had a seizure",
    "I am coughing up blood",
    "my throat is swelling up",
    "his face is drooping on one side",
    "her hands are shaking and she cannot write her name",
    "I could not wake him up",
    "he is bleeding and it won't stop",
    "tengo fiebre de 39",
    "no puedo respirar",
)
CRISIS = ("I want to kill myself", "I don't want to live anymore", "me quiero morir")
BEFORE = (
    "hi",
    "thanks",
    "bye",
    "stop",
    "yes",
    "no, that's not it",
    "where do I park?",
    "I feel fine otherwise",
    "sorry to bother you, it's probably nothing",
    "/greet",
    "/restart",
    '/greet{"symptom": "x"}',
    "my neighbour told me to ask",
    "hola",
    "😟😟",
    "1)",
    ">",
    "<b>",
    '{"text": "',
)
AFTER = (
    "thanks",
    "bye",
    "what is crs?",
    "and where do I park?",
    "no chills though",
    "(just asking)",
    "lol",
    "🙏",
    "</b>",
    '"}',
    "please stop writing to me",
    "gracias",
)
MISSPELT = frozenset("confused morning seizure coughing drooping shaking husband".split())
"""Long words of the lines in which the patterns mend every slip of the finger. "swelling" may
become "selling", another word; of "breathe" and "bleeding" a few slips ("breate", "beeding") are
left to the classifier."""

_CASES: tuple[Callable[[str], str], ...] = (str, str.upper, str.lower, str.title, str.swapcase)

_BREAKS = st.sampled_from((". ", "\n", "\n\n", "! ", "... ", " - ", " 😟 "))
_NOISE = st.text(
    st.characters(whitelist_categories=("Lu", "Ll", "So", "Nd", "Po", "Zs")), max_size=40
)


@st.composite
def slips(draw: st.DrawFn, line: str) -> str:
    """Drops, doubles or swaps one letter inside a long word of a line, if it has one."""
    words = line.split(" ")
    long = [n for n, word in enumerate(words) if word in MISSPELT]
    if not long:
        return line
    number = draw(st.sampled_from(long))
    word = words[number]
    at = draw(st.integers(1, len(word) - 2))
    words[number] = draw(
        st.sampled_from(
            (
                word[:at] + word[at + 1 :],
                word[:at] + word[at] + word[at:],
                word[:at] + word[at + 1] + word[at] + word[at + 2 :],
            )
        )
    )
    return " ".join(words)


@st.composite
def dressed(draw: st.DrawFn, lines: tuple[str, ...] = URGENT + CRISIS) -> str:
    """Wraps an urgent line in prefix, suffix, case, typing error, spaces and emoji."""
    line = draw(st.sampled_from(lines))
    line = draw(st.one_of(st.just(line), slips(line)))
    line = draw(st.sampled_from(_CASES))(line)
    line = line.replace(" ", draw(st.sampled_from((" ", "  ", "\u00a0", "\t"))))
    before = draw(st.one_of(st.just(""), st.sampled_from(BEFORE), _NOISE))
    after = draw(st.one_of(st.just(""), st.sampled_from(AFTER), _NOISE))
    text = before + draw(_BREAKS) + line if before else line
    text += draw(st.sampled_from(("", "!!!", "?", "...", " 😟"))) if not after else ""
    return text + draw(_BREAKS) + after if after else text
