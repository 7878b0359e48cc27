"""The other bots are trained once and kept packed, where `rasa test` does not read them."""

from __future__ import annotations

from pathlib import Path

from bot.bench.training import _cached


def test_a_project_is_made_once_and_kept_packed(tmp_path: Path) -> None:
    made = []

    def make(project: Path) -> float:
        made.append(project)
        (project / "models").mkdir()
        (project / "models" / "a.tar.gz").write_bytes(b"model")
        (project / ".rasa").mkdir()
        (project / ".rasa" / "priority.json").write_text("1")
        (project / "domain.yml").write_text("intents: []")
        return 12.5

    cache = tmp_path / "cache"
    first = _cached("stock", cache, make, tmp_path / "one")
    again = _cached("stock", cache, make, tmp_path / "two")
    assert len(made) == 1
    assert (first.seconds, first.cached) == (12.5, False)
    assert (again.seconds, again.cached) == (12.5, True)
    assert again.model == tmp_path / "two" / again.project.name / "models" / "a.tar.gz"
    assert again.model.read_bytes() == b"model"
    assert (again.project / "domain.yml").read_text() == "intents: []"
    assert not (again.project / ".rasa").exists()
    assert [path.suffix for path in cache.rglob("*")] == [".tar"]
