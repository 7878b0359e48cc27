"""What the bots are started with."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from bot.bench import bare, bots
from bot.bench.__main__ import main
from bot.bench.errors import BenchError
from bot.bench.messages import BARE
from bot.bench.training import newest
from bot.settings import ROOT


def test_our_stores_are_in_the_temporary_folder(tmp_path: Path) -> None:
    model = tmp_path / "model.tar.gz"
    model.write_bytes(b"archive")
    guide = bots.guide(model, tmp_path, 1234, 4321)
    assert guide.folder == tmp_path
    assert guide.database.is_relative_to(tmp_path)
    assert guide.environment["GUIDE_DATA_DIR"] == str(tmp_path)
    assert guide.environment["GUIDE_PORT"] == "1234"
    assert guide.environment["GUIDE_ACTION_PORT"] == "4321"
    copy = Path(guide.command[-1])
    assert copy != model
    assert copy.read_bytes() == b"archive"


def test_the_others_have_the_same_kind_of_store(tmp_path: Path) -> None:
    stock = bots.other(bots.STOCK, tmp_path, tmp_path / "m.tar.gz", tmp_path, 1234)
    endpoints = Path(stock.command[stock.command.index("--endpoints") + 1])
    ours = yaml.safe_load((ROOT / "endpoints.yml").read_text("utf-8"))["tracker_store"]
    theirs = yaml.safe_load(endpoints.read_text("utf-8"))["tracker_store"]
    assert theirs == {**ours, "db": str(stock.database)}
    assert stock.database.is_relative_to(tmp_path)


def test_the_bare_bot_is_said_only_what_it_was_trained_on(tmp_path: Path) -> None:
    bare.write_project(tmp_path)
    nlu = yaml.safe_load((tmp_path / "data" / "nlu.yml").read_text("utf-8"))["nlu"]
    examples = {line[2:] for intent in nlu for line in intent["examples"].splitlines()}
    assert set(BARE) <= examples
    assert {intent["intent"] for intent in nlu} == set(bare.EXAMPLES)


def test_without_a_model_the_remedy_is_named(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="make train"):
        newest(tmp_path)


@pytest.mark.parametrize("words", [["--turns", "15"], ["--rounds", "0"]])
def test_too_few_turns_or_rounds_are_refused(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(words)
    assert stopped.value.code == 2
    assert "at least" in capsys.readouterr().err
