"""One self-contained HTML page: tables, plots as data, no script and nothing from elsewhere."""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence

from bot.evaluation.tables import Figure, Table, shown_cell

_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;max-width:76rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;margin:.5rem 0 1.5rem}caption{font-weight:600;text-align:left}
td,th{border-bottom:1px solid #ccc;padding:.2rem .7rem;text-align:left;vertical-align:top}
.note{color:#555;max-width:50rem}figure{display:inline-block;margin:1rem 1rem 1rem 0}
img{max-width:100%}.bad{color:#a00;font-weight:600}
"""


def page(title: str, parts: Sequence[str]) -> str:
    """Puts parts, which are HTML already, into a page."""
    body = "\n".join(parts)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{html.escape(title)}</title><style>{_STYLE}</style></head>"
        f"<body>\n{body}\n</body></html>\n"
    )


def element(name: str, text: str, *, kind: str = "") -> str:
    """Writes an element that holds words only."""
    attribute = f' class="{html.escape(kind)}"' if kind else ""
    return f"<{name}{attribute}>{html.escape(text)}</{name}>"


def table_element(table: Table) -> str:
    """Writes a table with its title above and its note below."""
    head = "".join(element("th", c) for c in table.columns)
    rows = "\n".join(
        "<tr>" + "".join(element("td", shown_cell(c)) for c in row) + "</tr>" for row in table.rows
    )
    note = element("p", table.note, kind="note") if table.note else ""
    return (
        f"<table>{element('caption', table.title)}"
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{note}"
    )


def figure_element(figure: Figure) -> str:
    """Draws a plot into the page."""
    image = base64.b64encode(figure.draw()).decode()
    title = html.escape(figure.title)
    return (
        f'<figure><img alt="{title}" src="data:image/png;base64,{image}">'
        f"<figcaption>{title}</figcaption></figure>"
    )
