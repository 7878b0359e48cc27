"""The model archive: loads to the same bot twice, and a damaged one is found when it is loaded."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
import yaml
from rasa.core.agent import Agent

from bot import condition, contract
from bot.settings import ROOT
from tests.trained.conftest import load, talker, train

MESSAGES = ["what is crs", "I have a fever of 39", "no fever", "🤷", "how much does it cost", "hi"]


async def parsed(agent: Agent, text: str) -> dict[str, object]:
    data = await agent.parse_message(text)
    return {k: data.get(k) for k in ("intent", "entities", contract.VERDICT, contract.DECISION)}


async def test_loading_twice_gives_the_same_output_for_every_component(
    agent: Agent, model: Path
) -> None:
    again = load_in_thread(model)
    for text in MESSAGES:
        assert await parsed(agent, text) == await parsed(again, text)


def load_in_thread(model: Path) -> Agent:
    """Loads outside the test's own event loop."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(load, model).result()


async def test_every_part_of_the_loaded_model_works(agent: Agent) -> None:
    assert condition.faults() == []
    parse = await agent.parse_message("what happens on infusion day?")
    assert parse[contract.DECISION]["action"] == contract.UTTER_ANSWER
    assert parse[contract.VERDICT]["level"] == "none"


@pytest.mark.parametrize(
    ("part", "lacking"),
    [("weights.npz", "The sentence encoder"), ("urgency.npz", "The urgency classifier")],
)
def test_without_a_part_it_serves_and_says_what_is_lacking(
    part: str, lacking: str, model: Path, tmp_path: Path
) -> None:
    try:
        assert load(damaged_copy(model, part, tmp_path)).is_ready()
        assert [f.partition(" could")[0] for f in condition.faults()] == [lacking]
    finally:
        condition.works(lacking)


@pytest.mark.parametrize("part", ["index.faiss", "retriever.json", "lexical.npz"])
def test_a_damaged_index_is_found_when_the_model_is_loaded(
    part: str, model: Path, tmp_path: Path
) -> None:
    assert not load(damaged_copy(model, part, tmp_path)).is_ready()


def damaged_copy(model: Path, part: str, tmp_path: Path) -> Path:
    """Writes an archive whose file of that name has lost its end."""
    folder = tmp_path / "unpacked"
    with tarfile.open(model) as archive:
        archive.extractall(folder)
    damaged = next(folder.rglob(part))
    damaged.write_bytes(damaged.read_bytes()[:-100] + b"\0" * 100)
    broken = tmp_path / "broken.tar.gz"
    with tarfile.open(broken, "w:gz") as archive:
        for item in folder.iterdir():
            archive.add(item, arcname=item.name)
    return broken


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with the training cache of this one."""
    copy = tmp_path_factory.mktemp("project")
    for name in ("bot", "actions", "data", "knowledge", ".rasa"):
        if (ROOT / name).is_dir():
            skip = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, copy / name, ignore=skip)
    for name in ("config.yml", "domain.yml", "endpoints.yml", "credentials.yml", "clinic.yml"):
        shutil.copy(ROOT / name, copy / name)
    return copy


def needs_training(project: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "rasa", "train", "--dry-run", "--skip-validation"],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


def test_an_edited_passage_and_a_new_document_retrain_and_are_answered_from(
    project: Path, model: Path
) -> None:
    assert "No training of components required" in needs_training(project)
    article = project / "knowledge" / "car-t-cell-therapy.md"
    article.write_text(article.read_text("utf-8").replace("a few hours", "three to six hours"))
    assert "needs to be retrained" in needs_training(project)
    (project / "knowledge" / "parking.md").write_text(
        "---\nid: parking\ntitle: Parking at the center\npublisher: Demo Cancer Center\n"
        "url: https://example.org/parking\nas_of: 2026-10\nreviewed_by: A. Nurse\n"
        "reviewed_on: 2026-10-02\nlanguage: en\n---\n\n## Where to park\n\n"
        "The blue garage on Elm Street is free for people who come for CAR T-cell therapy. "
        "Show your appointment letter at the gate.\n\n"
        "## Bringing a therapy dog\n\nTherapy dogs are welcome in the lobby on Tuesdays.\n"
    )
    archive = train(project, project / "models")
    import asyncio

    talk = talker(load(archive))
    run = asyncio.new_event_loop().run_until_complete
    said = run(talk("is there a garage on elm street for my appointment?"))
    assert "The blue garage on Elm Street is free" in said[0]["text"]
    assert "reviewed by A. Nurse, 2026-10-02" in said[0]["text"]
    said = run(talk("How are my T cells collected?"))
    assert "three to six hours" in said[0]["text"]


def test_config_names_only_components_that_exist() -> None:
    config = yaml.safe_load((ROOT / "config.yml").read_text("utf-8"))
    for part in config["pipeline"] + config["policies"]:
        name = part["name"]
        if name.startswith("bot."):
            module, _, cls = name.rpartition(".")
            assert hasattr(__import__(module, fromlist=[cls]), cls)
