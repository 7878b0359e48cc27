"""Adapts a sentence encoder to the domain: labelled texts of several tasks share one encoder.

A task's loss is cross-entropy over a linear head on the sentence embedding. What is learned is
kept as the difference to the packaged model: the layers that were trained, in half precision.

The repository carries such an adaptation to the texts it ships (`PRETRAINED`), made by
`make encoder`. Where texts have changed since, training goes on from there for a few minutes.
"""

from __future__ import annotations

import hashlib
import json
import logging
import random
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from bot.encoding.encoder import MiniLMEncoder, model_path, weights_digest
from bot.encoding.head import Head
from bot.encoding.noise import Noise
from bot.encoding.taught import Taught
from bot.errors import ModelError
from bot.settings import ROOT

logger = logging.getLogger(__name__)

SCALE = 16.0
"""Embeddings have length 1; a head sees them at this length, so that its logits can be sure."""

CACHE = ROOT / ".rasa" / "adapted"
KEPT = 2
"""Adaptations kept in the cache: the one in use and the one before."""

PRETRAINED = Path(__file__).parent / "pretrained"
"""The adaptation that the repository carries."""

WEIGHTS = "weights.npz"
HEADS = "heads.npz"
ORIGIN = "origin.json"
"""What a pretrained adaptation was made of: model, texts, recipe, and the digest of its weights."""


@dataclass(frozen=True)
class Task:
    """Texts with the labels that are right for each: one, or several of which any is."""

    name: str
    texts: tuple[str, ...]
    labels: tuple[tuple[str, ...], ...]
    share: float = 1.0
    """Part of its texts that an epoch sees, drawn anew each time."""
    mixed: tuple[str, ...] = ()
    """Texts that change no label: some are put before or after others of the task, so that what
    matters is found in the middle of something else."""
    taught: Taught | None = None
    """What a larger model says of these texts, and of more."""

    @property
    def names(self) -> list[str]:
        """The labels in order of first appearance."""
        return list(dict.fromkeys(name for group in self.labels for name in group))

    @property
    def seen(self) -> tuple[str, ...]:
        """All texts that are learned from: its own, then those that only the teacher labels."""
        return (*self.texts, *(self.taught.more if self.taught else ()))


@dataclass(frozen=True)
class Recipe:
    """How the encoder is adapted; docs/decisions/0004-adapted-encoder.md has what was tried."""

    epochs: int = 5
    learning_rate: float = 3e-4
    head_rate: float = 5e-4
    """A head that learns much faster than the encoder grows where the embeddings should part."""
    frozen_layers: int = 2
    batch: int = 32
    max_tokens: int = 64
    mix: float = 0.15
    smoothing: float = 0.03
    centring: float = 2.0
    """Weight of the squared length of a batch's mean embedding. Without it all embeddings drift
    into one direction, cosines end at 0.999, and the heads learn from what little is left."""
    taught: float = 0.5
    """Weight of what a larger model says of a text beside the text's own label."""
    more: float = 0.1
    """Part of the texts that only the larger model labels, beside the share of their task."""
    seed: int = 20261124


AGAIN = Recipe(epochs=1, learning_rate=1e-4, head_rate=2e-4, more=1.0)
"""How `make encoder` goes on with the adaptation that the repository carries: gently. Three epochs
at 2e-4 after 5,170 new messages left the encoder worse than it was (decision 4, 2026-11-30)."""

REFRESH = replace(AGAIN, more=0.1)
"""How `rasa train` goes on from there where texts have changed: ten minutes on two cores."""


def fingerprint(
    model: str, tasks: Sequence[Task], recipe: Recipe, start: Path | None = None
) -> str:
    """Hashes all that an adaptation depends on: model, start, texts, labels and recipe."""
    parts = [weights_digest(model), _texts_digest(tasks), json.dumps(asdict(recipe))]
    if start is not None:
        parts.append(json.dumps(_origin(start)))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:24]


