"""Plots as PNG bytes: the only module here that imports matplotlib."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

from bot.evaluation.metrics import Bin

Curve = Sequence[tuple[float, float]]


def curves(lines: Mapping[str, Curve], *, x: str, y: str) -> bytes:
    """Draws named curves over the unit square; the first is the bot's and is drawn thick."""
    figure, axes = _figure()
    for number, (name, points) in enumerate(lines.items()):
        xs, ys = zip(*points, strict=True) if points else ((), ())
        axes.plot(xs, ys, label=name, linewidth=2.5 if number == 0 else 1.2)
    axes.set(xlabel=x, ylabel=y, xlim=(0, 1), ylim=(0, 1.02))
    axes.legend(loc="lower left", fontsize=8)
    return _png(figure)


def bars(counts: Sequence[tuple[str, int]], *, x: str) -> bytes:
    """Draws named counts as horizontal bars, the first on top."""
    figure, axes = _figure(7.0)
    names, numbers = [name for name, _ in counts], [count for _, count in counts]
    axes.barh(range(len(counts)), numbers, color="tab:blue")
    axes.set_yticks(range(len(counts)))
    # A dollar sign would begin a formula of matplotlib's.
    axes.set_yticklabels([name.replace("$", r"\$") for name in names], fontsize=8)
    axes.invert_yaxis()
    axes.set(xlabel=x)
    return _png(figure)


def log_lines(lines: Mapping[str, Curve], *, x: str, y: str, log_y: bool = True) -> bytes:
    """Draws named lines over a logarithmic horizontal axis, and a vertical one if asked."""
    figure, axes = _figure()
    for name, points in lines.items():
        xs, ys = zip(*points, strict=True) if points else ((), ())
        axes.plot(xs, ys, marker="o", label=name)
    axes.set_xscale("log")
    if log_y:
        axes.set_yscale("log")
    axes.set(xlabel=x, ylabel=y)
    axes.grid(visible=True, which="major", alpha=0.3)
    axes.legend(loc="best", fontsize=8)
    return _png(figure)


def reliability_bars(bins: Sequence[Bin]) -> bytes:
    """Draws confidence against the share that was right, with counts."""
    figure, axes = _figure()
    axes.plot([0, 1], [0, 1], color="grey", linestyle=":", label="perfect")
    xs, ys = [b.confidence for b in bins], [b.right for b in bins]
    axes.plot(xs, ys, marker="o", label="measured")
    for b in bins:
        axes.annotate(
            str(b.count),
            (b.confidence, b.right),
            fontsize=8,
            xytext=(4, -10),
            textcoords="offset points",
        )
    axes.set(xlabel="confidence", ylabel="share right", xlim=(0, 1), ylim=(0, 1.02))
    axes.legend(loc="upper left", fontsize=8)
    return _png(figure)


def confusion_grid(labels: Sequence[str], counts: Sequence[Sequence[int]]) -> bytes:
    """Draws a confusion matrix, true labels down, predicted ones across."""
    figure, axes = _figure(7.5)
    axes.imshow(counts, cmap="Blues")
    axes.set_xticks(range(len(labels)))
    axes.set_xticklabels(labels, rotation=90, fontsize=7)
    axes.set_yticks(range(len(labels)))
    axes.set_yticklabels(labels, fontsize=7)
    top = max((n for row in counts for n in row), default=0)
    for i, row in enumerate(counts):
        for j, n in enumerate(row):
            if n:
                ink = "white" if n > top / 2 else "black"
                axes.text(j, i, str(n), ha="center", va="center", fontsize=7, color=ink)
    axes.set(xlabel="predicted", ylabel="true")
    return _png(figure)


def _figure(size: float = 5.5) -> tuple[Any, Any]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(size, size * 0.8))
    FigureCanvasAgg(figure)  # No display is needed.
    return figure, figure.add_subplot(1, 1, 1)


def _png(figure: Any) -> bytes:
    buffer = BytesIO()
    figure.savefig(buffer, format="png", dpi=110, bbox_inches="tight", metadata={"Software": None})
    return buffer.getvalue()
