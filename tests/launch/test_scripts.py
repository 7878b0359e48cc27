"""The scripts that `make` calls, in a folder of their own, with toys for the programs they use."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from bot.settings import ROOT

SYSTEM = "bash awk cat cksum df dirname env grep ls mkdir mktemp mv pwd rm uname".split()

PYTHON = """#!/bin/bash
# Python 3.10 as install.sh asks for it: what version, where, and an environment.
case "$*" in
  *sys.executable*) echo "$0" ;;
  "-m venv "*) mkdir -p "$3/bin" "$3/lib/python3.10/site-packages/rasa/cli"; cp "$0" "$3/bin/python" ;;
esac
"""

UV = """#!/bin/bash
echo "$@" >>"$HOME/uv.log"
case "$*" in
  --version) echo "uv 1" ;;
  "python find"*) [ -n "$HAS_PYTHON" ] && echo "$HAS_PYTHON" ;;
  "python install"*) exit 1 ;;
  venv*) mkdir -p .venv/bin .venv/lib/python3.10/site-packages; cp "$HAS_PYTHON" .venv/bin/python ;;
  "pip install"*) [ -z "$NO_NETWORK" ] || { echo "error: could not fetch torch" >&2; exit 1; } ;;
esac
"""


class Machine:
    """A folder with the scripts, and nothing on the PATH but what is put there."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.programs = folder / "guide", folder / "bin"
        (self.folder / "scripts").mkdir(parents=True)
        self.programs.mkdir()
        for name in ("install.sh", "python.sh", "validate.sh"):
            shutil.copy(ROOT / "scripts" / name, self.folder / "scripts" / name)
        for name in (".python-version", "requirements.txt", "requirements-dev.txt"):
            shutil.copy(ROOT / name, self.folder / name)
        for name in [*SYSTEM, "cp"]:
            there = shutil.which(name)
            if there:
                (self.programs / name).symlink_to(there)
        self.environment = {"PATH": str(self.programs), "HOME": str(folder)}

    def put(self, name: str, code: str) -> Path:
        path = self.programs / name
        path.unlink(missing_ok=True)  # Written through its link, it would be the machine's own.
        path.write_text(code)
        path.chmod(0o755)
        return path

    def run(self, script: str, *arguments: str) -> tuple[int, str]:
        done = subprocess.run(
            [str(self.folder / "scripts" / script), *arguments],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
        )
        return done.returncode, done.stdout


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    made = Machine(tmp_path)
    # Room for the installation, whatever this machine has.
    made.environment["INSTALL_NEEDS_GB"] = "0"
    return made


@pytest.fixture
def equipped(machine: Machine) -> Machine:
    """With uv, which knows a Python 3.10."""
    machine.environment["HAS_PYTHON"] = str(machine.put("python3.10", PYTHON))
    machine.put("uv", UV)
    return machine


def test_the_toys_know_no_python_of_this_machine(machine: Machine) -> None:
    found = subprocess.run(
        ["bash", "-c", "command -v python3 python uv pyenv"],
        env=machine.environment,
        capture_output=True,
        text=True,
    )
    assert found.stdout == ""


def test_a_toy_in_place_of_a_program_leaves_the_machines_own_alone(machine: Machine) -> None:
    own = Path(shutil.which("df") or "")
    before = own.read_bytes()
    toy = machine.put("df", "#!/bin/bash\n")
    assert own.read_bytes() == before != toy.read_bytes()


@pytest.mark.parametrize("with_uv", [False, True], ids=["no uv", "uv cannot fetch one"])
def test_no_python_is_told_with_the_ways_to_get_one(machine: Machine, with_uv: bool) -> None:
    if with_uv:
        machine.put("uv", UV)
    code, shown = machine.run("install.sh")
    assert code == 1
    assert "Python 3.10 is needed (the newest that Rasa 3.6 supports) and was not found." in shown
    for way in ("uv python install 3.10", "pyenv install 3.10", "apt-get install python3.10"):
        assert way in shown
    assert not (machine.folder / ".venv").exists()


def test_another_python_does_not_do(machine: Machine) -> None:
    machine.put("python3", "#!/bin/bash\nexit 1\n")
    code, shown = machine.run("install.sh")
    assert code == 1
    assert "Python 3.10 is needed" in shown


def test_a_short_disk_is_told_before_anything_is_fetched(equipped: Machine) -> None:
    equipped.put("df", "#!/bin/bash\necho head\necho disk 99 9 8388608 1% /\n")  # 8 GB free.
    del equipped.environment["INSTALL_NEEDS_GB"]
    code, shown = equipped.run("install.sh")
    assert code == 1
    assert "Not enough disk: 8 GB are free" in shown
    assert "needs about 9 GB" in shown
    assert not (equipped.folder / ".venv").exists()


def test_a_second_installation_returns_at_once(equipped: Machine) -> None:
    code, shown = equipped.run("install.sh")
    assert code == 0, shown
    assert "Installed in" in shown
    assert "--require-hashes -r requirements.txt" in (equipped.folder.parent / "uv.log").read_text()
    code, shown = equipped.run("install.sh")
    assert (code, shown) == (0, "")


def test_other_requirements_are_installed_anew(equipped: Machine) -> None:
    assert equipped.run("install.sh")[0] == 0
    with (equipped.folder / "requirements.txt").open("a") as lock:
        lock.write("# another lock\n")
    code, shown = equipped.run("install.sh")
    assert code == 0
    assert "Installed in" in shown


def test_without_uv_pip_installs_the_same_files(machine: Machine) -> None:
    machine.put("python3.10", PYTHON + 'echo "$@" >>"$HOME/python.log"\n')
    code, shown = machine.run("install.sh")
    assert code == 0, shown
    assert "uv could not be fetched; going on with pip, which is slower." in shown
    calls = (machine.folder.parent / "python.log").read_text()
    assert "-m pip install --require-hashes -r requirements.txt" in calls


def test_a_failed_installation_says_what_it_usually_is(equipped: Machine) -> None:
    equipped.environment["NO_NETWORK"] = "1"
    code, shown = equipped.run("install.sh")
    assert code == 1
    assert "could not fetch torch" in shown
    for cause in ("HTTPS_PROXY", "a full disk", "hash mismatch", "Linux on x86-64"):
        assert cause in shown
    # The next call tries again: nothing says that it is installed.
    del equipped.environment["NO_NETWORK"]
    assert "Installed in" in equipped.run("install.sh")[1]


@pytest.mark.parametrize(
    ("prints", "exits", "code"),
    [
        ("Your data is fine", 0, 0),
        ("No such story", 1, 1),
        ("x/rasa/shared/utils/io.py:99: UserWarning: The action 'x' does not exist", 0, 1),
        ("x/rasa/shared/utils/io.py:99: UserWarning: intent 'x' is not used in any story", 0, 0),
    ],
    ids=["valid", "an error", "a warning", "a warning that is meant so"],
)
def test_validation_fails_on_what_rasa_merely_warns_of(
    machine: Machine, prints: str, exits: int, code: int
) -> None:
    python = machine.folder / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/bash\necho "{prints}"\nexit {exits}\n')
    python.chmod(0o755)
    returned, shown = machine.run("validate.sh")
    assert returned == code
    assert ("The data is not valid" in shown) is (exits == 0 and code == 1)
    assert ("not used in any story" in shown) is False
