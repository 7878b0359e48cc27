"""Keeps count of the updates that Telegram still holds: what may be confirmed, and when."""

from __future__ import annotations


class Window:
    """The updates that were fetched and not yet confirmed to Telegram.

    Telegram forgets an update once it is asked for a higher one, so it is asked only for what
    comes after an unbroken row of finished ones. It is asked for nothing in particular
    otherwise: after a quiet week it counts from a random number, which may be lower.
    """

    def __init__(self) -> None:
        self._finished: dict[int, bool] = {}

    def __contains__(self, update_id: int) -> bool:
        return update_id in self._finished

    def __len__(self) -> int:
        return len(self._finished)

    @property
    def busy(self) -> bool:
        """Tells whether an update is being handled."""
        return not all(self._finished.values())

    def unfinished(self) -> list[int]:
        """Returns the updates that are being handled."""
        return [i for i, finished in self._finished.items() if not finished]

    def begin(self, update_id: int) -> None:
        """Adds an update that was fetched."""
        self._finished.setdefault(update_id, False)

    def finish(self, update_id: int) -> None:
        """Marks an update as handled, its turn saved and its reply sent, or as kept here."""
        self._finished[update_id] = True

    def offset(self) -> int | None:
        """Returns what to ask Telegram for so that it forgets what is finished; None: nothing."""
        offset = None
        for update_id in sorted(self._finished):
            if not self._finished[update_id]:
                break
            offset = update_id + 1
        return offset

    def confirmed(self, offset: int) -> None:
        """Forgets the updates that Telegram has forgotten."""
        self._finished = {i: done for i, done in self._finished.items() if i >= offset}