def adapted_folder(
    model: str,
    tasks: Sequence[Task],
    recipe: Recipe | None = None,
    *,
    pretrained: Path | None = None,
    cache: Path = CACHE,
) -> Path:
    """Returns the folder of the adaptation, after training it if it is not there yet.

    Args:
        model: package or folder of the model that is adapted.
        tasks: what it learns.
        recipe: how; by default `REFRESH` after a pretrained adaptation, else `Recipe()`.
        pretrained: an adaptation that is taken as it is where it was made of these texts, gone
            on from where it was made of others, and passed over where it is of another model.
        cache: where adaptations are kept.

    Raises:
        ModelError: if the pretrained adaptation is damaged.
    """
    start = pretrained if pretrained and _is_of(pretrained, model) else None
    if start and _origin(start)["texts"] == _texts_digest(tasks):
        return start
    recipe = recipe or (REFRESH if start else Recipe())
    folder = cache / fingerprint(model, tasks, recipe, start)
    if not (folder / HEADS).is_file():
        cache.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(dir=cache))
        try:
            _train(model, tasks, recipe, draft, start)
            shutil.rmtree(folder, ignore_errors=True)
            draft.rename(folder)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    folder.touch()
    for old in sorted(cache.iterdir(), key=lambda p: p.stat().st_mtime)[:-KEPT]:
        shutil.rmtree(old, ignore_errors=True)
    return folder


def pretrain(
    model: str,
    tasks: Sequence[Task],
    target: Path = PRETRAINED,
    *,
    recipe: Recipe | None = None,
    fresh: bool = False,
) -> None:
    """Makes the adaptation that the repository carries, or goes on with the one it has.

    Args:
        model: package or folder of the model that is adapted.
        tasks: what it learns.
        target: where the adaptation is, and is put.
        recipe: how; by default `Recipe()` at first and `AGAIN` afterwards.
        fresh: begin with the packaged model in any case.

    Raises:
        ModelError: if the adaptation that is there is damaged.
    """
    start = target if not fresh and _is_of(target, model) else None
    recipe = recipe or (AGAIN if start else Recipe())
    origin = {
        "model": weights_digest(model),
        "texts": _texts_digest(tasks),
        "counts": {task.name: len(task.texts) for task in tasks},
        "recipe": asdict(recipe),
        "before": _lineage(start) if start else [],
    }
    with tempfile.TemporaryDirectory() as draft:
        _train(model, tasks, recipe, Path(draft), start)
        target.mkdir(parents=True, exist_ok=True)
        for name in (WEIGHTS, HEADS):
            shutil.copyfile(Path(draft) / name, target / name)
    _seal(target, origin)


def average(folders: Sequence[Path], target: Path = PRETRAINED) -> None:
    """Writes the mean of adaptations that followed each other: steadier than the last of them.

    Args:
        folders: what `pretrain` wrote, of one model and the same tasks; the last one's origin
            tells what the mean was made of, and its labels are kept.
        target: where it is put; may be one of them.

    Raises:
        ModelError: if one is missing or damaged, or is of another model or other tasks.
    """
    found = []
    for folder in folders:
        if not (folder / ORIGIN).is_file():
            raise ModelError(f"There is no adapted encoder in {folder}: name what pretrain wrote")
        origin = _origin(folder)
        arrays = {name: _arrays(folder / name) for name in (WEIGHTS, HEADS)}
        found.append((origin, arrays))
    origin, last = found[-1]
    for one, arrays in found:
        alike = one["model"] == origin["model"] and set(arrays[WEIGHTS]) == set(last[WEIGHTS])
        if not alike or set(arrays[HEADS]) != set(last[HEADS]):
            raise ModelError("What they hold is not the same in all: models or tasks differ")
    earlier = [arrays for _, arrays in found]
    means = {
        WEIGHTS: {
            key: _mean([arrays[WEIGHTS][key] for arrays in earlier], key) for key in last[WEIGHTS]
        },
        HEADS: dict(last[HEADS]),
    }
    for task in last[HEADS]["tasks"].tolist():
        for key in (f"{task}.weights", f"{task}.bias"):
            rows = [_rows(arrays[HEADS], task, key) for arrays in earlier]
            means[HEADS][key] = np.stack(
                [_mean([known[name] for known in rows if name in known], key) for name in rows[-1]]
            )
    target.mkdir(parents=True, exist_ok=True)
    for name, mean_arrays in means.items():
        np.savez(target / name, **mean_arrays)
    of = [o["sha256"][WEIGHTS] for o, _ in found]
    _seal(target, {**origin, "average_of": of})


