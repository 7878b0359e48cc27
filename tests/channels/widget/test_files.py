"""The script, the pages and the settings, with their headers."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from pathlib import Path

import pytest

from bot.channels.widget import bundle as bundles
from bot.channels.widget.bundle import load_bundle
from bot.channels.widget.pages import embed_line, frame_page
from bot.errors import SettingsError
from tests.channels.test_guard import CLINIC, SITE
from tests.channels.widget.server import BUNDLE, LISTED, Site, running


async def test_the_hashed_name_may_be_kept_for_good(site: Site) -> None:
    found = await site.get(f"/{BUNDLE.hashed_name}")
    assert found.headers["content-encoding"] == "gzip"
    assert found.content == BUNDLE.script
    assert "immutable" in found.headers["cache-control"]
    assert found.headers["content-type"].startswith("text/javascript")
    assert found.headers["x-content-type-options"] == "nosniff"
    assert found.headers["cross-origin-resource-policy"] == "cross-origin"


@pytest.mark.parametrize("name", ["clinic-guide.js", "clinic-guide.0000older0000.js"])
async def test_other_names_get_the_present_script_and_are_asked_for_again(
    site: Site, name: str
) -> None:
    found = await site.get(f"/{name}", **{"Accept-Encoding": "identity"})
    assert found.content == BUNDLE.script
    assert found.headers["cache-control"] == "no-cache"
    again = await site.get(f"/{name}", **{"If-None-Match": found.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    "path",
    ["/other.js", "/../settings.js", "/demo/index.html", "/frame/frame.html", "/demo/..%2Fx"],
)
async def test_nothing_else_is_served(site: Site, path: str) -> None:
    assert (await site.get(path)).status_code == 404


async def test_a_listed_page_may_load_the_script_with_its_integrity(site: Site) -> None:
    found = await site.get(f"/{BUNDLE.hashed_name}", Origin=LISTED)
    assert found.headers.get_list("access-control-allow-origin") == [LISTED]


def test_the_integrity_is_that_of_the_built_file(tmp_path: Path) -> None:
    path = tmp_path / "clinic-guide.js"
    path.write_bytes(b"alert")
    digest = hashlib.sha384(b"alert")
    loaded = load_bundle(path)
    assert loaded.integrity == "sha384-" + base64.b64encode(digest.digest()).decode()
    assert loaded.hashed_name == f"clinic-guide.{digest.hexdigest()[:16]}.js"


def test_a_missing_file_says_how_to_build_it(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="make widget"):
        load_bundle(tmp_path / "clinic-guide.js")


def test_the_committed_file_is_there() -> None:
    assert load_bundle(bundles.BUNDLE).script


async def test_the_settings_give_the_numbers_of_the_site(site: Site) -> None:
    given = (await site.get("/settings?site=south")).json()
    assert given["name"] == "Northside"
    numbers = {p["role"]: p["href"] for p in given["phones"]}
    assert numbers["care_team"] == "tel:+12125558000"
    assert numbers["emergency"] == "tel:911"


async def test_the_embed_line_outlives_an_update(site: Site) -> None:
    """With `integrity` the next build would take the button and the numbers off every page."""
    line = (await site.get("/embed")).text
    assert "integrity" not in line and BUNDLE.hashed_name not in line
    assert '/webhooks/widget/clinic-guide.js"' in line


@pytest.mark.parametrize("path", ["/embed", "/embed?integrity=1"])
async def test_the_embed_line_has_the_numbers(site: Site, path: str) -> None:
    line = (await site.get(path)).text
    assert 'data-emergency="911"' in line
    assert 'data-care-team="+1 212 555 7000"' in line
    assert 'data-after-hours="+1 212 555 7001"' in line
    assert line.startswith("<script defer ") and "></script><noscript>" in line


async def test_the_embed_line_can_name_exactly_this_build(site: Site) -> None:
    line = (await site.get("/embed?integrity=1")).text
    assert f'integrity="{BUNDLE.integrity}"' in line
    assert f"/webhooks/widget/{BUNDLE.hashed_name}" in line


@pytest.mark.parametrize("path", ["/embed", "/frame"])
async def test_without_scripts_the_numbers_can_be_tapped(site: Site, path: str) -> None:
    page = (await site.get(path)).text
    for href in ("tel:911", "tel:+12125557000", "tel:+12125557001"):
        assert page.count(f'<a href="{href}">') == 1
    assert "Emergency / Emergencia: <a" in page


FORWARDED = {"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "https"}


@pytest.mark.parametrize(
    ("headers", "src"),
    [
        ({"Host": "guide.clinic.org", **FORWARDED}, "https://guide.clinic.org"),
        ({"Host": "guide.clinic.org", "X-Forwarded-Proto": "https"}, "//guide.clinic.org"),
        ({"Host": "guide.clinic.org"}, "//guide.clinic.org"),
        ({"Host": "guide.clinic.org:8443"}, "//guide.clinic.org:8443"),
        ({"Host": "127.0.0.1.clinic.org"}, "//127.0.0.1.clinic.org"),
        ({"Host": "localhost:5080"}, "http://localhost:5080"),
        ({"Host": "127.0.0.1:5080"}, "http://127.0.0.1:5080"),
        ({"Host": "[::1]:5080"}, "http://[::1]:5080"),
    ],
)
async def test_the_embed_line_works_on_an_https_page_whatever_the_proxy_says(
    site: Site, headers: dict[str, str], src: str
) -> None:
    site.app.config.PROXIES_COUNT = 1  # SANIC_PROXIES_COUNT
    line = (await site.get("/embed", **headers)).text
    assert f'src="{src}/webhooks/widget/clinic-guide.js"' in line


def test_the_embed_line_escapes_what_comes_from_outside() -> None:
    line = embed_line(BUNDLE, SITE, 'https://x"><script>')
    assert '"><script>' not in line.replace('"></script>', "")


def test_the_numbers_for_pages_without_scripts_are_escaped() -> None:
    line = embed_line(BUNDLE, SITE.copy(update={"care_team_phone": '<b>"1'}), "https://x")
    assert "<b>" not in line


async def test_the_demo_page_has_the_widget_and_a_strict_policy(site: Site) -> None:
    page = await site.get("/demo")
    assert page.headers["content-type"].startswith("text/html")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "require-trusted-types-for 'script'" in policy
    assert "unsafe" not in policy and "frame-ancestors 'none'" in policy
    assert BUNDLE.hashed_name in page.text
    assert "{{" not in page.text
    assert SITE.name in page.text
    assert not re.search(r"<script(?![^>]*\bsrc=)|\sstyle=|\son\w+=|https?://", page.text)


async def test_every_file_of_the_demo_page_is_served(site: Site) -> None:
    page = (await site.get("/demo")).text
    parts = re.findall(r'(?:href|src)="(demo/[^"]+)"', page)
    assert parts
    for part in parts:
        assert (await site.get(f"/{part}")).status_code == 200


async def test_every_file_of_the_frame_is_served(site: Site) -> None:
    parts = re.findall(r'href="(frame/[^"]+)"', (await site.get("/frame")).text)
    assert parts
    for part in parts:
        assert (await site.get(f"/{part}")).status_code == 200


async def test_the_frame_may_be_shown_on_listed_pages_only(site: Site) -> None:
    page = await site.get("/frame?lang=es&site=south")
    policy = page.headers["content-security-policy"]
    assert f"frame-ancestors 'self' {LISTED}" in policy
    assert 'lang="es"' in page.text and 'site="south"' in page.text
    assert "+1 212 555 8000" in page.text


def test_the_frame_escapes_what_comes_from_outside() -> None:
    evil = '"><script src=x></script>'
    page = frame_page(BUNDLE, CLINIC.site(), "'self'", {"lang": evil, "site": evil})
    assert evil not in page.body
    assert html.escape(evil) in page.body


async def test_production_has_no_demo_clinic(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(tmp_path, monkeypatch, production=True) as site:
        assert (await site.get("/demo")).status_code == 404
        assert (await site.get("/demo/demo.css")).status_code == 404
        assert (await site.get("/frame")).status_code == 200
