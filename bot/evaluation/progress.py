"""Shows how far a long measurement is, on a terminal and in a log alike."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator, Sized
from typing import Protocol, TypeVar

T = TypeVar("T", covariant=True)

EVERY = 0.5
"""Seconds between two updates of a terminal's line."""


class SizedIterable(Sized, Iterable[T], Protocol[T]):
    """Anything that can be counted and walked."""


def shown(label: str, items: SizedIterable[T]) -> Iterator[T]:
    """Yields the items and reports to standard error; a log gets one line at the end."""
    live = sys.stderr.isatty()
    began = last = time.monotonic()
    for count, item in enumerate(items, start=1):
        yield item
        now = time.monotonic()
        if live and now - last >= EVERY:
            last = now
            print(f"\r{label}: {count} of {len(items)}", end="", file=sys.stderr, flush=True)
    end = "\r" if live else ""
    took = f"{end}{label}: {len(items)} in {time.monotonic() - began:.0f} s"
    print(f"{took:<60}", file=sys.stderr, flush=True)