def _mean(arrays: Sequence[Any], key: str) -> Any:
    """Returns the mean of arrays of one shape, of the last one's type."""
    if any(array.shape != arrays[-1].shape for array in arrays):
        raise ModelError(f"{key} is not the same in all: they are of other texts or models")
    mean = np.mean([np.asarray(array, np.float64) for array in arrays], axis=0)
    return mean.astype(arrays[-1].dtype)


def _rows(heads: dict[str, Any], task: str, key: str) -> dict[str, Any]:
    """Returns what a head holds for each label: a label is the mean of those that know it."""
    return dict(zip(heads[f"{task}.labels"].tolist(), heads[key], strict=True))


def _arrays(path: Path) -> dict[str, Any]:
    try:
        with np.load(path, allow_pickle=False) as data:
            return {name: data[name] for name in data.files}
    except (OSError, EOFError, ValueError, BadZipFile) as error:
        raise ModelError(f"The adapted encoder {path} is missing or damaged") from error


def _seal(target: Path, origin: dict[str, Any]) -> None:
    """Writes what an adaptation was made of, with the digests of its files."""
    origin["sha256"] = {name: _sha256(target / name) for name in (WEIGHTS, HEADS)}
    (target / ORIGIN).write_text(json.dumps(origin, indent=2) + "\n", encoding="utf-8")


def _lineage(pretrained: Path) -> list[dict[str, Any]]:
    """Lists what an adaptation was made of, the oldest first."""
    origin = _origin(pretrained)
    return [*origin.pop("before"), origin]


def _is_of(pretrained: Path, model: str) -> bool:
    """Tells whether a pretrained adaptation is of a model; checks its files if it is.

    Raises:
        ModelError: if a file is not the one that was written.
    """
    if not (pretrained / ORIGIN).is_file():
        return False
    if _origin(pretrained)["model"] != weights_digest(model):
        return False
    for path in _damaged(pretrained):
        raise ModelError(
            f"The adapted encoder {path} is missing or damaged. "
            "Get it back (git checkout), or make it anew: make encoder"
        )
    return True


def _damaged(folder: Path) -> list[Path]:
    """Lists the files of an adaptation with a known origin that are not those written."""
    digests = _origin(folder)["sha256"].items()
    paths = [(folder / name, digest) for name, digest in digests]
    return [path for path, digest in paths if not path.is_file() or _sha256(path) != digest]


def _origin(pretrained: Path) -> dict[str, Any]:
    origin: dict[str, Any] = json.loads((pretrained / ORIGIN).read_text(encoding="utf-8"))
    return origin


