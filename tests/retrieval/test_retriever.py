"""The retriever, trained on a knowledge base small enough to know by heart."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bot.errors import ModelError
from bot.knowledge.base import KnowledgeBase, load_knowledge
from bot.retrieval.catalogue import Catalogue
from bot.retrieval.entries import (
    OFF_TOPIC,
    Entry,
    EntryKind,
    alike_pairs,
    build_entries,
    is_passage,
    sentences,
)
from bot.retrieval.followup import FollowUp, behind
from bot.retrieval.message_data import decision_data
from bot.retrieval.ranking import Hit, Ranking
from bot.retrieval.retriever import Retriever
from bot.retrieval.router import Decision
from tests.fakes import WordEncoder, write_knowledge

BODY = """## Before

Leukapheresis removes white blood cells. It takes hours.

Lymphodepletion makes room for new cells.

## After

### Why stay nearby?

Serious reactions show quickly.

Watch for:

- fever above normal
- confusion or sleepiness
"""
COLLECT, ROOM = (
    "doc/before/leukapheresis-removes-white-blood-cells-it",
    ("doc/before/lymphodepletion-makes-room-for-new-cells"),
)
NEARBY = "doc/why-stay-nearby/serious-reactions-show-quickly"
FEVER = "doc/why-stay-nearby/fever-above-normal"
QUESTIONS = f"""passages:
- id: {COLLECT}
  label: How cells are collected
  questions: [how are cells collected, what is leukapheresis, collection takes how long,
    are cells removed with a machine, what removes white cells]
- id: {ROOM}
  label: What makes room
  questions: [what is lymphodepletion, why make room, chemotherapy making room,
    what makes room for cells]
- id: {NEARBY}
  after_escalation: true
  label: Staying nearby
  questions: [why stay nearby, must we stay nearby, can we stay far away,
    how quickly do reactions show]
"""
TOPICS = """topics:
- id: cost
  topic: costs and insurance
  ask: the office
  questions: [how much does it cost, will insurance pay, price of it, insurance cost]
