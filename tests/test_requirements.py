"""Lock files pin each package by its hash and name no place to get it from."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.settings import ROOT

LOCKS = sorted(ROOT.glob("requirements*.txt"))
PIN = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]*(\[[a-z0-9,_-]+\])?==\S+( ;.*)? \\$")


@pytest.mark.parametrize("path", LOCKS, ids=lambda p: p.name)
def test_each_package_is_pinned_with_its_hashes(path: Path) -> None:
    lines = [
        x.rstrip()
        for x in path.read_text("utf-8").splitlines()
        if x.strip() and not x.strip().startswith("#")
    ]
    packages = [x for x in lines if not x.startswith(" ")]
    assert packages
    for line in packages:
        assert PIN.match(line), line
        assert lines[lines.index(line) + 1].startswith("    --hash=sha256:"), line


@pytest.mark.parametrize(
    "path", [*LOCKS, ROOT / "widget" / "package-lock.json"], ids=lambda p: p.name
)
def test_no_registry_is_named(path: Path) -> None:
    text = path.read_text("utf-8")
    assert "index-url" not in text and '"resolved"' not in text
    hosts = set(re.findall(r"https?://([^/\s\"']+)", text))
    assert not {h for h in hosts if "pypi" in h or "npmjs" in h or "pythonhosted" in h}, hosts


def test_there_are_lock_files() -> None:
    assert LOCKS
