"""The results as text, as JSON, as a page of its own, and in the docs."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import pytest

from bot.errors import GuideError
from bot.evaluation import __main__ as program
from bot.evaluation import plots
from bot.evaluation.bot_under_test import BotUnderTest
from bot.evaluation.metrics import Bin, Rate
from bot.evaluation.parsed import ModelCard
from bot.evaluation.report import Results, as_plain, write_docs, write_results
from bot.evaluation.tables import Figure, Metric, Section, Table, as_text, shown_cell
from tests.evaluation.fakes import SilentBot


def results() -> Results:
    section = Section(
        "Part",
        [
            Table("Main", ("system", "share"), [("<bot>", Rate(1, 2)), ("none", None)]),
            Table("Lines", ("text",), [("a set line",)], terminal=False),
        ],
        [
            Figure("Curve", partial(plots.curves, {"bot": [(0.5, 1.0)]}, x="x", y="y")),
            Figure("Bars", partial(plots.reliability_bars, [Bin(0.2, 0.5, 2)])),
            Figure("Grid", partial(plots.confusion_grid, ["a", "b"], [[2, 0], [1, 3]])),
        ],
        {
            "part.share": Metric.of(Rate(1, 2)),
            "part.alarms": Metric.of(Rate(1, 4), lower=True),
            "part.note": Metric.of(Rate(1, 2), informative=True),
        },
    )
    return Results("dev", ModelCard("m.tar.gz", "abc", ("old",)), [section], ["x"], ["old"])


def test_cells() -> None:
    assert shown_cell(Rate(1, 2)) == "50.0 % (9-91)"  # Wilson's: 0.0945 to 0.9055
    assert shown_cell(Rate(0, 0)) == "-"
    assert shown_cell(None) == "not run"
    assert shown_cell(0.12345) == "0.123"


def test_text_columns_line_up() -> None:
    assert as_text(Table("T", ("a", "bb"), [("xxx", 1)])) == "T\na    bb\n---  --\nxxx  1"


def test_terminal_says_what_was_not_run_and_hides_set_lines() -> None:
    text = as_plain(results())
    assert "not run: x" in text
    assert "WARNING: old" in text
    assert "a set line" not in text


@pytest.mark.filterwarnings("ignore:.*deprecated:DeprecationWarning")  # matplotlib's own
def test_page_is_self_contained_and_escaped(tmp_path: Path) -> None:
    write_results(results(), tmp_path / "new")
    page = (tmp_path / "new" / "report.html").read_text("utf-8")
    assert page.count("data:image/png;base64,iVBOR") == 3
    assert "&lt;bot&gt;" in page
    assert "http" not in page
    data = json.loads((tmp_path / "new" / "metrics.json").read_text("utf-8"))
    assert data["metrics"]["part.share"]["value"] == 0.5
    assert data["not_run"] == ["x"]
    better = {name: entry["better"] for name, entry in data["metrics"].items()}
    assert better == {"part.share": "higher", "part.alarms": "lower", "part.note": "neither"}


def test_headline_says_which_way_is_better() -> None:
    assert [row[-1] for row in results().headline.rows] == ["higher", "lower", "neither"]


def test_docs_are_filled_in_place(tmp_path: Path) -> None:
    page = tmp_path / "evaluation.md"
    page.write_text("# E\n<!-- results:begin -->\nold\n<!-- results:end -->\ntail\n")
    write_docs(results(), page)
    write_docs(results(), page)  # A second time replaces, it does not add.
    text = page.read_text()
    assert text.startswith("# E\n<!-- results:begin -->\n")
    assert text.endswith("<!-- results:end -->\ntail\n")
    assert text.count("**Main**") == 1
    assert "old" not in text
    assert "a set line" not in text


def test_docs_without_a_place_are_refused(tmp_path: Path) -> None:
    page = tmp_path / "evaluation.md"
    page.write_text("# E\n")
    with pytest.raises(GuideError, match="results:begin"):
        write_docs(results(), page)


def test_without_a_model_it_says_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert program.main(["--model", str(tmp_path), "--no-selector"]) == 2
    assert "make train" in capsys.readouterr().err


@pytest.mark.filterwarnings("ignore:.*deprecated:DeprecationWarning")
@pytest.mark.parametrize(
    ("options", "golden", "code"),
    [
        ([], None, 0),
        ([], {"part.share": {"value": 0.52, "tolerance": 0.02}}, 0),
        ([], {"part.share": {"value": 0.53, "tolerance": 0.02}}, 1),
        ([], {"not.run": {"value": 0.9, "tolerance": 0.02}}, 0),
        (["--write-golden"], None, 2),
        (["--write-docs"], None, 2),
    ],
    ids=["no golden", "on the tolerance", "fell", "not run", "faulty golden", "faulty docs"],
)
def test_exit_code(
    options: list[str],
    golden: dict[str, object] | None,
    code: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The model of these results has a fault, so its figures are never accepted."""
    monkeypatch.setattr(BotUnderTest, "load", lambda models: SilentBot())
    monkeypatch.setattr(program, "evaluate", lambda bot, **options: results())
    monkeypatch.setattr(program, "read_golden", lambda split: golden)
    assert program.main(["--out", str(tmp_path), "--no-selector", *options]) == code
