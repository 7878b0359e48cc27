"""docs/operations.md names every setting and route, and the Makefile lists every target."""

from __future__ import annotations

import re
import subprocess

import pytest

from bot.clinic import Site
from bot.settings import ROOT

OPERATIONS = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
SETTINGS = (ROOT / "bot" / "settings.py").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
VARIABLES = set(re.findall(r'"((?:GUIDE|RASA|HF|TRANSFORMERS|TOKENIZERS|TF)_[A-Z_]+)"', SETTINGS))


@pytest.mark.parametrize("variable", sorted(VARIABLES))
def test_every_variable_is_documented(variable: str) -> None:
    assert f"`{variable}" in OPERATIONS


@pytest.mark.parametrize("field", sorted(Site.__fields__))
def test_every_clinic_variable_is_documented(field: str) -> None:
    assert f"`CLINIC_{field.upper()}`" in OPERATIONS


@pytest.mark.parametrize("route", ["/health/live", "/health/ready"])
def test_health_routes_are_documented(route: str) -> None:
    assert f"`GET {route}`" in OPERATIONS


def test_the_documented_defaults_are_the_real_ones() -> None:
    for name, default in re.findall(r"^\| `(GUIDE_\w+)` \| (\d[\d.]*) \|", OPERATIONS, re.M):
        line = next((x for x in SETTINGS.splitlines() if f'_number(env, "{name}"' in x), None)
        if line is not None:
            assert float(line.split(",")[2].replace("_", "")) == float(default), name


def test_make_help_lists_every_target() -> None:
    run = subprocess.run(
        ["make", "--no-print-directory", "help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    targets = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.M)) - {"validate"}
    assert targets == set(re.findall(r"^  make ([a-z-]+) ", run.stdout, re.M))
    asked_for = "help install lock train run shell test check lint evaluate bench clean"
    assert set(asked_for.split()) <= targets


def test_clean_never_touches_conversations() -> None:
    recipe = MAKEFILE[MAKEFILE.index("\nclean:") :]
    commands = [line for line in recipe.splitlines() if line.startswith("\t")]
    assert commands
    assert not any(re.search(r"\bvar\b", command) for command in commands)