def _texts_digest(tasks: Sequence[Task]) -> str:
    """Hashes texts and labels of tasks, and what they are taught beside."""
    parts = [
        {**vars(task), "taught": task.taught.digest if task.taught else None} for task in tasks
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def is_whole(folder: Path) -> bool:
    """Tells whether a folder holds an adaptation, unharmed where its digests are known."""
    if (folder / ORIGIN).is_file():
        return not _damaged(folder)
    return all((folder / name).is_file() for name in (WEIGHTS, HEADS))


def weights_of(folder: Path) -> str:
    """Returns a digest that tells one adaptation's embeddings from another's."""
    return _sha256(folder / WEIGHTS)[:24]


def load_heads(folder: Path) -> dict[str, Head]:
    """Reads the heads of the tasks that an encoder was adapted on."""
    with np.load(folder / HEADS, allow_pickle=False) as data:
        return {
            name: Head(tuple(data[f"{name}.labels"]), data[f"{name}.weights"], data[f"{name}.bias"])
            for name in data["tasks"].tolist()
        }


def copy_weights(source: Path, target: Path) -> None:
    """Copies what `load_adapted` needs."""
    shutil.copyfile(source / WEIGHTS, target / WEIGHTS)


def load_adapted(model: str, folder: Path) -> MiniLMEncoder:
    """Loads the packaged model with the layers that were trained in place of its own."""
    import torch

    encoder = MiniLMEncoder(model_path(model))
    with np.load(folder / WEIGHTS, allow_pickle=False) as data:
        changed = {name: torch.from_numpy(data[name].astype(np.float32)) for name in data.files}
    state = encoder.model.state_dict()
    unknown = set(changed) - set(state)
    if unknown:
        raise ValueError(f"the adaptation is of another model: it has {sorted(unknown)[0]}")
    encoder.model.load_state_dict({**state, **changed})
    return encoder


def _train(
    model: str, tasks: Sequence[Task], recipe: Recipe, folder: Path, start: Path | None
) -> None:
    """Trains with sentence-transformers' trainer and writes weights and heads into `folder`."""
    from datasets import Dataset, DatasetDict
    from datasets.utils.logging import disable_progress_bar
    from sentence_transformers import SentenceTransformerTrainer
    from transformers import set_seed

    disable_progress_bar()
    set_seed(recipe.seed)
    net = (load_adapted(model, start) if start else MiniLMEncoder(model_path(model))).model
    net.max_seq_length = recipe.max_tokens
    _freeze(net, recipe.frozen_layers)
    _without_dropout(net)
    losses = {task.name: _loss(net, task, recipe) for task in tasks}
    if start:
        _take_heads(losses, tasks, load_heads(start))
    with tempfile.TemporaryDirectory() as scratch:
        SentenceTransformerTrainer(
            model=net,
            args=_arguments(scratch, recipe),
            train_dataset=DatasetDict(
                {task.name: Dataset.from_dict(_examples(task, recipe)) for task in tasks}
            ),
            loss=losses,
            callbacks=[_progress()],
        ).train()
    _write_weights(net, folder)
    _write_heads(losses, tasks, folder)


def _arguments(scratch: str, recipe: Recipe) -> Any:
    from sentence_transformers import SentenceTransformerTrainingArguments
    from sentence_transformers.sentence_transformer.training_args import MultiDatasetBatchSamplers

    return SentenceTransformerTrainingArguments(
        output_dir=scratch,
        num_train_epochs=1,  # The epochs are laid out in the data, each with its own noise.
        per_device_train_batch_size=recipe.batch,
        learning_rate=recipe.learning_rate,
        learning_rate_mapping={r"\.head\.": recipe.head_rate},
        weight_decay=0.01,
        warmup_steps=0.06,
        max_grad_norm=1.0,
        seed=recipe.seed,
        batch_sampler=_by_length(),
        multi_dataset_batch_sampler=MultiDatasetBatchSamplers.PROPORTIONAL,
        use_cpu=True,
        eval_strategy="no",
        save_strategy="no",
        logging_strategy="no",
        report_to=[],
        disable_tqdm=True,
        dataloader_num_workers=0,
    )


def _take_heads(losses: dict[str, Any], tasks: Sequence[Task], heads: dict[str, Head]) -> None:
    """Begins with what is known of each label; a new one begins at nothing in particular."""
    import torch

    for task in tasks:
        known, layer = heads.get(task.name), losses[task.name].head
        if known is None:
            continue
        rows = {name: row for row, name in enumerate(known.labels)}
        with torch.no_grad():
            for row, name in enumerate(task.names):
                if name in rows:
                    layer.weight[row] = torch.from_numpy(known.weights[rows[name]] / SCALE)
                    layer.bias[row] = float(known.bias[rows[name]])


def _write_weights(net: Any, folder: Path) -> None:
    trained = {
        name: value.detach().numpy().astype(np.float16)
        for name, value in net.named_parameters()
        if value.requires_grad
    }
    np.savez(folder / WEIGHTS, **trained)


def _write_heads(losses: dict[str, Any], tasks: Sequence[Task], folder: Path) -> None:
    arrays: dict[str, Any] = {"tasks": np.array([task.name for task in tasks])}
    for task in tasks:
        head = losses[task.name].head
        arrays[f"{task.name}.labels"] = np.array(task.names)
        arrays[f"{task.name}.weights"] = head.weight.detach().numpy() * np.float32(SCALE)
        arrays[f"{task.name}.bias"] = head.bias.detach().numpy()
    np.savez(folder / HEADS, **arrays)


def _freeze(net: Any, layers: int) -> None:
    """Leaves word pieces and the lowest layers as they are: less to store, less to learn."""
    frozen = ("embeddings.", *(f".layer.{n}." for n in range(layers)))
    for name, parameter in net.named_parameters():
        parameter.requires_grad = not any(part in name for part in frozen)


def _without_dropout(net: Any) -> None:
    """Typing noise regularises instead: two passes over the texts do not overfit."""
    for module in net.modules():
        if hasattr(module, "p") and type(module).__name__ == "Dropout":
            module.p = 0.0
        if hasattr(module, "dropout_prob"):
            module.dropout_prob = 0.0


def _examples(task: Task, recipe: Recipe) -> dict[str, list[Any]]:
    rng = random.Random(f"{recipe.seed} {task.name}")
    noise = Noise(rng)
    texts: list[str] = []
    labels: list[int] = []
    for _ in range(recipe.epochs):
        for number, text in enumerate(task.seen):
            share = task.share if number < len(task.texts) else task.share * recipe.more
            if rng.random() > share:
                continue
            noisy = noise(text)
            if task.mixed and rng.random() < recipe.mix:
                other = noise(rng.choice(task.mixed))
                noisy = f"{other} {noisy}" if rng.random() < 0.5 else f"{noisy} {other}"
            texts.append(noisy)
            labels.append(number)
    return {"text": texts, "label": labels}


def _loss(net: Any, task: Task, recipe: Recipe) -> Any:
    """Builds the loss of a task: the probability of all its right labels together.

    A teacher's answer weighs `recipe.taught` beside the label, and all where there is no label.
    """
    import torch

    names = {name: column for column, name in enumerate(task.names)}
    right = torch.full((len(task.seen), len(names)), float("-inf"))
    for row, group in enumerate(task.labels):
        right[row, [names[name] for name in group]] = 0.0
    right[len(task.texts) :] = 0.0
    said = torch.zeros((len(task.seen), len(names)))
    trust = torch.zeros(len(task.seen))
    if task.taught:
        said = torch.from_numpy(task.taught.table(task.texts, task.names))
        trust = recipe.taught * said.sum(dim=1)
        trust[len(task.texts) :] = 1.0

    class TaskLoss(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.model = net
            self.head = torch.nn.Linear(int(net.get_embedding_dimension()), len(names))

        def forward(self, features: Any, labels: Any) -> Any:
            vectors = self.model(next(iter(features)))["sentence_embedding"]
            vectors = torch.nn.functional.normalize(vectors, dim=1)
            logs = torch.log_softmax(self.head(vectors * SCALE), dim=1)
            hit = torch.logsumexp(logs + right[labels], dim=1)
            smooth = recipe.smoothing
            drift = vectors.mean(dim=0).square().sum()
            labelled = (1 - smooth) * hit + smooth * logs.mean(dim=1)
            taught = (said[labels] * logs).sum(dim=1)
            told = trust[labels]
            missed = -((1 - told) * labelled + told * taught).mean()
            return missed + recipe.centring * drift

    return TaskLoss()


def _by_length() -> Any:
    """Returns a batch sampler that puts texts of like length together: little padding."""
    from sentence_transformers.base.sampler import DefaultBatchSampler

    class ByLength(DefaultBatchSampler):  # type: ignore[misc]
        def __init__(self, dataset: Any, batch_size: int, drop_last: bool, **kwargs: Any) -> None:
            super().__init__(dataset, batch_size=batch_size, drop_last=drop_last, **kwargs)
            self._lengths = [len(text) for text in dataset["text"]]
            self._seed = int(kwargs.get("seed") or 0)

        def __iter__(self) -> Iterator[list[int]]:
            rng = random.Random(self._seed)
            order = list(range(len(self._lengths)))
            rng.shuffle(order)
            batches = []
            span = self.batch_size * 40
            for start in range(0, len(order), span):
                near = sorted(order[start : start + span], key=self._lengths.__getitem__)
                batches += [
                    near[i : i + self.batch_size] for i in range(0, len(near), self.batch_size)
                ]
            rng.shuffle(batches)
            return iter(batches)

        def __len__(self) -> int:
            return sum(
                -(-min(self.batch_size * 40, len(self._lengths) - start) // self.batch_size)
                for start in range(0, len(self._lengths), self.batch_size * 40)
            )

    return ByLength


def _progress() -> Any:
    from transformers import TrainerCallback

    class Progress(TrainerCallback):  # type: ignore[misc]
        """Logs every tenth part in the words that the launcher shows."""

        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            tenth = max(1, state.max_steps // 10)
            if state.global_step % tenth == 0:
                logger.info(
                    "Adapting the sentence encoder: %d %%",
                    100 * state.global_step / state.max_steps,
                )

    return Progress()
