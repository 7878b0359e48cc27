"""Runs all sets through the bot and the baselines, once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from bot.encoding import DEFAULT_MODEL, Encoder, load_encoder
from bot.evaluation import clinical, escalation, followups, intents, retrieval
from bot.evaluation.alarms import Judged
from bot.evaluation.baselines import Baseline, CentroidIntents, majority_intent, retrieval_baselines
from bot.evaluation.parsed import ModelCard, Parsed
from bot.evaluation.progress import shown
from bot.evaluation.report import Results
from bot.evaluation.sets import Row, Split, load_outside, load_set, nlu_examples
from bot.evaluation.tables import Section
from bot.knowledge.base import KnowledgeBase, load_knowledge
from bot.settings import ROOT

OUTSIDE = {"blood_cancer": "blood_cancer_questions", "everyday": "far_out_of_scope"}
"""Sets of `--data` that the texts do not answer, by the name of their figures."""
CLINICAL = "negation_clinical"


class Bot(Protocol):
    """What is measured."""

    card: ModelCard

    def read(self, texts: Sequence[str], label: str) -> list[Parsed]:
        """Reads messages, each as a fresh conversation would."""
        ...

    def read_after(self, pairs: Sequence[tuple[str, str]], label: str) -> list[Parsed]:
        """Reads messages, each right after the passage of that id was quoted."""
        ...


def evaluate(
    bot: Bot,
    *,
    split: Split,
    data: Path | None = None,
    everything: bool = False,
    lines: bool = False,
    encoder: Encoder | None = None,
    more: Sequence[Baseline] = (),
) -> Results:
    """Measures retrieval, intents and escalation in one run.

    Args:
        bot: the trained bot.
        split: our sets to use; baselines' thresholds are set on dev in any case.
        data: folder of the outside sets; None, or one without them, leaves them 'not run'.
        everything: all of each outside set instead of a sample.
        lines: whether errors are listed in full.
        encoder: what the baselines encode with; plain MiniLM unless a test says otherwise.
        more: baselines of retrieval that had to be trained first.
    """
    knowledge = load_knowledge(ROOT / "knowledge")
    encoder = encoder or load_encoder(DEFAULT_MODEL)
    outside: dict[str, list[Parsed] | None] = {
        name: _read(bot, load_set(name, split), name) for name in ("near_oos", "far_oos")
    }
    not_run = []
    for name, file in OUTSIDE.items():
        rows = load_outside(data, file, everything=everything)
        outside[name] = None if rows is None else _read(bot, rows, name)
        not_run += [] if rows is not None else [f"{name} ({file}.jsonl is not in --data)"]
    asked = _ask(bot, knowledge, split)
    sections = [
        _retrieval(
            bot,
            asked,
            knowledge,
            [*retrieval_baselines(knowledge, encoder), *more],
            outside,
            lines=lines,
        ),
        followups.measure(_second_messages(bot, knowledge, split), lines=lines),
        _intents(bot, encoder, split, lines=lines),
        _escalation(bot, split, outside["everyday"], asked.parsed, lines=lines),
    ]
    sentences = load_outside(data, CLINICAL, everything=True)
    if sentences is None:
        not_run.append(f"clinical sentences ({CLINICAL}.jsonl is not in --data)")
    else:
        ours = [row for row in sentences if row["core"] or row["ext"]]
        parsed = bot.read([row["sentence"] for row in ours], "clinical sentences")
        sections.append(clinical.measure(ours, parsed))
    return Results(split, bot.card, sections, not_run, bot.card.faults)


def _ask(bot: Bot, knowledge: KnowledgeBase, split: Split) -> retrieval.Asked:
    rows = load_set("retrieval", split)
    gold = [retrieval.gold_passages(row, knowledge) for row in rows]
    return retrieval.Asked(rows, gold, _read(bot, rows, "retrieval"))


def _second_messages(bot: Bot, knowledge: KnowledgeBase, split: Split) -> list[followups.Second]:
    rows = load_set("followup", split)
    pairs = [(row["first_passage"], row["text"]) for row in rows]
    evidence = [{"passages": [], "evidence": row["evidence"]} for row in rows]
    return [
        followups.Second(row, retrieval.gold_passages(asked, knowledge), in_context, alone)
        for row, asked, in_context, alone in zip(
            rows,
            evidence,
            bot.read_after(pairs, "second messages"),
            _read(bot, rows, "the same alone"),
            strict=True,
        )
    ]


def _retrieval(
    bot: Bot,
    asked: retrieval.Asked,
    knowledge: KnowledgeBase,
    baselines: Sequence[Baseline],
    outside: dict[str, list[Parsed] | None],
    *,
    lines: bool,
) -> Section:
    texts = {n: [p.text for p in parsed] for n, parsed in outside.items() if parsed is not None}
    near_dev = [row["text"] for row in load_set("near_oos", "dev")]
    scored = [
        retrieval.score_baseline(baseline, asked, texts, near_dev)
        for baseline in shown("retrieval baselines", baselines)
    ]
    return retrieval.measure(asked, outside, scored, bot.card.labels, knowledge, lines=lines)


def _intents(bot: Bot, encoder: Encoder, split: Split, *, lines: bool) -> Section:
    rows = load_set("intent", split)
    examples = nlu_examples()
    centroids = CentroidIntents(examples, encoder)
    baselines = {
        "most frequent intent": [majority_intent(examples)] * len(rows),
        centroids.name: centroids.predict([row["text"] for row in rows]),
    }
    return intents.measure(rows, _read(bot, rows, "intent"), baselines, lines=lines)


def _escalation(
    bot: Bot,
    split: Split,
    everyday: Sequence[Parsed] | None,
    inscope: Sequence[Parsed],
    *,
    lines: bool,
) -> Section:
    sets = {}
    for name in (*escalation.ALARMING, *escalation.QUIET):
        rows = load_set(name, split)
        sets[name] = Judged(rows, _read(bot, rows, name))
    return escalation.measure(sets, everyday, inscope, lines=lines)


def _read(bot: Bot, rows: Sequence[Row], label: str) -> list[Parsed]:
    return bot.read([row["text"] for row in rows], label)
