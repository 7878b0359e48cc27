"""The trained half of the detector: meaning, wording, and how they weigh with the patterns."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.encoding.head import Head
from bot.encoding.holdout import held_out
from bot.safety.clauses import message_clauses
from bot.safety.families import FAMILIES, UNSPECIFIED
from bot.safety.joint import FEATURE_NAMES, JointModel, Signals, features
from bot.safety.ngrams import BUCKETS
from bot.safety.pattern_detector import Examination, PatternDetector
from bot.safety.training import NEITHER, Example
from bot.safety.wording import WordingModel

Encode = Callable[[Sequence[str]], Any]
CRISIS = "self_harm"
BRIEF = 3
CRISIS_LABEL = "crisis"
URGENT_LABEL = "urgent"
_INVERSE_REGULARIZATION = 20.0


@dataclass(frozen=True)
class Thresholds:
    """From which probability on an alarm is raised, and below which one is silenced.

    Set for recall by the run "dev 2026-11-30, taught" of docs/escalation-model-card.md.
    """

    urgent: float = 0.10
    crisis: float = 0.10
    crisis_brief: float = 0.5
    """For messages of at most `BRIEF` words: "goodbye" says little, so it must say it clearly."""
    doubt: float = 0.05
    """A pattern's finding stands unless the joint probability of any alarm is below this."""


@dataclass(frozen=True)
class Scores:
    """Joint probabilities of a message. `family`: the likeliest urgent family.

    `clause` is the number of the most telling clause, None if it is the message as a whole.
    """

    urgent: float
    crisis: float
    family: str = UNSPECIFIED.name
    clause: int | None = None


