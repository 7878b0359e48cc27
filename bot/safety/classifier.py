"""A linear classifier over sentence embeddings: urgent, crisis or neither."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.safety.clauses import split_clauses

Array = NDArray[np.float64]
Encode = Callable[[Sequence[str]], Any]
LABELS = ("crisis", "neither", "urgent")


@dataclass(frozen=True)
class Thresholds:
    """From which score on the classifier alone raises the alarm."""

    urgent: float = 0.9
    crisis: float = 0.9


@dataclass(frozen=True)
class Scores:
    """The greatest probability over the whole message and its clauses; `clause`: where."""

    urgent: float
    crisis: float
    clause: int | None = None


class UrgencyClassifier:
    """Multinomial logistic regression; plain numpy to score, scikit-learn only to fit."""

    def __init__(
        self,
        weights: Array | None = None,
        bias: Array | None = None,
        thresholds: Thresholds | None = None,
    ):
        self._weights = weights
        self._bias = bias
        self.thresholds = thresholds or Thresholds()

    def fit(self, texts: Sequence[str], labels: Sequence[str], encode: Encode) -> UrgencyClassifier:
        """Learns from whole messages, then again with the most telling clause of each."""
        from sklearn.linear_model import LogisticRegression

        unknown = set(labels) - set(LABELS)
        if unknown:
            raise ValueError(f"labels must be among {LABELS}, got also {sorted(unknown)}")
        clauses = [[c.text for c in split_clauses(text)] for text in texts]
        flat = [clause for group in clauses for clause in group]
        vectors = np.asarray(encode([*texts, *flat]), dtype=np.float64)
        whole, parts = vectors[: len(texts)], vectors[len(texts) :]
        owner = np.repeat(np.arange(len(texts)), [len(group) for group in clauses])
        names = np.asarray(labels)
        x, y = whole, names
        for _ in range(_ROUNDS):
            model = LogisticRegression(C=_INVERSE_REGULARIZATION, max_iter=2000)
            model.fit(x, y)
            self._weights, self._bias = _three_rows(model)
            chosen = self._telling_clauses(parts, owner, names)
            x = np.vstack([whole, parts[chosen]])
            y = np.concatenate([names, names[owner[chosen]]])
        return self

    def _telling_clauses(self, parts: Array, owner: Any, names: Any) -> list[int]:
        """Picks, for each message, the clause likeliest to carry its label; all if neither."""
        chosen: list[int] = []
        probabilities = self._probabilities(parts)
        for i, name in enumerate(names):
            mine = np.flatnonzero(owner == i)
            if name == "neither":
                chosen += mine.tolist()
            elif len(mine):
                column = probabilities[mine, LABELS.index(name)]
                chosen.append(int(mine[int(np.argmax(column))]))
        return chosen

    def scores(self, whole_vec: Any, clause_vecs: Any = None) -> Scores:
        """Scores one message from its embedding and those of its clauses."""
        rows = [np.asarray(whole_vec, dtype=np.float64).reshape(1, -1)]
        if clause_vecs is not None and len(clause_vecs):
            rows.append(np.asarray(clause_vecs, dtype=np.float64))
        table = self._probabilities(np.vstack(rows))
        urgent, crisis = table[:, LABELS.index("urgent")], table[:, LABELS.index("crisis")]
        best = int(np.argmax(np.maximum(urgent, crisis)))
        return Scores(float(urgent.max()), float(crisis.max()), best - 1 if best else None)

    def _probabilities(self, vectors: Array) -> Array:
        if self._weights is None or self._bias is None:
            raise RuntimeError("the urgency classifier is not trained: call fit() or load()")
        logits = vectors @ self._weights.T + self._bias
        logits -= logits.max(axis=1, keepdims=True)
        exponents = np.exp(logits)
        return np.asarray(exponents / exponents.sum(axis=1, keepdims=True))

    def save(self, directory: Path | str) -> None:
        if self._weights is None or self._bias is None:
            raise RuntimeError("the urgency classifier is not trained: nothing to save")
        folder = Path(directory)
        folder.mkdir(parents=True, exist_ok=True)
        np.savez(folder / "urgency.npz", weights=self._weights, bias=self._bias)
        facts = {"labels": LABELS, "thresholds": asdict(self.thresholds)}
        (folder / "urgency.json").write_text(json.dumps(facts, indent=1), "utf-8")

    @classmethod
    def load(cls, directory: Path | str) -> UrgencyClassifier:
        """Reads back what `save` wrote; raises if it is missing or of another make."""
        folder = Path(directory)
        facts = json.loads((folder / "urgency.json").read_text("utf-8"))
        if tuple(facts["labels"]) != LABELS:
            raise ValueError(f"{folder} holds a classifier for {facts['labels']}: train it anew")
        with np.load(folder / "urgency.npz", allow_pickle=False) as arrays:
            return cls(arrays["weights"], arrays["bias"], Thresholds(**facts["thresholds"]))


_ROUNDS = 3  # whole messages, then twice with the clauses that the round before found telling
_INVERSE_REGULARIZATION = 10.0


def _three_rows(model: Any) -> tuple[Array, Array]:
    """Returns weights in the order of LABELS; a label without examples never wins."""
    weights = np.zeros((len(LABELS), model.coef_.shape[1]))
    bias = np.full(len(LABELS), -1e9)
    coefficients, intercepts = model.coef_, model.intercept_
    if len(model.classes_) == 2:  # one row stands for both classes
        coefficients, intercepts = np.vstack([-coefficients, coefficients]) / 2, np.array(
            [-intercepts[0] / 2, intercepts[0] / 2]
        )
    for row, name in enumerate(model.classes_):
        weights[LABELS.index(name)] = coefficients[row]
        bias[LABELS.index(name)] = intercepts[row]
    return weights, bias
