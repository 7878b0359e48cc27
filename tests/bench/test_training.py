"""The other bots are trained once and kept packed, where `rasa test` does not read them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from bot.bench import training
from bot.bench.training import _cached, guide_model
from bot.launch.staleness import record_training
from bot.settings import ROOT


def test_a_project_is_made_once_and_kept_packed(tmp_path: Path) -> None:
    made = []

    def make(project: Path) -> float:
        made.append(project)
        (project / "models").mkdir()
        (project / "models" / "a.tar.gz").write_bytes(b"model")
        (project / ".rasa").mkdir()
        (project / ".rasa" / "priority.json").write_text("1")
        (project / "domain.yml").write_text("intents: []")
        return 12.5

    cache = tmp_path / "cache"
    first = _cached("stock", cache, make, tmp_path / "one")
    again = _cached("stock", cache, make, tmp_path / "two")
    assert len(made) == 1
    assert (first.seconds, first.cached) == (12.5, False)
    assert (again.seconds, again.cached) == (12.5, True)
    assert again.model == tmp_path / "two" / again.project.name / "models" / "a.tar.gz"
    assert again.model.read_bytes() == b"model"
    assert (again.project / "domain.yml").read_text() == "intents: []"
    assert not (again.project / ".rasa").exists()
    assert [path.suffix for path in cache.rglob("*")] == [".tar"]


def test_our_own_training_was_timed_by_make_train(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "ROOT", tmp_path)
    models = tmp_path / "models"
    models.mkdir()
    (models / "a.tar.gz").write_bytes(b"model")
    assert guide_model(tmp_path / "work", train=False).seconds is None
    record_training(models, models / "a.tar.gz", "hash", 812.3)
    timed = guide_model(tmp_path / "work", train=False)
    assert (timed.seconds, timed.cached) == (812.3, True)


@pytest.mark.parametrize(("given", "told"), [([], False), (["TRAIN=1"], True)])
def test_make_bench_can_train(given: list[str], told: bool) -> None:
    command = ["make", "--no-print-directory", "--dry-run", "bench", *given]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert ("-m bot.bench --train" in done.stdout) is told