class UrgencyClassifier:
    """Scores a message from its embedding, those of its clauses, its words, and the patterns."""

    def __init__(
        self,
        meaning: Head,
        wording: WordingModel,
        urgent: JointModel,
        crisis: JointModel,
        thresholds: Thresholds | None = None,
    ):
        self._meaning = meaning
        self._wording = wording
        self._urgent = urgent
        self._crisis = crisis
        self.thresholds = thresholds or Thresholds()

    @classmethod
    def fit(
        cls,
        examples: Sequence[Example],
        encode: Encode,
        patterns: PatternDetector,
        *,
        head: Head | None = None,
        thresholds: Thresholds | None = None,
    ) -> UrgencyClassifier:
        """Learns from examples; those held out from the encoder weigh the halves.

        Args:
            examples: messages with their labels.
            encode: returns one embedding a text.
            patterns: the other half of the detector.
            head: of the encoder that was adapted on the same examples; without one, logistic
                regression on the embeddings takes its place.
            thresholds: other than the shipped ones.

        Raises:
            ValueError: if a label has no example, or none that is held out.
        """
        known = [e for e in examples if not held_out(e.text)]
        fresh = [e for e in examples if held_out(e.text)]
        for part, what in ((known, "known"), (fresh, "held out")):
            missing = {URGENT_LABEL, CRISIS_LABEL, NEITHER} - {e.label for e in part}
            if missing:
                raise ValueError(f"no example of {sorted(missing)} is {what}: write more")
        texts, labels = [e.text for e in known], [e.label for e in known]
        meaning = head or _fit_meaning(np.asarray(encode(texts)), labels)
        draft = cls(meaning, WordingModel.fit(texts, labels), _UNUSED, _UNUSED, thresholds)
        table = draft._table([e.text for e in fresh], encode, patterns)
        return cls(
            meaning,
            draft._wording,
            JointModel.fit(table, [e.label == URGENT_LABEL for e in fresh]),
            JointModel.fit(table, [e.label == CRISIS_LABEL for e in fresh]),
            thresholds,
        )

    def _table(
        self, texts: Sequence[str], encode: Encode, patterns: PatternDetector
    ) -> NDArray[np.float64]:
        clauses = [[c.text for c in message_clauses(text)] for text in texts]
        whole = np.asarray(encode(texts))
        parts = np.asarray(encode([c for group in clauses for c in group]))
        ends = np.cumsum([0, *map(len, clauses)])
        rows = []
        for i, text in enumerate(texts):
            signals, _, _ = self._signals(
                whole[i], parts[ends[i] : ends[i + 1]], [text, *clauses[i]]
            )
            rows.append(features(signals, patterns.examine(text), text))
        return np.stack(rows)

    def scores(
        self, whole: Any, clauses: Any = None, *, texts: Sequence[str], examined: Examination
    ) -> Scores:
        """Scores a message.

        Args:
            whole: its embedding, shape (d,).
            clauses: those of its clauses, shape (clauses, d), or None.
            texts: the message, then its clauses.
            examined: what the patterns found.

        Raises:
            ValueError: if an embedding holds values that are not finite.
        """
        signals, family, clause = self._signals(whole, clauses, texts)
        row = features(signals, examined, texts[0])
        return Scores(self._urgent.probability(row), self._crisis.probability(row), family, clause)

    def _signals(
        self, whole: Any, clauses: Any, texts: Sequence[str]
    ) -> tuple[Signals, str, int | None]:
        vectors = np.asarray(whole, dtype=np.float32).reshape(1, -1)
        if clauses is not None and len(clauses):
            vectors = np.vstack([vectors, np.asarray(clauses, dtype=np.float32)])
        if not np.isfinite(vectors).all():
            raise ValueError("an embedding holds values that are not finite")
        table = self._meaning.probabilities(vectors)
        names = self._meaning.labels
        families = [i for i, name in enumerate(names) if name not in (NEITHER, CRISIS)]
        urgent, crisis = table[:, families].sum(axis=1), table[:, names.index(CRISIS)]
        parts = slice(1, None) if len(vectors) > 1 else slice(0, 1)
        words = dict(
            zip(self._wording.labels, self._wording.probabilities(texts[:1])[0], strict=True)
        )
        best = int(np.argmax(np.maximum(urgent, crisis)))
        # The family is read where it is clearest, and counts over the whole message.
        telling = table[best, families] + table[0, families]
        signals = Signals(
            urgent=float(urgent[0]),
            crisis=float(crisis[0]),
            urgent_clause=float(urgent[parts].max()),
            crisis_clause=float(crisis[parts].max()),
            urgent_wording=float(words[URGENT_LABEL]),
            crisis_wording=float(words[CRISIS_LABEL]),
        )
        return signals, names[families[int(np.argmax(telling))]], best - 1 if best else None

    def save(self, directory: Path | str) -> None:
        """Writes plain arrays and JSON."""
        folder = Path(directory)
        folder.mkdir(parents=True, exist_ok=True)
        np.savez(
            folder / "urgency.npz",
            meaning=self._meaning.weights,
            meaning_bias=self._meaning.bias,
            wording=self._wording.weights.astype(np.float32),
            wording_bias=self._wording.bias,
        )
        facts = {
            "meaning": self._meaning.labels,
            "wording": self._wording.labels,
            "buckets": BUCKETS,
            "features": FEATURE_NAMES,
            "urgent": asdict(self._urgent),
            "crisis": asdict(self._crisis),
            "thresholds": asdict(self.thresholds),
        }
        (folder / "urgency.json").write_text(json.dumps(facts, indent=1), "utf-8")

    @classmethod
    def load(cls, directory: Path | str) -> UrgencyClassifier:
        """Reads back what `save` wrote; raises if it is missing or of another make."""
        folder = Path(directory)
        facts = json.loads((folder / "urgency.json").read_text("utf-8"))
        unknown = set(facts["meaning"]) - set(FAMILIES) - {NEITHER}
        made = (facts["buckets"], tuple(facts["features"]))
        if unknown or made != (BUCKETS, FEATURE_NAMES):
            raise ValueError(f"{folder} holds a classifier of another make: train it anew")
        with np.load(folder / "urgency.npz", allow_pickle=False) as arrays:
            return cls(
                Head(tuple(facts["meaning"]), arrays["meaning"], arrays["meaning_bias"]),
                WordingModel(facts["wording"], arrays["wording"], arrays["wording_bias"]),
                JointModel(**facts["urgent"]),
                JointModel(**facts["crisis"]),
                Thresholds(**facts["thresholds"]),
            )


_UNUSED = JointModel([], 0.0, [], [])


def _fit_meaning(vectors: NDArray[np.float64], labels: Sequence[str]) -> Head:
    """Fits a head on plain embeddings: it sees that something is urgent, not what."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=_INVERSE_REGULARIZATION, max_iter=400).fit(vectors, labels)
    names = {URGENT_LABEL: UNSPECIFIED.name, CRISIS_LABEL: CRISIS, NEITHER: NEITHER}
    return Head(
        tuple(names[str(name)] for name in model.classes_),
        model.coef_.astype(np.float32),
        model.intercept_.astype(np.float32),
    )
