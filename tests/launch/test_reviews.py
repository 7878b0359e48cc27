from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import SettingsError
from bot.launch.reviews import require_reviews
from bot.settings import ROOT, load_settings

PRODUCTION = {"GUIDE_PRODUCTION": "1"}


@pytest.fixture
def knowledge(tmp_path: Path) -> Path:
    text = (ROOT / "knowledge" / "car-t-cell-therapy.md").read_text(encoding="utf-8")
    (tmp_path / "car-t.md").write_text(text, encoding="utf-8")
    return tmp_path


def sign(knowledge: Path) -> None:
    path = knowledge / "car-t.md"
    text = path.read_text(encoding="utf-8")
    text = text.replace("reviewed_by: unknown", "reviewed_by: Dr. A. Example")
    text = text.replace("reviewed_on: unknown", "reviewed_on: 2026-06-01")
    path.write_text(text, encoding="utf-8")


def test_production_names_what_is_not_reviewed(knowledge: Path) -> None:
    with pytest.raises(SettingsError, match="car-t") as error:
        require_reviews(load_settings(PRODUCTION), knowledge)
    assert "GUIDE_ALLOW_UNREVIEWED" in str(error.value)


@pytest.mark.parametrize("extra", [{"GUIDE_PRODUCTION": "0"}, {"GUIDE_ALLOW_UNREVIEWED": "1"}])
def test_outside_production_or_by_name_it_may_run(knowledge: Path, extra: dict[str, str]) -> None:
    require_reviews(load_settings({**PRODUCTION, **extra}), knowledge)


def test_reviewed_texts_may_run(knowledge: Path) -> None:
    sign(knowledge)
    require_reviews(load_settings(PRODUCTION), knowledge)


def test_production_does_not_start_on_texts_it_cannot_read(knowledge: Path) -> None:
    sign(knowledge)
    (knowledge / "second.md").write_text("no front matter", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"second\.md.*\n.*correct them"):
        require_reviews(load_settings(PRODUCTION), knowledge)
    require_reviews(load_settings({}), knowledge)
