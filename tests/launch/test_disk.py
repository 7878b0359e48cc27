from __future__ import annotations

import errno
from pathlib import Path

import pytest

from bot.errors import ModelError, SettingsError
from bot.launch.disk import explain, is_full, require_room, require_writable

FULL = OSError(errno.ENOSPC, "No space left on device")
DENIED = PermissionError(errno.EACCES, "Permission denied", "var/log")


def test_a_full_disk_is_found_under_what_stands_for_it() -> None:
    wrapped = RuntimeError("could not be unpacked")
    wrapped.__cause__ = FULL
    assert is_full(FULL)
    assert is_full(wrapped)
    assert not is_full(DENIED)
    assert not is_full(RuntimeError())


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (FULL, "The disk: No space left on device. Free some space (`df -h` shows where)."),
        (DENIED, "var/log: Permission denied. Give it to the user who starts this"),
        (NotADirectoryError(errno.ENOTDIR, "Not a directory", "x"), "x: Not a directory."),
        (OSError("odd"), "The disk: odd."),
    ],
    ids=["full", "denied", "other", "no number"],
)
def test_the_reason_the_place_and_the_next_step_are_told(error: OSError, told: str) -> None:
    assert explain(error).startswith(told)


def test_a_folder_is_made_and_left_empty(tmp_path: Path) -> None:
    require_writable(tmp_path / "a" / "b")
    assert list((tmp_path / "a" / "b").iterdir()) == []


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("a file where a folder belongs")
    with pytest.raises(SettingsError, match=r"cannot be written to .*/log: File exists"):
        require_writable(tmp_path / "log")


def test_a_full_disk_does_not_keep_the_bot_from_starting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(**_: object) -> None:
        raise FULL

    monkeypatch.setattr("bot.launch.disk.tempfile.TemporaryFile", full)
    require_writable(tmp_path)


def test_a_training_asks_for_room_on_both_sides_of_what_it_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Usage:
        free = 1_000_000_000  # 1000 MB.

    monkeypatch.setattr("bot.launch.disk.shutil.disk_usage", lambda folder: Usage)
    require_room([tmp_path], 1000)
    with pytest.raises(ModelError, match=r"1000 MB are free .* needs about 1001 MB"):
        require_room([tmp_path], 1001)
