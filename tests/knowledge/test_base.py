"""The whole of `knowledge/`: questions, labels and topics, their checks, and the hash."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import KnowledgeError
from bot.knowledge.base import (
    MAX_LABEL,
    KnowledgeBase,
    knowledge_files,
    knowledge_hash,
    load_knowledge,
    shorten,
)
from bot.settings import ROOT
from tests.fakes import document_text, write_knowledge

BODY = "## Care\n\nWash hands often.\n\nDrink some water.\n"
HANDS, WATER = "doc/care/wash-hands-often", "doc/care/drink-some-water"


def load(root: Path, questions: str = "", not_covered: str | None = None) -> KnowledgeBase:
    files = {"doc.yml": questions} if questions else {}
    return load_knowledge(
        write_knowledge(root, {"doc": BODY}, questions=files, not_covered=not_covered)
    )


def problems(root: Path, questions: str = "", not_covered: str | None = None) -> list[str]:
    with pytest.raises(KnowledgeError) as caught:
        load(root, questions, not_covered)
    return caught.value.problems


def test_questions_labels_and_topics_are_read(tmp_path: Path) -> None:
    knowledge = load(
        tmp_path,
        f"passages:\n- id: {HANDS}\n  label: Hands\n  after_escalation: true\n"
        f"  questions: [' wash? ', '', no]\n- id: {WATER}\n",
        "topics:\n- id: cost\n  topic: costs\n  ask: the office\n  questions: [price]\n",
    )
    hands, water = knowledge.readings[HANDS], knowledge.readings[WATER]
    # `no` stays a word: YAML's own reading of it would be False.
    assert (hands.label, hands.questions, hands.after_escalation) == (
        "Hands",
        ("wash?", "no"),
        True,
    )
    assert (water.label, water.questions, water.after_escalation) == ("", (), False)
    (topic,) = knowledge.topics
    assert (topic.id, topic.topic, topic.ask) == ("cost", "costs", "the office")
    assert topic.questions == ("price",)
    assert list(knowledge.by_id) == [HANDS, WATER]


def test_questions_and_topics_may_be_absent(tmp_path: Path) -> None:
    knowledge = load(tmp_path)
    assert knowledge.readings == {}
    assert knowledge.topics == ()


def test_a_second_document_is_dropped_in(tmp_path: Path) -> None:
    root = write_knowledge(tmp_path, {"doc": BODY, "another": "Text.\n"})
    (root / "README.md").write_text("For editors: no document.", encoding="utf-8")
    assert [d.source.id for d in load_knowledge(root).documents] == ["another", "doc"]


# --- Refusals ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("questions", "line", "what", "remedy"),
    [
        (
            f"passages:\n- id: {HANDS}\n- id: {WATER}s\n",
            3,
            f"there is no passage '{WATER}s'",
            f"the nearest passage is '{WATER}'",
        ),
        (
            f"passages:\n- id: {HANDS}\n- id: {WATER}\n- id: {HANDS}\n",
            4,
            f"'{HANDS}' is listed twice",
            "merge",
        ),
        (
            f"passages:\n- id: {HANDS}\n  label: Same\n- id: {WATER}\n  label: same\n",
            5,
            f"label 'same' is also that of '{HANDS}'",
            "a label of its own",
        ),
        (
            f"passages:\n- id: {HANDS}\n  label: {'x' * (MAX_LABEL + 1)}\n",
            3,
            "label: ensure this value has at most 45",
            "mend",
        ),
        (
            f"passages:\n- id: {HANDS}\n  questions:\n  - what: now\n",
            4,
            "str type expected",
            "quotes around a question with a colon",
        ),
        (
            f"passages:\n- id: {HANDS}\n  questions:\n  - a: b: c\n",
            4,
            "not readable",
            "quotes around a question with a colon",
        ),
        (
            f"passages:\n- id: {HANDS}\n  alike:\n  - {WATER}\n  - {HANDS}\n",
            4,
            f"`alike` names '{HANDS}', which is no other passage",
            f"the nearest passage is '{WATER}'",
        ),
        (
            f"passages:\n- id: {HANDS}\n  instead: {WATER}s\n",
            3,
            f"`instead` names '{WATER}s', which is no other passage",
            f"the nearest passage is '{WATER}'",
        ),
        (f"passages:\n- id: {HANDS}\n  qestions: []\n", 3, "extra fields not permitted", "mend"),
        ("passages:\n- label: Hands\n", 2, "id: field required", "mend"),
        ("entries: []\n", 1, "passages: field required", "mend"),
        ("# nothing but a comment\n", 1, "expected dict not NoneType", "mend"),
    ],
    ids=[
        "unknown id",
        "twice",
        "label twice",
        "long label",
        "a mapping",
        "broken YAML",
        "alike itself",
        "instead of nothing",
        "unknown field",
        "no id",
        "no passages",
        "empty",
    ],
)
def test_question_files_are_checked(
    tmp_path: Path, questions: str, line: int, what: str, remedy: str
) -> None:
    found = problems(tmp_path, questions)
    place = f"{tmp_path / 'questions' / 'doc.yml'}:{line}: "
    matching = [p for p in found if p.startswith(place) and what in p]
    assert matching, found
    assert remedy in matching[0].split(" -> ")[1]


TOPIC = "- id: cost\n  topic: costs\n  ask: the office\n  questions: [price]\n"


@pytest.mark.parametrize(
    ("topics", "line", "what"),
    [
        (f"topics:\n{TOPIC}{TOPIC}", 6, "topic 'cost' is listed twice"),
        (f"topics:\n{TOPIC.replace('[price]', '[]')}", 5, "questions: ensure this value has"),
        (f"topics:\n{TOPIC.replace(' the office', '')}", 4, "ask: ensure this value has"),
        (f"topics:\n{TOPIC.replace('ask', 'asks')}", 4, "extra fields not permitted"),
        ("topics:\n- a: b: c\n", 2, "not readable"),
    ],
    ids=["twice", "no questions", "nobody to ask", "unknown field", "broken YAML"],
)
def test_topics_are_checked(tmp_path: Path, topics: str, line: int, what: str) -> None:
    found = problems(tmp_path, not_covered=topics)
    place = f"{tmp_path / 'not_covered.yml'}:{line}: "
    assert any(p.startswith(place) and what in p for p in found), found


def test_the_longest_label_is_accepted(tmp_path: Path) -> None:
    label = "x" * MAX_LABEL
    assert load(tmp_path, f"passages:\n- id: {HANDS}\n  label: {label}\n").label(HANDS) == label


def test_a_folder_without_documents_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KnowledgeError, match="there is no document -> add a Markdown document"):
        load_knowledge(tmp_path)


def test_two_documents_with_one_id_are_refused(tmp_path: Path) -> None:
    root = write_knowledge(tmp_path, {"doc": BODY})
    (root / "other.md").write_text(document_text("Text.", id="doc"), encoding="utf-8")
    with pytest.raises(
        KnowledgeError, match=r"other\.md:2: document id 'doc' is also used by .*doc"
    ):
        load_knowledge(root)


def test_problems_of_all_documents_are_reported_together(tmp_path: Path) -> None:
    root = write_knowledge(tmp_path, {"a": "## Empty\n", "b": "```\nx\n```\n"})
    with pytest.raises(KnowledgeError) as caught:
        load_knowledge(root)
    assert [Path(p.split(":")[0]).name for p in caught.value.problems] == ["a.md", "b.md"]


def test_a_questions_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    root = write_knowledge(tmp_path, {"doc": BODY})
    (root / "questions" / "doc.yml").write_bytes("passages:\n- id: é".encode("latin-1"))
    with pytest.raises(KnowledgeError, match=r"doc\.yml:2: a letter is not UTF-8"):
        load_knowledge(root)


# --- Labels -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x" * MAX_LABEL, "x" * MAX_LABEL),
        ("x" * (MAX_LABEL + 1), "x" * (MAX_LABEL - 1) + "…"),
        # 44 letters are left beside the "…": "(word, ) * 6" is 36 long, a seventh ends at 42.
        ("word, " * 9, "word, word, word, word, word, word, word…"),
        ("Short.", "Short."),
    ],
    ids=["at the limit", "one letter more", "at a word end", "short"],
)
def test_shorten(text: str, expected: str) -> None:
    assert shorten(text) == expected
    assert len(shorten(text)) <= MAX_LABEL


def test_a_label_is_the_editors_or_the_first_words(tmp_path: Path) -> None:
    knowledge = load(tmp_path, f"passages:\n- id: {HANDS}\n  label: Hands\n")
    assert knowledge.labels == {HANDS: "Hands", WATER: "Drink some water."}


def test_no_two_labels_are_the_same(tmp_path: Path) -> None:
    body = (
        "## Who may come?\n\nAnybody may.\n\nChildren too.\n\n"
        "## One\n\nSame start.\n\n## Two\n\nSame start.\n\n## Three\n\nSame start.\n\n"
        "## Four\n\nWhat helps?\n\n- Rest\n- Water\n"
    )
    labels = load_knowledge(write_knowledge(tmp_path, {"doc": body})).labels
    assert list(labels.values()) == [
        "Who may come?",
        "Children too.",
        "Same start.",
        "Same start. (2)",
        "Same start. (3)",
        "Rest",
        "Water",
    ]


# --- Hash -------------------------------------------------------------------------------------


@pytest.fixture
def root(tmp_path: Path) -> Path:
    topics = f"topics:\n{TOPIC}"
    files = {"doc.yml": f"passages:\n- id: {HANDS}\n"}
    return write_knowledge(tmp_path, {"doc": BODY}, questions=files, not_covered=topics)


@pytest.mark.parametrize("name", ["doc.md", "questions/doc.yml", "not_covered.yml"])
def test_the_hash_changes_with_every_file(root: Path, name: str) -> None:
    before = knowledge_hash(root)
    path = root / name
    original = path.read_bytes()
    path.write_bytes(original + b"\n")
    assert knowledge_hash(root) != before
    path.write_bytes(original)
    assert knowledge_hash(root) == before == load_knowledge(root).hash
    path.rename(path.with_name("another" + path.suffix))
    assert knowledge_hash(root) != before


@pytest.mark.parametrize("name", ["README.md", "notes.txt", "questions/notes.txt", ".doc.md.swp"])
def test_the_hash_does_not_change_with_other_files(root: Path, name: str) -> None:
    before = knowledge_hash(root)
    (root / name).write_text("something", encoding="utf-8")
    assert knowledge_hash(root) == before


def test_the_hash_is_that_of_the_content_wherever_it_lies(
    root: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    twin = tmp_path_factory.mktemp("twin")
    for path in knowledge_files(root):
        copy = twin / path.relative_to(root)
        copy.parent.mkdir(exist_ok=True)
        copy.write_bytes(path.read_bytes())
    assert knowledge_hash(twin) == knowledge_hash(root)


# --- The shipped knowledge base ---------------------------------------------------------------


@pytest.fixture(scope="module")
def shipped() -> KnowledgeBase:
    return load_knowledge(ROOT / "knowledge")


def test_every_shipped_passage_has_questions_and_a_label(shipped: KnowledgeBase) -> None:
    for passage in shipped.passages:
        reading = shipped.readings[passage.id]
        assert reading.label, passage.id
        assert len(reading.questions) >= 10, passage.id


def test_no_shipped_question_leads_to_two_places(shipped: KnowledgeBase) -> None:
    asked: dict[str, str] = {}
    texts = [(q, i) for i, r in shipped.readings.items() for q in r.questions]
    texts += [(q, f"topic {t.id}") for t in shipped.topics for q in t.questions]
    clashes = []
    for question, target in texts:
        key = " ".join(question.casefold().split()).rstrip("?.! ")
        if asked.setdefault(key, target) != target:
            clashes.append((question, asked[key], target))
    assert clashes == []


def test_what_may_follow_an_escalation_neither_reassures_nor_advises_waiting(
    shipped: KnowledgeBase,
) -> None:
    for identity, reading in shipped.readings.items():
        if reading.after_escalation:
            quote = shipped.by_id[identity].quote.casefold()
            for word in ("fortunately", "do not worry", "calm", "normal", "wait and"):
                assert word not in quote, identity
