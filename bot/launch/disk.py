"""Says in plain words why a folder or the disk cannot be used, before hours are lost on it."""

from __future__ import annotations

import errno
import shutil
import tempfile
from pathlib import Path

from bot.errors import ModelError, SettingsError

TRAINING_MB = 1000
"""What a training may need at once: its cache is 150 MB, and the model is packed from a copy."""

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_DENIED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})


def is_full(error: BaseException) -> bool:
    """Tells whether an error, or one that it stands for, says that there is no room left."""
    seen: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in seen:
        if isinstance(cause, OSError) and cause.errno in _FULL:
            return True
        seen.append(cause)
        cause = cause.__cause__ or cause.__context__
    return False


def explain(error: OSError) -> str:
    """Returns what the system refused, where, and the next step."""
    what = f"{error.filename or 'The disk'}: {error.strerror or error}."
    if is_full(error):
        return f"{what} Free some space (`df -h` shows where)."
    if error.errno in _DENIED:
        return (
            f"{what} Give it to the user who starts this (`ls -l` shows its owner, `chown` changes "
            "it), or set GUIDE_DATA_DIR to a folder of theirs."
        )
    return what


def require_writable(folder: Path) -> None:
    """Makes the folder if it is missing, and writes to it.

    A full disk is no reason to refuse: the bot answers and escalates without a log.

    Raises:
        SettingsError: naming the folder, the reason and the remedy.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"0")
    except OSError as error:
        if is_full(error):
            return
        error.filename = str(folder)
        raise SettingsError(f"Files cannot be written to {explain(error)}") from error


def require_room(folders: list[Path], megabytes: int) -> None:
    """Makes sure that each folder exists and its disk has that much room.

    Raises:
        ModelError: naming the first disk that has not.
    """
    for folder in folders:
        require_writable(folder)
        free = shutil.disk_usage(folder).free // 1_000_000
        if free < megabytes:
            raise ModelError(
                f"Not enough disk to train: {free} MB are free where {folder} is, and a training "
                f"needs about {megabytes} MB. Free some space (old archives in models/, "
                "`uv cache clean`)."
            )
