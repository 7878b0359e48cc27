"""Finds the lines at which passages and their questions stand, so that a finding can name them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from bot.knowledge.base import NOT_COVERED_FILE, QUESTIONS_DIR, KnowledgeBase
from bot.knowledge.front_matter import read_utf8
from bot.retrieval.entries import TOPIC_PREFIX


@dataclass(frozen=True)
class Place:
    """A line of a file."""

    path: Path
    line: int


class Places:
    """Where each target's entry, and each of its questions, is written."""

    def __init__(self, root: Path, knowledge: KnowledgeBase) -> None:
        self.questions_folder = root / QUESTIONS_DIR
        self._passages = {
            p.id: Place(d.path, p.line) for d in knowledge.documents for p in d.passages
        }
        self._entries: dict[str, Place] = {}
        self._questions: dict[tuple[str, str], Place] = {}
        for path in sorted(self.questions_folder.glob("*.yml")):
            self._read(path, "passages", "")
        if (root / NOT_COVERED_FILE).is_file():
            self._read(root / NOT_COVERED_FILE, "topics", TOPIC_PREFIX)

    def _read(self, path: Path, key: str, prefix: str) -> None:
        for fields in _entries(path, key):
            identity = prefix + next(v.value for v in fields.get("id", []))
            for name in ("id", "label", "topic", "questions"):
                for node in fields.get(name, []):
                    place = Place(path, int(node.start_mark.line) + 1)
                    if name == "id":
                        self._entries[identity] = place
                    else:
                        self._questions[identity, node.value.strip()] = place

    def passage(self, identity: str) -> Place:
        """Returns where a passage's own words are."""
        return self._passages[identity]

    def entry(self, target: str) -> Place | None:
        """Returns where a target's questions begin, None if nobody has written any."""
        return self._entries.get(target)

    def question(self, target: str, text: str) -> Place:
        """Returns where a question is, else where its target is."""
        found = self._questions.get((target, text)) or self._entries.get(target)
        return found or self._passages[target]


def _entries(path: Path, key: str) -> Iterator[dict[str, list[yaml.ScalarNode]]]:
    """Yields each entry as its scalar values, or lists of them, by name."""
    # The C parser reads ten thousand questions in a third of a second, the other in five.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    root = yaml.compose(read_utf8(path), Loader=loader)
    if not isinstance(root, yaml.MappingNode):
        return
    for name, listed in root.value:
        if name.value != key or not isinstance(listed, yaml.SequenceNode):
            continue
        for entry in listed.value:
            yield {
                field.value: value.value if isinstance(value, yaml.SequenceNode) else [value]
                for field, value in entry.value
            }
