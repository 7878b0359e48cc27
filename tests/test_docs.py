"""Documentation leaves nothing out: settings, targets, intents, components, responses' fields."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import Any

import pytest
import yaml

from bot.clinic import Site
from bot.knowledge.passage import Source
from bot.settings import ROOT, Settings

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
TEXT = "\n".join(p.read_text(encoding="utf-8") for p in PAGES if p.is_file())


def read_yaml(name: str) -> Any:
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


CONFIG, DOMAIN = read_yaml("config.yml"), read_yaml("domain.yml")
COMPONENTS = [step["name"].split(".")[-1] for step in CONFIG["pipeline"] + CONFIG["policies"]]
CHANNELS = [name.rstrip(":").split(".")[-1] for name in read_yaml("credentials.yml")]
TARGETS = re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)
ACTIONS = [a if isinstance(a, str) else next(iter(a)) for a in DOMAIN["actions"]]


def mentioned(word: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", TEXT) is not None


@pytest.mark.parametrize("name", [f"GUIDE_{f.name.upper()}" for f in fields(Settings)])
def test_every_setting_is_documented(name: str) -> None:
    assert mentioned(name)


@pytest.mark.parametrize("name", list(Site.__fields__))
def test_every_field_of_clinic_yml_is_documented(name: str) -> None:
    assert mentioned(name) or mentioned(f"CLINIC_{name.upper()}")


@pytest.mark.parametrize("name", [f.name for f in fields(Source)])
def test_every_field_of_the_front_matter_is_documented(name: str) -> None:
    assert mentioned(name)


@pytest.mark.parametrize("target", TARGETS)
def test_every_make_target_is_documented(target: str) -> None:
    assert mentioned(f"make {target}")


@pytest.mark.parametrize("intent", DOMAIN["intents"])
def test_every_intent_is_documented(intent: str) -> None:
    assert mentioned(intent)


@pytest.mark.parametrize("component", COMPONENTS)
def test_every_component_is_documented(component: str) -> None:
    assert mentioned(component)


@pytest.mark.parametrize("channel", CHANNELS)
def test_every_channel_is_documented(channel: str) -> None:
    assert mentioned(channel)


@pytest.mark.parametrize("action", ACTIONS)
def test_every_action_is_documented(action: str) -> None:
    assert mentioned(action)


@pytest.mark.parametrize("name", ["README.md", "CHANGELOG.md", "LICENSE", "docs/architecture.md"])
def test_the_pages_that_people_look_for_exist(name: str) -> None:
    assert (ROOT / name).is_file()


def links() -> list[tuple[str, str]]:
    """Lists links to files of ours, page by page."""
    return [
        (page.relative_to(ROOT).as_posix(), target.split("#")[0])
        for page in PAGES
        if page.is_file()
        for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8"))
        if "://" not in target and not target.startswith(("#", "mailto:"))
    ]


@pytest.mark.parametrize(("page", "target"), links())
def test_links_lead_somewhere(page: str, target: str) -> None:
    assert ((ROOT / page).parent / target).exists()
