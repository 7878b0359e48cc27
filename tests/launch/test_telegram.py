"""`make telegram`, on a toy server: the check is the real one, and comes first."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bot.settings import ROOT

TOKEN = "123456789:AAE-a-token-for-tests-only_0123456789"

# The environment's Python: the check is run, the server is not; each call is written down.
PYTHON = f"""#!/bin/bash
echo "$*, token $TELEGRAM_TOKEN" >>calls.txt
case "$*" in
  *telegram.setup*) cd {ROOT} && exec {sys.executable} "$@" ;;
esac
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    shutil.copy(ROOT / "Makefile", tmp_path / "Makefile")
    toys = {".venv/bin/python": PYTHON, "scripts/install.sh": "#!/bin/bash\n"}
    for name, code in toys.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True)
        path.write_text(code)
        path.chmod(0o755)
    return tmp_path


def make_telegram(project: Path, **environment: str) -> tuple[int, str, list[str]]:
    """Returns the exit code, what was printed as an error, and the calls of Python."""
    kept = {
        k: v
        for k, v in os.environ.items()
        if not k.startswith(("GUIDE_", "TELEGRAM_", "MAKE", "MFLAGS"))
    }
    done = subprocess.run(
        ["make", "telegram"],
        cwd=project,
        # Nothing listens there: Telegram is away, which stops no start.
        env={**kept, "TELEGRAM_API": "http://127.0.0.1:9", "TMPDIR": str(project), **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    return done.returncode, done.stderr, (project / "calls.txt").read_text().splitlines()


def test_without_a_token_nothing_starts_and_it_says_how_to_get_one(project: Path) -> None:
    code, errors, calls = make_telegram(project)
    assert code != 0
    assert "@BotFather" in errors and "/newbot" in errors
    assert calls == ["-m bot.channels.telegram.setup check, token "]


def test_with_a_token_the_server_starts_and_has_it(project: Path) -> None:
    code, errors, calls = make_telegram(project, TELEGRAM_TOKEN=TOKEN)
    assert code == 0, errors
    assert calls == [
        f"-m bot.channels.telegram.setup check, token {TOKEN}",
        f"-m bot.launch run, token {TOKEN}",
    ]
