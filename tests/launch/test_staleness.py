from __future__ import annotations

import os
from pathlib import Path

import pytest

from bot.launch.staleness import (
    forget_training,
    freshness,
    input_files,
    inputs_hash,
    last_full_training,
    newest_model,
    record_training,
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in (
        "config.yml",
        "domain.yml",
        "requirements.txt",
        "clinic.yml",
        "data/nlu/a.yml",
        "knowledge/car-t.md",
        "bot/nlg.py",
        "bot/settings.py",
        "bot/safety/patterns/urgent.yml",
        "bot/launch/ports.py",
        "bot/channels/rest.py",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (tmp_path / "models").mkdir()
    return tmp_path


def add_model(project: Path, name: str, time: int) -> Path:
    path = project / "models" / name
    path.write_bytes(b"archive")
    os.utime(path, (time, time))
    return path


def test_no_model_is_stale(project: Path) -> None:
    assert freshness(project, project / "models").stale


def test_no_models_folder_is_stale(project: Path) -> None:
    assert freshness(project, project / "nowhere").stale


def test_a_recorded_model_is_fresh(project: Path) -> None:
    model = add_model(project, "a.tar.gz", 1)
    record_training(project / "models", model, inputs_hash(project))
    state = freshness(project, project / "models")
    assert not state.stale
    assert state.model == model


@pytest.mark.parametrize(
    "name",
    [
        "config.yml",
        "domain.yml",
        "data/nlu/a.yml",
        "data/stories/new.yml",
        "knowledge/second.md",
        "bot/nlg.py",
        "bot/safety/patterns/urgent.yml",
    ],
)
def test_an_edit_is_stale(project: Path, name: str) -> None:
    model = add_model(project, "a.tar.gz", 1)
    record_training(project / "models", model, inputs_hash(project))
    (project / name).parent.mkdir(parents=True, exist_ok=True)
    (project / name).write_text("changed")
    assert freshness(project, project / "models").stale


@pytest.mark.parametrize(
    "name",
    [
        "clinic.yml",
        "bot/settings.py",
        "bot/launch/ports.py",
        "bot/channels/rest.py",
        "bot/__pycache__/nlg.cpython-310.pyc",
        "knowledge/.car-t.md.swp",
        "data/nlu/a.yml~",
    ],
)
def test_what_a_training_does_not_read_is_not_stale(project: Path, name: str) -> None:
    before = inputs_hash(project)
    (project / name).parent.mkdir(parents=True, exist_ok=True)
    (project / name).write_text("changed")
    assert inputs_hash(project) == before


def test_a_moved_file_is_an_edit(project: Path) -> None:
    before = inputs_hash(project)
    (project / "data/nlu/a.yml").rename(project / "data/nlu/b.yml")
    assert inputs_hash(project) != before


def test_a_model_without_a_record_is_stale(project: Path) -> None:
    model = add_model(project, "a.tar.gz", 1)
    record_training(project / "models", model, inputs_hash(project))
    newer = add_model(project, "b.tar.gz", 2)
    state = freshness(project, project / "models")
    assert state.stale
    assert state.model == newer


def test_a_model_that_could_not_be_loaded_is_stale(project: Path) -> None:
    model = add_model(project, "a.tar.gz", 1)
    record_training(project / "models", model, inputs_hash(project))
    forget_training(project / "models")
    forget_training(project / "models")
    assert freshness(project, project / "models").stale


def test_a_damaged_record_is_stale(project: Path) -> None:
    add_model(project, "a.tar.gz", 1)
    (project / "models" / ".inputs.json").write_text("{")
    assert freshness(project, project / "models").stale


def test_the_seconds_of_a_full_training_outlive_a_partial_one(project: Path) -> None:
    models, model = project / "models", add_model(project, "a.tar.gz", 1)
    assert last_full_training(models) is None
    record_training(models, model, "hash")
    assert last_full_training(models) is None
    record_training(models, model, "hash", 812.34)
    record_training(models, model, "other hash")
    assert last_full_training(models) == 812.3
    (models / ".inputs.json").write_text('{"full_training_seconds": "long"}')
    assert last_full_training(models) is None


def test_the_newest_model_is_by_time(project: Path) -> None:
    add_model(project, "z.tar.gz", 1)
    newer = add_model(project, "a.tar.gz", 2)
    assert newest_model(project / "models") == newer


def test_this_project_trains_on_its_own_files() -> None:
    root = Path(__file__).resolve().parents[2]
    names = {path.relative_to(root).as_posix() for path in input_files(root)}
    assert {"config.yml", "domain.yml", "knowledge/car-t-cell-therapy.md"} <= names
    assert not any(name.startswith("bot/launch") or name.endswith(".pyc") for name in names)
