"""Questions without an answer: written by the action server's store, read and grouped here."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa

from actions.store import UNANSWERED, FeedbackStore
from bot.editors import program
from bot.editors.unanswered import MOST, TABLE, Group, Question, grouped, read_questions
from bot.editors.unanswered_report import (
    COLUMNS,
    TOP,
    WORDINGS,
    as_plain,
    harmless,
    write_page,
    write_table,
)
from bot.errors import GuideError
from tests.fakes import WordEncoder

PASSAGES = [("About red cells", "red cells carry air"), ("About sleep", "people sleep at night")]


def stored(tmp_path: Path, *texts: str) -> str:
    url = f"sqlite:///{tmp_path / 'feedback.db'}"
    store = FeedbackStore(url)
    for text in texts:
        store.add_unanswered(text, topic=None, confidence=0.1, knowledge_hash="abc")
    return url


def questions(*texts: str, topic: str | None = None) -> list[Question]:
    return [Question(f"2026-11-{day:02}", text, topic) for day, text in enumerate(texts, start=1)]


def test_what_the_action_server_writes_is_read(tmp_path: Path) -> None:
    assert UNANSWERED.name == TABLE
    url = stored(tmp_path, "may I fly?", "  ", "may I swim?")
    found = read_questions(url)
    assert [q.text for q in found] == ["may I fly?", "may I swim?"]
    assert all(date.fromisoformat(q.day) for q in found)


def test_only_the_days_asked_for(tmp_path: Path) -> None:
    url = stored(tmp_path, "old", "new")
    with sa.create_engine(url).begin() as connection:
        connection.execute(
            UNANSWERED.update().where(UNANSWERED.c.question == "old").values(day="2026-01-31")
        )
    assert [q.text for q in read_questions(url, date(2026, 2, 1))] == ["new"]
    assert len(read_questions(url, date(2026, 1, 31))) == 2


def test_nothing_stored_is_nothing_read_and_nothing_made(tmp_path: Path) -> None:
    assert read_questions(f"sqlite:///{tmp_path / 'none.db'}") == []
    assert list(tmp_path.iterdir()) == []
    empty = tmp_path / "empty.db"
    empty.touch()
    assert read_questions(f"sqlite:///{empty}") == []


def test_a_database_that_cannot_be_read_names_the_setting(tmp_path: Path) -> None:
    broken = tmp_path / "broken.db"
    broken.write_text("no database at all, but a text file that is long enough to be read")
    with pytest.raises(GuideError, match="GUIDE_FEEDBACK_URL"):
        read_questions(f"sqlite:///{broken}")


def test_groups_by_meaning_the_most_frequent_first() -> None:
    # 'may I fly' and 'may I fly now': 3 / sqrt(12) = 0.87, so 0.13 apart; 'costs' shares no word.
    asked = questions("costs", "may I fly now", "may I fly", "May I  fly?", "may i fly")
    flying, costs = grouped(asked, WordEncoder(), PASSAGES)
    assert flying.wordings == (("may i fly", 3), ("may I fly now", 1))
    assert flying.centre == "may i fly"
    assert (flying.first_day, flying.last_day) == ("2026-11-02", "2026-11-05")
    assert (costs.centre, costs.count) == ("costs", 1)


def test_each_group_names_the_nearest_passage_and_its_topics() -> None:
    asked = [Question("2026-11-01", "sleep at night", "sleeping"), *questions("sleep at night")]
    [group] = grouped(asked, WordEncoder(), PASSAGES)
    assert group.nearest == "About sleep"
    assert group.topics == (("sleeping", 1),)


def test_no_questions_make_no_groups() -> None:
    assert grouped([], WordEncoder()) == []


def test_beyond_the_limit_the_oldest_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    assert MOST > 1000
    monkeypatch.setattr("bot.editors.unanswered.MOST", 2)
    names = {g.centre for g in grouped(questions("one", "two", "three"), WordEncoder())}
    assert names == {"two", "three"}


def group(text: str, count: int = 1, wordings: int = 1) -> Group:
    others = tuple((f"{text} {n}", 1) for n in range(wordings - 1))
    return Group(((text, count), *others), text, "2026-11-01", "2026-11-02", (("cost", 1),), "Near")


def test_terminal_shows_the_most_frequent() -> None:
    text = as_plain([group(f"q{n}") for n in range(TOP + 2)])
    assert f"{TOP + 2} questions without an answer, in {TOP + 2} groups" in text
    assert f"q{TOP - 1} " in text
    assert f"q{TOP} " not in text
    assert text.endswith("(and 2 more)")
    assert "not covered: cost" in text


@pytest.mark.filterwarnings("ignore:.*deprecated:DeprecationWarning")  # matplotlib's own
def test_page_has_a_plot_and_nothing_that_runs(tmp_path: Path) -> None:
    path = tmp_path / "results" / "unanswered.html"
    write_page([group("<script>alert(1)</script> $5 or $6", 3, WORDINGS + 3)], path)
    text = path.read_text("utf-8")
    assert "data:image/png;base64,iVBOR" in text
    assert "<script>" not in text
    assert "&lt;script&gt;" in text
    assert "and 2 more" in text
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "\n=x", "＝1"])
def test_no_cell_is_a_formula(text: str, tmp_path: Path) -> None:
    assert harmless(text) == f"'{text}"
    path = tmp_path / "unanswered.csv"
    write_table([group(text)], path)
    with path.open(encoding="utf-8-sig", newline="") as file:
        head, row = csv.reader(file)
    assert tuple(head) == COLUMNS
    assert row[2] == f"'{text}"
    assert path.stat().st_mode & 0o077 == 0


def test_other_cells_stay_as_they_are() -> None:
    assert harmless("what is 1+1?") == "what is 1+1?"
    assert harmless(-3) == -3


def test_program(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{tmp_path / 'feedback.db'}"
    monkeypatch.setenv("GUIDE_FEEDBACK_URL", url)
    assert program.main(["unanswered", "--out", str(tmp_path)]) == 0
    assert "No question without an answer" in capsys.readouterr().out
    stored(tmp_path, "may I fly?", "may I fly", "my name is Ann Example, may I fly")
    monkeypatch.setattr(program, "load_encoder", lambda name: WordEncoder(4096))
    monkeypatch.setattr(program, "write_page", lambda groups, path: path.touch())
    assert program.main(["unanswered", "--out", str(tmp_path), "--days", "30"]) == 0
    said = capsys.readouterr().out
    assert "3 questions" in said
    assert "Ann" not in (tmp_path / "unanswered.csv").read_text("utf-8-sig")
