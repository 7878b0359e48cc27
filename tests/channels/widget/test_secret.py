"""The signing key: made once, kept to its owner, refused when it is weak."""

from __future__ import annotations

import stat
from dataclasses import replace
from pathlib import Path

import pytest

from bot.channels.widget.secret import SECRET_FILE, signing_secret
from bot.errors import SettingsError
from bot.settings import Settings, load_settings


def settings(data_dir: Path, secret: str = "") -> Settings:
    return replace(load_settings({}), data_dir=data_dir, widget_secret=secret)


def test_it_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    data_dir = tmp_path / "not" / "there"
    first = signing_secret(settings(data_dir))
    assert signing_secret(settings(data_dir)) == first
    assert len(first) == 64
    assert stat.S_IMODE((data_dir / SECRET_FILE).stat().st_mode) == 0o600
    assert [p.name for p in data_dir.iterdir()] == [SECRET_FILE]


def test_another_folder_has_another_key(tmp_path: Path) -> None:
    first, second = (signing_secret(settings(tmp_path / name)) for name in "ab")
    assert first != second


def test_the_operators_key_goes_before_the_file(tmp_path: Path) -> None:
    assert signing_secret(settings(tmp_path, "s" * 32)) == b"s" * 32
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("secret", ["short", "s" * 31])
def test_a_short_key_is_refused(tmp_path: Path, secret: str) -> None:
    with pytest.raises(SettingsError, match=r"GUIDE_WIDGET_SECRET has .*openssl rand"):
        signing_secret(settings(tmp_path, secret))


@pytest.mark.parametrize("content", [b"", b"short\n", b"\xff" * 64])
def test_a_damaged_file_is_not_used(tmp_path: Path, content: bytes) -> None:
    (tmp_path / SECRET_FILE).write_bytes(content)
    with pytest.raises(SettingsError, match=SECRET_FILE):
        signing_secret(settings(tmp_path))


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="GUIDE_DATA_DIR"):
        signing_secret(settings(tmp_path / "file" / "data"))


def test_the_key_is_not_shown_with_the_settings(tmp_path: Path) -> None:
    assert "sss" not in repr(settings(tmp_path, "s" * 32))
