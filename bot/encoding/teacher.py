"""A larger sentence encoder (MPNet) that learns a task, so that its answers can be kept.

Only the upper layers are trained: what the lower ones make of a text is computed once and kept,
in half precision (1.7 GB for 47,000 messages). In bfloat16 an epoch takes twenty minutes on two
cores that have it. Needs the model's folder; nothing at run time does.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.encoding.adaptation import SCALE

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class TeacherRecipe:
    """How the teacher learns; docs/decisions/0008-a-larger-model-teaches.md has what it gave."""

    layers: int = 6
    """Upper layers that are trained."""
    epochs: float = 1.3
    learning_rate: float = 6e-5
    head_rate: float = 6e-4
    batch: int = 32
    max_tokens: int = 80
    seed: int = 1


@dataclass(frozen=True)
class Halfway:
    """What the lower layers make of texts.

    Attributes:
        states: hidden states of all tokens, one text after the other, shape (tokens, 768).
        ends: where each text ends, shape (texts + 1,), with 0 in front.
    """

    states: NDArray[np.float16]
    ends: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.ends) - 1

    def length(self, number: int) -> int:
        """Returns how many tokens a text has."""
        return int(self.ends[number + 1] - self.ends[number])

    def batch(self, numbers: Sequence[int]) -> tuple[Any, Any]:
        """Returns padded states (n, tokens, 768) and which are there (n, tokens)."""
        import torch

        longest = max(self.length(number) for number in numbers)
        states = torch.zeros((len(numbers), longest, self.states.shape[1]))
        there = torch.zeros((len(numbers), longest))
        for row, number in enumerate(numbers):
            found = self.states[self.ends[number] : self.ends[number + 1]]
            states[row, : len(found)] = torch.from_numpy(found.astype(np.float32))
            there[row, : len(found)] = 1
        return states, there


class Teacher:
    """MPNet with a linear head over the labels of a task."""

    def __init__(self, folder: Path, labels: Sequence[str], recipe: TeacherRecipe | None = None):
        import torch
        from transformers import AutoModel, AutoTokenizer

        self.labels = tuple(labels)
        self._recipe = recipe or TeacherRecipe()
        torch.manual_seed(self._recipe.seed)
        self._tokens = AutoTokenizer.from_pretrained(str(folder))
        self._net = AutoModel.from_pretrained(str(folder)).eval()  # No dropout.
        self._upper = self._net.encoder.layer[-self._recipe.layers :]
        self._lower = self._net.encoder.layer[: -self._recipe.layers]
        self._head = torch.nn.Linear(self._net.config.hidden_size, len(self.labels))

    def halfway(self, texts: Sequence[str]) -> Halfway:
        """Runs the lower layers over texts."""
        import torch

        limit = self._recipe.max_tokens
        ids = self._tokens(list(texts), truncation=True, max_length=limit)["input_ids"]
        ends = np.cumsum([0, *map(len, ids)])
        states = np.zeros((int(ends[-1]), self._net.config.hidden_size), dtype=np.float16)
        with torch.inference_mode(), _bfloat16():
            for numbers in _by_length([len(i) for i in ids], 64):
                longest = max(len(ids[number]) for number in numbers)
                padded = torch.full((len(numbers), longest), int(self._tokens.pad_token_id))
                there = torch.zeros((len(numbers), longest))
                for row, number in enumerate(numbers):
                    padded[row, : len(ids[number])] = torch.tensor(ids[number])
                    there[row, : len(ids[number])] = 1
                found = self._run(self._net.embeddings(input_ids=padded), there, self._lower)
                for row, number in enumerate(numbers):
                    part = found[row, : len(ids[number])].float().numpy()
                    states[ends[number] : ends[number + 1]] = part
        return Halfway(states, ends)

    def fit(self, texts: Halfway, right: Sequence[Sequence[str]]) -> None:
        """Learns from texts and, for each, the labels of which any is right."""
        import torch

        recipe = self._recipe
        columns = {name: column for column, name in enumerate(self.labels)}
        wrong = torch.full((len(right), len(columns)), float("-inf"))
        for row, names in enumerate(right):
            wrong[row, [columns[name] for name in names]] = 0.0
        steps = list(self._batches(texts))
        groups = [
            {"params": list(self._upper.parameters()), "lr": recipe.learning_rate},
            {"params": list(self._head.parameters()), "lr": recipe.head_rate},
        ]
        optimizer = torch.optim.AdamW(groups, weight_decay=0.01)
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, _rise_and_fall(len(steps)))
        for step, numbers in enumerate(steps):
            with _bfloat16():
                logits = self._logits(*texts.batch(numbers))
            logs = torch.log_softmax(logits.float(), dim=1)
            loss = -torch.logsumexp(logs + wrong[numbers], dim=1).mean()
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self._upper.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            if step % max(1, len(steps) // 20) == 0:
                logger.info("The teacher learns: %d %%", 100 * step / len(steps))

    def probabilities(self, texts: Halfway) -> NDArray[np.float64]:
        """Returns what it makes of texts, shape (texts, labels)."""
        import torch

        found = np.zeros((len(texts), len(self.labels)))
        lengths = [texts.length(number) for number in range(len(texts))]
        with torch.inference_mode(), _bfloat16():
            for numbers in _by_length(lengths, 64):
                logits = self._logits(*texts.batch(numbers)).float()
                found[numbers] = torch.softmax(logits, dim=1).numpy()
        return found

    def _logits(self, states: Any, there: Any) -> Any:
        import torch

        last = self._run(states, there, self._upper).float()
        mean = (last * there[:, :, None]).sum(dim=1) / there.sum(dim=1, keepdim=True)
        return self._head(torch.nn.functional.normalize(mean, dim=1) * SCALE)

    def _run(self, states: Any, there: Any, layers: Any) -> Any:
        hidden = (1 - there)[:, None, None, :] * -1e9
        # MPNet's layers share one table of relative positions, which is left as it is.
        places = self._net.encoder.compute_position_bias(states).detach()
        for layer in layers:
            states = layer(states, hidden, places)[0]
        return states

    def _batches(self, texts: Halfway) -> Iterator[list[int]]:
        """Texts of like length together, in the order of the seed."""
        rng, size = random.Random(self._recipe.seed), self._recipe.batch
        left = self._recipe.epochs
        while left > 0:
            order = list(range(len(texts)))
            rng.shuffle(order)
            found: list[list[int]] = []
            for start in range(0, len(order), size * 64):
                near = sorted(order[start : start + size * 64], key=texts.length)
                found += [near[i : i + size] for i in range(0, len(near), size)]
            rng.shuffle(found)
            yield from found[: int(len(found) * min(1.0, left))]
            left -= 1


def _by_length(lengths: Sequence[int], size: int) -> Iterator[list[int]]:
    order = sorted(range(len(lengths)), key=lengths.__getitem__)
    for start in range(0, len(order), size):
        yield order[start : start + size]


def _rise_and_fall(steps: int) -> Any:
    rise = 0.06 * steps
    return lambda step: min((step + 1) / rise, max(0.02, (steps - step) / (steps - rise)))


def _bfloat16() -> Any:
    import torch

    return torch.autocast("cpu", dtype=torch.bfloat16)
