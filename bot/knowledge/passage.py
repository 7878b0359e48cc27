"""What the knowledge base is made of."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import Enum

from bot.contract import is_known


class PassageKind(str, Enum):
    """How a passage stood in its document."""

    PARAGRAPH = "paragraph"
    ITEM = "item"
    ROW = "row"
    FAQ = "faq"


@dataclass(frozen=True)
class Source:
    """Front matter of a document: where its words come from and who stands behind them."""

    id: str
    title: str
    publisher: str
    url: str
    as_of: str
    reviewed_by: str
    reviewed_on: str
    language: str
    valid_until: str = "unknown"
    """The last day of the review, if the clinic sets one; an editor may leave it out."""

    @property
    def reviewed(self) -> bool:
        """Whether somebody of the clinic has signed the text off."""
        return is_known(self.reviewed_by) and is_known(self.reviewed_on)


@dataclass(frozen=True)
class Passage:
    """A piece of a document that is quoted whole, word for word.

    `text` is the piece; `lead` the line that introduces it (a list's lead-in, an FAQ's
    question); `quote` is what is said, `searched` what is searched. `id` depends on the passage
    and its section alone.
    """

    id: str
    source: Source
    kind: PassageKind
    heading_path: tuple[str, ...]
    text: str
    lead: str
    line: int
    whole_list: tuple[str, ...] = ()
    """All items of its list, where they are quoted together."""
    numbered: bool = False
    """Whether the items of its list have numbers."""
    outline: tuple[str, ...] = ()
    """The rows of the table below it, each by its first two cells, if an editor wants them said."""
    together: tuple[str, ...] = ()
    """Ids of all passages whose words are in its quote, where there are others."""

    @property
    def section(self) -> str:
        """The nearest heading, or the document's title above the first one."""
        return self.heading_path[-1] if self.heading_path else self.source.title

    @property
    def searched(self) -> str:
        """The passage alone, with its lead-in line."""
        mark = "• " if self.kind is PassageKind.ITEM else ""
        return f"{self.lead}\n{mark}{self.text}" if self.lead else self.text

    @property
    def quote(self) -> str:
        """The passage as it is said: a short list is said whole, since half of one misleads.

        A paragraph above a table is said with its rows in outline where an editor wants it.
        """
        if not self.whole_list:
            return "\n".join((self.searched, *(f"• {row}" for row in self.outline)))
        return "\n".join((self.lead, *self._marked))

    @property
    def start(self) -> int:
        """Where `text` begins in `quote`."""
        if not self.whole_list:
            return len(self.searched) - len(self.text)
        number = self.whole_list.index(self.text)
        before = (self.lead, *self._marked[:number], "")
        return len("\n".join(before)) + len(self._marked[number]) - len(self.text)

    @property
    def _marked(self) -> tuple[str, ...]:
        return tuple(
            f"{number}. {item}" if self.numbered else f"• {item}"
            for number, item in enumerate(self.whole_list, 1)
        )


@dataclass(frozen=True)
class Reading:
    """What an editor adds beside a passage: how people ask for it."""

    label: str
    questions: tuple[str, ...]
    after_escalation: bool
    instead: str = ""
    """The passage to quote when this one is found: it only leads in, the other answers."""
    alike: tuple[str, ...] = ()
    """Passages that answer the same questions as well: either is right."""


@dataclass(frozen=True)
class Topic:
    """A topic that people ask for and the documents do not cover, and whom to ask instead."""

    id: str
    topic: str
    ask: str
    questions: tuple[str, ...]


def slug(text: str, *, words: int) -> str:
    """Returns the first words of a text as `a-readable-id`."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return "-".join(re.findall(r"[a-z0-9]+", plain.lower())[:words]) or "passage"