"""
OFF = [
    "tell me a joke",
    "who won the football match",
    "weather today please",
    "a joke about football",
]

QUERIES = [
    "what is leukapheresis",
    "stay nearby?",
    "insurance price",
    "football joke",
    "confusion",
    "nothing known here",
    "",
]


@pytest.fixture(scope="module")
def knowledge(tmp_path_factory: pytest.TempPathFactory) -> KnowledgeBase:
    root = tmp_path_factory.mktemp("knowledge")
    files = {"doc.yml": QUESTIONS}
    return load_knowledge(write_knowledge(root, {"doc": BODY}, questions=files, not_covered=TOPICS))


@pytest.fixture(scope="module")
def encoder() -> WordEncoder:
    return WordEncoder()


@pytest.fixture(scope="module")
def retriever(knowledge: KnowledgeBase, encoder: WordEncoder) -> Retriever:
    return Retriever.fit(knowledge, encoder, OFF)


@pytest.fixture
def saved(retriever: Retriever, tmp_path: Path) -> Path:
    retriever.save(tmp_path)
    return tmp_path


def rank(retriever: Retriever, encoder: WordEncoder, text: str) -> Ranking:
    return retriever.rank(text, encoder.encode([text])[0])


# --- What is searched -------------------------------------------------------------------------


def test_entries_of_a_passage_with_questions(knowledge: KnowledgeBase) -> None:
    found = [(e.kind.value, e.text) for e in build_entries(knowledge) if e.target == NEARBY]
    assert found == [
        ("quote", "Why stay nearby? Serious reactions show quickly."),
        ("sentence", "Serious reactions show quickly."),
        ("question", "Why stay nearby?"),
        ("question", "Staying nearby"),
        ("question", "why stay nearby"),
        ("question", "must we stay nearby"),
        ("question", "can we stay far away"),
        ("question", "how quickly do reactions show"),
    ]


def test_entries_of_a_passage_without_questions_name_its_heading(knowledge: KnowledgeBase) -> None:
    found = [(e.kind, e.text) for e in build_entries(knowledge) if e.target == FEVER]
    assert found == [
        (EntryKind.QUOTE, "Watch for: • fever above normal"),
        (EntryKind.SENTENCE, "fever above normal"),
        (EntryKind.HEADING, "Why stay nearby?: fever above normal"),
    ]


def test_entries_of_topics_and_off_topic(knowledge: KnowledgeBase) -> None:
    entries = build_entries(knowledge, ["a joke", " "])
    assert [e.text for e in entries if e.target == "topic:cost"] == [
        "costs and insurance",
        "how much does it cost",
        "will insurance pay",
        "price of it",
        "insurance cost",
    ]
    assert entries[-1] == Entry(OFF_TOPIC, EntryKind.QUESTION, "a joke")  # The blank one is gone.


@pytest.mark.parametrize(
    ("target", "expected"), [("doc/a", True), ("topic:cost", False), (OFF_TOPIC, False)]
)
def test_is_passage(target: str, expected: bool) -> None:
    assert is_passage(target) is expected


def test_sentences_split_at_ends_and_lines() -> None:
    assert sentences("One. Two? Three!\nFour: B.C. five\n\n") == [
        "One.",
        "Two?",
        "Three!",
        "Four: B.C.",
        "five",
    ]


# --- Ranking ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("what is leukapheresis", COLLECT),
        ("how are the cells collected please", COLLECT),
        ("why do they make room", ROOM),
        ("must my husband stay nearby", NEARBY),
        ("fever above normal", FEVER),
        ("leukapheresus", COLLECT),
    ],
    ids=["a question", "a longer one", "other words", "third person", "no questions", "misspelt"],
)
def test_the_right_passage_comes_first(
    retriever: Retriever, encoder: WordEncoder, query: str, expected: str
) -> None:
    assert rank(retriever, encoder, query).passages[0].target == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [("will insurance pay the cost", "topic:cost"), ("tell a football joke", OFF_TOPIC)],
)
def test_what_is_not_covered_leads(
    retriever: Retriever, encoder: WordEncoder, query: str, expected: str
) -> None:
    ranking = rank(retriever, encoder, query)
    assert ranking.others[0].target == expected
    assert ranking.others[0].share > ranking.passages[0].share


def test_confidence_separates_the_known_from_the_unknown(
    retriever: Retriever, encoder: WordEncoder
) -> None:
    known = [
        rank(retriever, encoder, q).confidence
        for q in ("what is leukapheresis", "why stay nearby please")
    ]
    unknown = [
        rank(retriever, encoder, q).confidence
        for q in ("tell a football joke", "will insurance pay the price")
    ]
    assert min(known) > 0.5 > max(unknown)


def test_a_ranking_is_sorted_and_its_shares_add_up(
    retriever: Retriever, encoder: WordEncoder
) -> None:
    vectors = encoder.encode(QUERIES)
    for ranking in retriever.rank_all(QUERIES, vectors, top=99):
        shares = [h.share for h in ranking.passages]
        assert shares == sorted(shares, reverse=True)
        assert sum(shares) + sum(h.share for h in ranking.others) == pytest.approx(1.0, abs=1e-4)
        assert {h.target for h in ranking.passages} == set(retriever.catalogue.cards)
        assert 0.0 <= ranking.confidence <= 1.0


def test_top_limits_the_passages(retriever: Retriever, encoder: WordEncoder) -> None:
    (ranking,) = retriever.rank_all(["cells"], encoder.encode(["cells"]), top=2)
    assert len(ranking.passages) == 2
    assert len(ranking.others) == 2  # the topic and off topic


def test_one_by_one_is_as_all_at_once(retriever: Retriever, encoder: WordEncoder) -> None:
    together = retriever.rank_all(QUERIES, encoder.encode(QUERIES))
    for query, expected in zip(QUERIES, together, strict=True):
        alone = rank(retriever, encoder, query)
        assert [h.target for h in alone.passages] == [h.target for h in expected.passages]
        assert alone.confidence == pytest.approx(expected.confidence, abs=1e-5)


def test_training_twice_gives_the_same(
    knowledge: KnowledgeBase, encoder: WordEncoder, retriever: Retriever
) -> None:
    again = Retriever.fit(knowledge, encoder, OFF)
    vectors = encoder.encode(QUERIES)
    assert again.rank_all(QUERIES, vectors) == retriever.rank_all(QUERIES, vectors)


def test_every_button_finds_its_own_passage(retriever: Retriever, encoder: WordEncoder) -> None:
    for card in retriever.catalogue.cards.values():
        for text in (card.label, f"  {card.label.upper()} "):
            found = rank(retriever, encoder, text)
            assert found == Ranking((Hit(card.id, 1.0, 1.0),), (), 1.0)


# --- Small and new knowledge bases ------------------------------------------------------------


def test_a_single_passage_is_found(tmp_path: Path, encoder: WordEncoder) -> None:
    root = write_knowledge(tmp_path / "in", {"doc": "Only these words.\n"})
    retriever = Retriever.fit(load_knowledge(root), encoder)
    ranking = rank(retriever, encoder, "which words are there")
    assert [h.target for h in ranking.passages] == ["doc/opening/only-these-words"]
    assert ranking.others == ()
    saved = tmp_path / "saved"
    saved.mkdir()
    retriever.save(saved)
    assert rank(Retriever.load(saved), encoder, "which words are there") == ranking


def test_without_questions_known_and_unknown_are_still_told_apart(
    tmp_path: Path, encoder: WordEncoder
) -> None:
    retriever = Retriever.fit(
        load_knowledge(write_knowledge(tmp_path, {"doc": BODY})), encoder, OFF
    )
    known = rank(retriever, encoder, "does leukapheresis remove white blood cells")
    assert known.passages[0].target == COLLECT
    unknown = rank(retriever, encoder, "a football joke about the weather")
    assert known.confidence > 0.5 > unknown.confidence


def test_with_nothing_but_off_topic_questions_nothing_is_believed(
    tmp_path: Path, encoder: WordEncoder
) -> None:
    # One word of text, no question: off-topic texts are all that calibration can see.
    root = write_knowledge(tmp_path, {"doc": "Leukapheresis\n"})
    retriever = Retriever.fit(load_knowledge(root), encoder, OFF)
    assert rank(retriever, encoder, "tell me a joke").confidence < 0.2


def test_a_new_document_without_questions_is_found(tmp_path: Path, encoder: WordEncoder) -> None:
    parking = "## Parking\n\nThe garage opens at seven. Tickets are free for visitors.\n"
    root = write_knowledge(
        tmp_path, {"doc": BODY, "visit": parking}, questions={"doc.yml": QUESTIONS}
    )
    retriever = Retriever.fit(load_knowledge(root), encoder, OFF)
    for query in ("when does the garage open", "parking", "free tickets for visitors"):
        assert rank(retriever, encoder, query).passages[0].target.startswith("visit/parking/")


# --- Save and load ----------------------------------------------------------------------------


def test_saved_and_loaded_it_ranks_equally(
    retriever: Retriever, encoder: WordEncoder, saved: Path
) -> None:
    again = Retriever.load(saved)
    assert again.catalogue == retriever.catalogue
    assert again.gate == retriever.gate
    vectors = encoder.encode(QUERIES)
    pairs = zip(retriever.rank_all(QUERIES, vectors), again.rank_all(QUERIES, vectors), strict=True)
    for before, after in pairs:
        assert [h.target for h in before.passages] == [h.target for h in after.passages]
        assert [h.target for h in before.others] == [h.target for h in after.others]
        assert after.confidence == pytest.approx(before.confidence, abs=5e-3)
        for one, other in zip(before.passages, after.passages, strict=True):
            assert other.share == pytest.approx(one.share, abs=5e-3)
            assert other.similarity == one.similarity


FILES = ["index.faiss", "probe.npz", "lexical.npz", "ranker.npz", "retriever.json", "manifest.json"]


def test_these_are_all_the_files(saved: Path) -> None:
    assert sorted(p.name for p in saved.iterdir()) == sorted(FILES)


def test_second_messages_are_learned_and_kept(tmp_path: Path, encoder: WordEncoder) -> None:
    """Of a passage of the base and its title; the same words mean something else behind another."""
    root = write_knowledge(
        tmp_path / "base", {"doc": BODY}, questions={"doc.yml": QUESTIONS}, not_covered=TOPICS
    )
    lines = [
        f"  - after: {COLLECT}\n    messages:",
        *(f"      - ask: {w} lymphodepletion\n        answered_by: {ROOM}" for w in ("and", "why")),
        *(f"      - ask: {w} football joke" for w in ("any", "some", "one more")),
        f"  - after: {NEARBY}\n    messages:",
        *(
            f"      - ask: {w} leukapheresis\n        answered_by: {COLLECT}"
            for w in ("and", "why")
        ),
        *(f"      - ask: {w} weather" for w in ("any", "some", "one more")),
    ]
    (root / "follow_ups.yml").write_text("follow_ups:\n" + "\n".join(lines) + "\n", "utf-8")
    fitted = Retriever.fit(load_knowledge(root), encoder, OFF)
    (tmp_path / "saved").mkdir()
    fitted.save(tmp_path / "saved")
    again = Retriever.load(tmp_path / "saved")

    def read(retriever: Retriever, text: str) -> FollowUp | None:
        titled = behind(retriever.catalogue.cards[NEARBY].label, text)
        vectors = encoder.encode([text, titled])
        alone = retriever.rank_all([text], vectors[:1])[0]
        return retriever.read_second(text, titled, NEARBY, alone, vectors)

    names = {p.name for p in (tmp_path / "saved").iterdir()}
    assert names == {*FILES, "follow_ups.npz"}
    (tmp_path / "cut").mkdir()
    fitted.save(tmp_path / "cut")
    (tmp_path / "cut" / "follow_ups.npz").unlink()
    with pytest.raises(ModelError, match="make train"):
        Retriever.load(tmp_path / "cut")
    found = read(fitted, "what about lymphodepletion")
    assert found is not None and found.answer == ROOM
    nothing = read(fitted, "football weather")
    assert nothing is not None and nothing.answer is None and not nothing.said_already
    for text in QUERIES:  # The lexical model is kept in half precision.
        kept, before = read(again, text), read(fitted, text)
        assert kept is not None and before is not None
        assert kept.trust == pytest.approx(before.trust, abs=5e-3)
        assert replace(kept, trust=before.trust) == before


def test_without_second_messages_nothing_is_read_in_context(
    saved: Path, encoder: WordEncoder
) -> None:
    again = Retriever.load(saved)
    assert again.follow_ups is None
    vectors = encoder.encode(QUERIES[:2])
    alone = again.rank_all(QUERIES[:1], vectors[:1])[0]
    assert again.read_second(QUERIES[0], QUERIES[1], NEARBY, alone, vectors) is None


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_a_model_error(saved: Path, name: str) -> None:
    (saved / name).unlink()
    with pytest.raises(ModelError, match="make train"):
        Retriever.load(saved)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("damage", ["empty", "cut", "a bit flipped", "null"])
def test_a_damaged_file_is_a_model_error(saved: Path, name: str, damage: str) -> None:
    path = saved / name
    content = bytearray(path.read_bytes())
    if damage == "empty":
        content = bytearray()
    elif damage == "cut":
        content = content[: len(content) // 2]
    elif damage == "null":
        content = bytearray(b"null")
    else:
        content[len(content) // 2] ^= 0x01
    path.write_bytes(content)
    with pytest.raises(ModelError, match="make train"):
        Retriever.load(saved)


def test_the_error_names_the_damaged_file(saved: Path) -> None:
    (saved / "probe.npz").write_bytes(b"x")
    with pytest.raises(ModelError, match=r"Damaged in the model: probe\.npz"):
        Retriever.load(saved)


@pytest.mark.parametrize("left_out", FILES[:-1])
def test_a_manifest_must_vouch_for_every_file(saved: Path, left_out: str) -> None:
    path = saved / "manifest.json"
    sums = json.loads(path.read_text("utf-8"))
    del sums[left_out]
    path.write_text(json.dumps(sums), "utf-8")
    with pytest.raises(ModelError, match="make train"):
        Retriever.load(saved)


# --- The catalogue ----------------------------------------------------------------------------


def test_catalogue_reads_back_what_it_wrote(retriever: Retriever) -> None:
    data = json.loads(json.dumps(retriever.catalogue.as_dict()))
    assert Catalogue.from_dict(data) == retriever.catalogue


def test_what_follows_and_what_is_near(retriever: Retriever) -> None:
    catalogue = retriever.catalogue
    assert catalogue.next_in_section(COLLECT) == ROOM
    assert catalogue.next_in_section(ROOM) is None  # The next one is of another section.
    assert catalogue.next_in_section("gone") is None
    confusion = "doc/why-stay-nearby/confusion-or-sleepiness"
    assert catalogue.next_in_section(confusion) is None  # The end of the document.
    # One list, which is quoted whole: what stands in it is neither next nor near.
    assert catalogue.next_in_section(FEVER) is None
    assert catalogue.neighbours(FEVER) == [NEARBY]
    assert catalogue.neighbours(NEARBY) == [FEVER]
    assert catalogue.told_apart([confusion, COLLECT, FEVER, ROOM]) == [confusion, COLLECT, ROOM]
    assert catalogue.told_apart([confusion, COLLECT], beside=FEVER) == [COLLECT]
    assert catalogue.told_apart([confusion], beside="gone") == [confusion]
    assert catalogue.neighbours(COLLECT) == [ROOM]


def test_a_decision_carries_words_labels_and_the_hash(retriever: Retriever) -> None:
    catalogue = retriever.catalogue
    data = decision_data(
        Decision("utter_answer", passage=NEARBY, related=(COLLECT,), topic="cost"), catalogue
    )
    assert data["card"]["quote"] == "Why stay nearby?\nSerious reactions show quickly."
    assert data["card"]["after_escalation"] is True
    assert data["topic"] == {"id": "cost", "topic": "costs and insurance", "ask": "the office"}
    assert data["related"] == [{"id": COLLECT, "label": "How cells are collected"}]
    assert data["knowledge_hash"] == catalogue.hash
    assert json.loads(json.dumps(data)) == data
    bare = decision_data(Decision(None), catalogue)
    assert "card" not in bare
    assert (bare["topic"], bare["related"], bare["action"]) == (None, [], None)


def test_vectors_of_the_fake_encoder_are_what_it_says(encoder: WordEncoder) -> None:
    one, two, none = encoder.encode(["alpha beta", "beta gamma delta", ""])
    assert one @ two == pytest.approx(1 / np.sqrt(2 * 3))
    assert not none.any()


def test_only_prose_of_several_sentences_has_one_to_mark(
    tmp_path: Path, encoder: WordEncoder
) -> None:
    table = "| Step | What happens |\n|---|---|\n| Infusion | Cells go in. It is short. |\n"
    body = f"One alone here.\n\nThe cells go in. It may take an hour.\n\n{table}"
    retriever = Retriever.fit(
        load_knowledge(write_knowledge(tmp_path / "in", {"doc": body})), encoder
    )
    assert list(retriever.marker.marks) == ["doc/opening/the-cells-go-in-it-may"]
    saved = tmp_path / "saved"
    saved.mkdir()
    retriever.save(saved)
    assert Retriever.load(saved).marker.marks == retriever.marker.marks


def test_items_of_a_list_answer_the_same_and_one_that_is_quoted_elsewhere_is_none(
    tmp_path: Path,
) -> None:
    item, other = FEVER, "doc/why-stay-nearby/confusion-or-sleepiness"
    root = write_knowledge(tmp_path / "a", {"doc": BODY}, questions={"doc.yml": QUESTIONS})
    assert alike_pairs(load_knowledge(root)) == [(other, item)]
    instead = f"- id: {item}\n  instead: {NEARBY}\n  label: Fever\n  questions: [is it hot]\n"
    files = {"doc.yml": QUESTIONS, "more.yml": f"passages:\n{instead}"}
    root = write_knowledge(tmp_path / "b", {"doc": BODY}, questions=files)
    assert alike_pairs(load_knowledge(root)) == []


@pytest.mark.parametrize(("allowed", "follows"), [(1, False), (2, True)])
def test_a_list_follows_an_escalation_only_if_each_of_its_items_may(
    tmp_path: Path, allowed: int, follows: bool
) -> None:
    items = [FEVER, "doc/why-stay-nearby/confusion-or-sleepiness"]
    flags = "".join(
        f"- id: {item}\n  after_escalation: {str(n < allowed).lower()}\n"
        f"  label: Sign {n}\n  questions: [is sign {n} bad]\n"
        for n, item in enumerate(items)
    )
    root = write_knowledge(
        tmp_path, {"doc": BODY}, questions={"doc.yml": QUESTIONS, "more.yml": f"passages:\n{flags}"}
    )
    cards = Catalogue.of(load_knowledge(root)).cards
    assert [cards[item].after_escalation for item in items] == [follows, follows]
    assert cards[FEVER].quote == "Watch for:\n• fever above normal\n• confusion or sleepiness"
