"""The pages that the channel serves: the demo clinic's, the frame's, and the line to embed."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.channels.widget.bundle import PLAIN_NAME, Bundle
from bot.clinic import Site
from bot.reply import phones_of
from bot.settings import ROOT

DEMO = ROOT / "widget" / "demo"
PAGES = ROOT / "widget" / "pages"
PART_TYPES = {".css": "text/css", ".svg": "image/svg+xml"}

_ATTRIBUTES = {"emergency": "emergency", "care_team": "care-team", "after_hours": "after-hours"}
_ROLES = {
    "emergency": "Emergency / Emergencia",
    "care_team": "Care team / Equipo médico",
    "after_hours": "After hours / Fuera de horario",
}
_THIS_MACHINE = re.compile(r"(localhost|127(\.\d+){3}|\[::1\])(:\d+)?")
_SLOT = re.compile(r"\{\{(\w+)\}\}")

_STRICT = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)


@dataclass(frozen=True)
class Page:
    """A page and the policy it is served with."""

    body: str
    policy: str


def settings_of(site: Site) -> dict[str, Any]:
    """Returns what the widget shows of a site whether or not anything has been said."""
    return {"v": 1, "name": site.name, "hours": site.hours, "phones": phones_of(site)}


def demo_page(bundle: Bundle, site: Site) -> Page:
    """Returns the demo clinic's page, with the widget on it, under a strict policy."""
    body = _fill((DEMO / "index.html").read_text(encoding="utf-8"), _slots(bundle, site))
    return Page(body, f"{_STRICT}; frame-ancestors 'none'")


def frame_page(bundle: Bundle, site: Site, ancestors: str, options: dict[str, str]) -> Page:
    """Returns the page for sites that forbid scripts: the widget alone, always open.

    Args:
        bundle: the widget's file.
        site: whose numbers to show.
        ancestors: the pages that may show it, as CSP writes them.
        options: more attributes of the element, such as `lang`.
    """
    more = "".join(f' {name}="{html.escape(value)}"' for name, value in options.items())
    slots = {**_slots(bundle, site), "options": more}
    slots["lang"] = html.escape(options.get("lang", "en"))
    body = _fill((PAGES / "frame.html").read_text(encoding="utf-8"), slots)
    return Page(body, f"{_STRICT}; frame-ancestors {ancestors}")


def reached_at(scheme: str, host: str) -> str:
    """Returns how a page elsewhere names this server; never http, but for one on this machine.

    A proxy that ends TLS need not say so, and an https page refuses what comes by http. Without a
    scheme a browser takes the page's.
    """
    if scheme == "https":
        return f"https://{host}"
    return f"http://{host}" if _THIS_MACHINE.fullmatch(host) else f"//{host}"


def embed_line(bundle: Bundle, site: Site, base: str, *, pinned: bool = False) -> str:
    """Returns the one line for a web editor, with the numbers in it: they need no server.

    Without scripts it shows them in plain words, and their names in both languages.

    Args:
        bundle: the widget's file.
        site: whose numbers to show.
        base: the address of the channel's routes as the reader's browser reaches them.
        pinned: names exactly the present build. After an update of the guide browsers refuse the
            line, and with it the numbers, until it is copied anew.
    """
    numbers = _attributes(site, "data-")
    name, integrity = PLAIN_NAME, ""
    if pinned:
        name = bundle.hashed_name
        integrity = f' integrity="{bundle.integrity}" crossorigin="anonymous"'
    return (
        f'<script defer src="{html.escape(base)}/{name}"{integrity}{numbers}></script>'
        f"<noscript><p>{_links(site)}</p></noscript>"
    )


def page_file(folder: Path, name: str) -> tuple[bytes, str] | None:
    """Returns a file beside a page and its type; None if there is none of that name."""
    found = {path.name: path for path in folder.iterdir() if path.suffix in PART_TYPES}
    if name not in found:
        return None
    return found[name].read_bytes(), PART_TYPES[found[name].suffix]


def _attributes(site: Site, prefix: str = "") -> str:
    """Writes the numbers as attributes of the element, or of the script that places it."""
    numbers = {p["role"]: html.escape(p["number"]) for p in phones_of(site)}
    return "".join(f' {prefix}{name}="{numbers[role]}"' for role, name in _ATTRIBUTES.items())


def _links(site: Site) -> str:
    """Writes the numbers as links that need no script."""
    return ", ".join(
        f'{_ROLES[p["role"]]}: <a href="{html.escape(p["href"])}">{html.escape(p["number"])}</a>'
        for p in phones_of(site)
        if p["role"] in _ROLES
    )


def _slots(bundle: Bundle, site: Site) -> dict[str, str]:
    fields = {name: html.escape(value) for name, value in site.dict().items()}
    links = {f"{p['role']}_href": p["href"] for p in phones_of(site)}
    return {
        **links,
        **fields,
        "script": bundle.hashed_name,
        "integrity": bundle.integrity,
        "links": _links(site),
        "numbers": _attributes(site),
        "data": _attributes(site, "data-"),
    }


def _fill(page: str, slots: dict[str, str]) -> str:
    return _SLOT.sub(lambda match: slots[match.group(1)], page)
