"""A linear classifier over sentence embeddings and n-grams: urgent, crisis or neither."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.safety.clauses import split_clauses
from bot.safety.ngrams import BUCKETS, Bag, bag_of, empty_bag

Array = NDArray[np.float64]
Encode = Callable[[Sequence[str]], Any]
LABELS = ("crisis", "neither", "urgent")
_ROUNDS = 2  # whole messages, then with the clauses that the first round found telling
_INVERSE_REGULARIZATION = 20.0


@dataclass(frozen=True)
class Thresholds:
    """From which score on the classifier alone raises the alarm.

    `urgent_calm` applies where the patterns found a denial, another sense or a normal reading.
    Set by the run "dev2 2026-11-23" of docs/escalation-model-card.md, for recall.
    """

    urgent: float = 0.4
    crisis: float = 0.4
    urgent_calm: float = 0.95


@dataclass(frozen=True)
class Scores:
    """Probabilities of a message, joined over its clauses; `clause`: the most telling one."""

    urgent: float
    crisis: float
    clause: int | None = None

    @property
    def alarm(self) -> float:
        return max(self.urgent, self.crisis)


class UrgencyClassifier:
    """Multinomial logistic regression; plain numpy to score, scikit-learn only to fit."""

    def __init__(
        self,
        dense: Array | None = None,
        sparse: Array | None = None,
        bias: Array | None = None,
        thresholds: Thresholds | None = None,
    ):
        self._dense = dense  # labels x embedding
        self._sparse = sparse  # labels x n-gram buckets
        self._bias = bias
        self.thresholds = thresholds or Thresholds()

    def fit(self, texts: Sequence[str], labels: Sequence[str], encode: Encode) -> UrgencyClassifier:
        """Learns from whole messages, then again with the most telling clause of each."""
        unknown = set(labels) - set(LABELS)
        if unknown or not texts:
            raise ValueError(f"need texts with labels among {LABELS}, got {sorted(unknown)}")
        clauses = [[c.text for c in split_clauses(text)] for text in texts]
        pieces = [*texts, *(clause for group in clauses for clause in group)]
        vectors = np.asarray(encode(pieces), dtype=np.float64)
        bags = [bag_of(piece) for piece in pieces]
        owner = np.repeat(np.arange(len(texts)), [len(group) for group in clauses])
        names = np.asarray(labels)
        rows = np.arange(len(texts))
        truth = names
        for _ in range(_ROUNDS):
            self._fit_once(vectors[rows], [bags[r] for r in rows], truth)
            chosen = np.asarray(self._telling(vectors, bags, owner, names), dtype=np.int64)
            rows = np.concatenate([np.arange(len(texts)), len(texts) + chosen])
            truth = np.concatenate([names, names[owner[chosen]]])
        return self

    def _fit_once(self, vectors: Array, bags: Sequence[Bag], truth: Any) -> None:
        from scipy.sparse import csr_matrix, hstack
        from sklearn.linear_model import LogisticRegression

        ends = np.cumsum([0, *(len(bag.buckets) for bag in bags)])
        weights = np.concatenate([bag.weights for bag in bags])
        buckets = np.concatenate([bag.buckets for bag in bags])
        table = csr_matrix((weights, buckets, ends), shape=(len(bags), BUCKETS))
        model = LogisticRegression(C=_INVERSE_REGULARIZATION, max_iter=400)
        model.fit(hstack([csr_matrix(vectors), table]).tocsr(), truth)
        rows, self._bias = _three_rows(model)
        self._dense, self._sparse = rows[:, : vectors.shape[1]], rows[:, vectors.shape[1] :]

    def _telling(self, vectors: Array, bags: Sequence[Bag], owner: Any, names: Any) -> list[int]:
        """Picks, for each message of several clauses, the likeliest to carry its label.

        Of a message that is neither, none may, so all are kept.
        """
        offset = len(names)
        chosen: list[int] = []
        table = self._probabilities(vectors[offset:], bags[offset:])
        for i, name in enumerate(names):
            mine = np.flatnonzero(owner == i)
            if len(mine) < 2:
                continue
            if name == "neither":
                chosen += mine.tolist()
            else:
                chosen.append(int(mine[int(np.argmax(table[mine, LABELS.index(name)]))]))
        return chosen

    def scores(
        self, whole_vec: Any, clause_vecs: Any = None, *, texts: Sequence[str] = ()
    ) -> Scores:
        """Scores a message from its embedding and those of its clauses.

        `texts`: the message and its clauses, in the same order, for the n-gram half.
        """
        rows = [np.asarray(whole_vec, dtype=np.float64).reshape(1, -1)]
        if clause_vecs is not None and len(clause_vecs):
            rows.append(np.asarray(clause_vecs, dtype=np.float64))
        vectors = np.vstack(rows)
        if not np.isfinite(vectors).all():
            raise ValueError("an embedding holds values that are not finite")
        bags = [bag_of(text) for text in texts]
        bags += [empty_bag()] * (len(vectors) - len(bags))
        table = self._probabilities(vectors, bags)
        urgent, crisis = table[:, LABELS.index("urgent")], table[:, LABELS.index("crisis")]
        best = int(np.argmax(np.maximum(urgent, crisis)))
        return Scores(_joined(urgent), _joined(crisis), best - 1 if best else None)

    def _probabilities(self, vectors: Array, bags: Sequence[Bag]) -> Array:
        if self._dense is None or self._sparse is None or self._bias is None:
            raise RuntimeError("the urgency classifier is not trained: call fit() or load()")
        logits = vectors @ self._dense.T + self._bias
        for row, bag in enumerate(bags[: len(logits)]):
            logits[row] += self._sparse[:, bag.buckets] @ bag.weights
        logits -= logits.max(axis=1, keepdims=True)
        exponents = np.exp(logits)
        return np.asarray(exponents / exponents.sum(axis=1, keepdims=True))

    def save(self, directory: Path | str) -> None:
        if self._dense is None or self._sparse is None or self._bias is None:
            raise RuntimeError("the urgency classifier is not trained: nothing to save")
        folder = Path(directory)
        folder.mkdir(parents=True, exist_ok=True)
        np.savez(
            folder / "urgency.npz",
            dense=self._dense,
            sparse=self._sparse.astype(np.float32),
            bias=self._bias,
        )
        facts = {"labels": LABELS, "buckets": BUCKETS, "thresholds": asdict(self.thresholds)}
        (folder / "urgency.json").write_text(json.dumps(facts, indent=1), "utf-8")

    @classmethod
    def load(cls, directory: Path | str) -> UrgencyClassifier:
        """Reads back what `save` wrote; raises if it is missing or of another make."""
        folder = Path(directory)
        facts = json.loads((folder / "urgency.json").read_text("utf-8"))
        if tuple(facts["labels"]) != LABELS or facts["buckets"] != BUCKETS:
            raise ValueError(f"{folder} holds a classifier of another make: train it anew")
        with np.load(folder / "urgency.npz", allow_pickle=False) as arrays:
            return cls(
                arrays["dense"], arrays["sparse"], arrays["bias"], Thresholds(**facts["thresholds"])
            )


def _joined(column: Array) -> float:
    """Averages the whole message with the most telling of it and its clauses.

    The greatest alone alarms at any stray clause; the whole alone drowns a short one.
    """
    return float((column[0] + column.max()) / 2)


def _three_rows(model: Any) -> tuple[Array, Array]:
    """Returns weights in the order of LABELS; a label without examples never wins."""
    coefficients, intercepts = model.coef_, model.intercept_
    if len(model.classes_) == 2:  # one row stands for both classes
        coefficients = np.vstack([-coefficients, coefficients]) / 2
        intercepts = np.concatenate([-intercepts, intercepts]) / 2
    weights = np.zeros((len(LABELS), coefficients.shape[1]))
    bias = np.full(len(LABELS), -1e9)
    for row, name in enumerate(model.classes_):
        weights[LABELS.index(name)] = coefficients[row]
        bias[LABELS.index(name)] = intercepts[row]
    return weights, bias
