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
from bot.safety.ngrams import BUCKETS, ngram_buckets

Array = NDArray[np.float64]
Encode = Callable[[Sequence[str]], Any]
LABELS = ("crisis", "neither", "urgent")
_ROUNDS = 2  # whole messages, then with the clauses that the first round found telling
_INVERSE_REGULARIZATION = 20.0


@dataclass(frozen=True)
class Thresholds:
    """From which score on the classifier alone raises the alarm, or lets a doubt stand.

    Set by the evaluation run that docs/escalation-model-card.md describes.
    """

    urgent: float = 0.5
    crisis: float = 0.5


@dataclass(frozen=True)
class Scores:
    """The greatest probability over the whole message and its clauses; `clause`: where."""

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
        grams = [ngram_buckets(piece) for piece in pieces]
        owner = np.repeat(np.arange(len(texts)), [len(group) for group in clauses])
        names = np.asarray(labels)
        rows = np.arange(len(texts))
        truth = names
        for _ in range(_ROUNDS):
            self._fit_once(vectors[rows], [grams[r] for r in rows], truth)
            chosen = np.asarray(self._telling(vectors, grams, owner, names), dtype=np.int64)
            rows = np.concatenate([np.arange(len(texts)), len(texts) + chosen])
            truth = np.concatenate([names, names[owner[chosen]]])
        return self

    def _fit_once(self, vectors: Array, grams: Sequence[NDArray[np.int64]], truth: Any) -> None:
        from scipy.sparse import csr_matrix, hstack
        from sklearn.linear_model import LogisticRegression

        ends = np.cumsum([0, *(len(g) for g in grams)])
        weights = np.concatenate([np.full(len(g), _unit(g)) for g in grams])
        bags = csr_matrix(
            (weights, np.concatenate(grams), ends), shape=(len(grams), BUCKETS)
        )
        model = LogisticRegression(C=_INVERSE_REGULARIZATION, max_iter=400)
        model.fit(hstack([csr_matrix(vectors), bags]).tocsr(), truth)
        table, self._bias = _three_rows(model)
        self._dense, self._sparse = table[:, : vectors.shape[1]], table[:, vectors.shape[1] :]

    def _telling(
        self, vectors: Array, grams: Sequence[NDArray[np.int64]], owner: Any, names: Any
    ) -> list[int]:
        """Picks, for each message of several clauses, the likeliest to carry its label.

        Of a message that is neither, none may, so all are kept.
        """
        offset = len(names)
        chosen: list[int] = []
        table = self._probabilities(vectors[offset:], grams[offset:])
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
        grams = [ngram_buckets(text) for text in texts]
        grams += [np.empty(0, dtype=np.int64)] * (len(vectors) - len(grams))
        table = self._probabilities(vectors, grams)
        urgent, crisis = table[:, LABELS.index("urgent")], table[:, LABELS.index("crisis")]
        best = int(np.argmax(np.maximum(urgent, crisis)))
        return Scores(float(urgent.max()), float(crisis.max()), best - 1 if best else None)

    def _probabilities(self, vectors: Array, grams: Sequence[NDArray[np.int64]]) -> Array:
        if self._dense is None or self._sparse is None or self._bias is None:
            raise RuntimeError("the urgency classifier is not trained: call fit() or load()")
        logits = vectors @ self._dense.T + self._bias
        for row, buckets in enumerate(grams[: len(logits)]):
            logits[row] += self._sparse[:, buckets].sum(axis=1) * _unit(buckets)
        logits -= logits.max(axis=1, keepdims=True)
        exponents = np.exp(logits)
        return np.asarray(exponents / exponents.sum(axis=1, keepdims=True))

    def save(self, directory: Path | str) -> None:
        if self._dense is None or self._sparse is None or self._bias is None:
            raise RuntimeError("the urgency classifier is not trained: nothing to save")
        folder = Path(directory)
        folder.mkdir(parents=True, exist_ok=True)
        np.savez(
            folder / "urgency.npz", dense=self._dense, sparse=self._sparse, bias=self._bias
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


def _unit(buckets: NDArray[np.int64]) -> float:
    return float(1 / np.sqrt(len(buckets))) if len(buckets) else 0.0


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
