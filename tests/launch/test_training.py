from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from bot.launch.console import Console
from bot.launch.logs import LogSink
from bot.launch.staleness import last_full_training
from bot.launch.training import Trainer, is_whole
from tests.launch.project import TRAINS, Project


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    (tmp_path / "words.txt").write_text("".join(str(n) for n in range(2000)))
    path = tmp_path / "a.tar.gz"
    with tarfile.open(path, "w:gz") as members:
        members.add(tmp_path / "words.txt", "words.txt")
    return path


def test_a_whole_archive_is_told_from_half_of_one(archive: Path) -> None:
    assert is_whole(archive)
    content = archive.read_bytes()
    for broken in (content[: len(content) // 2], content[:1], b"", b"no archive"):
        archive.write_bytes(broken)
        assert not is_whole(archive)


@pytest.mark.parametrize(
    ("told", "full"),
    [
        ("Adapting the sentence encoder: 10 %", True),
        ("Adapting the sentence encoder: 10 %\nRestored component 'Toy' from cache.", False),
        ("Starting to train component 'Toy'.", False),
    ],
    ids=["all of it", "a component restored", "the encoder restored"],
)
def test_only_a_full_training_is_timed(tmp_path: Path, told: str, full: bool) -> None:
    project = Project(tmp_path, TRAINS + f"print({told!r})\n")
    trainer = Trainer(tmp_path, tmp_path / "train.log", Console(io.StringIO()))
    trainer.ensure()
    seconds = last_full_training(tmp_path / "models")
    assert (seconds is not None) is full
    assert project.trainings == 1
    assert told in (tmp_path / "train.log").read_text()


class _Full(io.StringIO):
    def write(self, text: str) -> int:
        raise OSError(28, "No space left on device")


def test_a_terminal_that_takes_nothing_stops_nobody() -> None:
    Console(_Full()).say("words")


def test_a_log_that_cannot_be_written_is_told_once_and_when_it_is_written_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "guide.log"
    path.mkdir()
    shown = io.StringIO()
    sink = LogSink(path, Console(shown))
    sink.write("bot", "one")
    sink.write("bot", "two")
    path.rmdir()
    sink.write("bot", "three")
    sink.close()
    assert shown.getvalue().splitlines() == [
        f"The log {path} cannot be written; the bot goes on. {path}: Is a directory.",
        f"The log {path} is written again.",
    ]
    assert path.read_text() == "bot | three\n"
    assert capsys.readouterr().err == ""
