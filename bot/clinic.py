"""The clinic's own words: name, phone numbers and hours of each site, from `clinic.yml`."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, Extra, ValidationError, validator

from bot.errors import SettingsError
from bot.settings import Settings, clinic_overrides, load_settings

logger = logging.getLogger(__name__)

_PHONE = re.compile(r"^\+?\(?[0-9][0-9 ().\-]{1,24}$")
# 555-0100 to 555-0199 are reserved for fiction; "demo" marks the other example values.
_PLACEHOLDER = re.compile(r"\bdemo\b|555[ .\-]?01\d\d", re.IGNORECASE)


class Site(BaseModel):
    """What the bot says of one site. Every field is spoken to people."""

    name: str
    care_team_phone: str
    after_hours_phone: str
    emergency_number: str
    crisis_line: str
    hours: str

    class Config:
        """Refuses unknown fields, so that a typing error is not silently ignored."""

        extra = Extra.forbid
        allow_mutation = False

    @validator("*", pre=True)
    def _filled(cls, value: object) -> str:  # noqa: N805
        text = str(value).strip() if value not in {None, "~", "null"} else ""
        if not text:
            raise ValueError("is empty: every field is said to people in an emergency")
        return text

    @validator("care_team_phone", "after_hours_phone", "emergency_number", "crisis_line")
    def _is_phone(cls, value: str) -> str:  # noqa: N805
        if not _PHONE.match(value):
            raise ValueError(f"'{value}' is not a phone number: digits, spaces, + ( ) . - only")
        return value

    def placeholders(self) -> list[str]:
        """Names the fields that still hold example values."""
        return [k for k, v in self.dict().items() if _PLACEHOLDER.search(str(v))]


class Clinic(BaseModel):
    """All sites of a clinic, one of them the default."""

    default_site: str
    sites: dict[str, Site]

    class Config:
        """Refuses unknown fields, so that a typing error is not silently ignored."""

        extra = Extra.forbid
        allow_mutation = False

    @validator("sites")
    def _has_default(cls, sites: dict[str, Site], values: dict[str, Any]) -> dict[str, Site]:  # noqa: N805
        default = values.get("default_site")
        if default is not None and default not in sites:
            known = ", ".join(sorted(sites)) or "none"
            raise ValueError(f"has no site '{default}' (default_site); sites: {known}")
        return sites

    def site(self, name: str | None = None) -> Site:
        """Returns a site by name, in capitals or not; the default for none or an unknown one.

        An unknown name is logged once: a page that names it gives people another site's numbers.
        """
        if not name or name in self.sites:
            return self.sites[name or self.default_site]
        for known, site in self.sites.items():
            if known.casefold() == name.strip().casefold():
                return site
        _warn_of_unknown(name, self)
        return self.sites[self.default_site]

    def warnings(self) -> list[str]:
        """Lists the example values that must be replaced before patients see them."""
        return [
            f"clinic.yml: site '{name}' still has example values: {', '.join(fields)}"
            for name, site in self.sites.items()
            if (fields := site.placeholders())
        ]


_MAX_WARNINGS = 20  # Anybody can send a name: the log stays readable.
_warned: set[str] = set()


def _warn_of_unknown(name: str, clinic: Clinic) -> None:
    shown = re.sub(r"[^\w .\-]", "?", name)[:40]
    if shown in _warned or len(_warned) >= _MAX_WARNINGS:
        return
    _warned.add(shown)
    logger.warning(
        "There is no site '%s' in clinic.yml: the numbers of '%s' are given instead. Sites: %s. "
        "Correct the name on the page or in the link, or add the site.",
        shown,
        clinic.default_site,
        ", ".join(sorted(clinic.sites)),
    )


# Said only when clinic.yml itself cannot be read: nobody may be left without a number.
LAST_RESORT = Site(
    name="your treatment center",
    care_team_phone="911",
    after_hours_phone="911",
    emergency_number="911",
    crisis_line="988",
    hours="24 hours",
)


def load_clinic(
    settings: Settings | None = None, overrides: Mapping[str, str] | None = None
) -> Clinic:
    """Reads and checks clinic.yml; `CLINIC_<FIELD>` variables replace the default site's.

    Raises:
        SettingsError: naming the field, and in production mode the example values.
    """
    settings = settings or load_settings()
    path = settings.clinic_file
    data = _read(path)
    changes = dict(clinic_overrides() if overrides is None else overrides)
    try:
        clinic = Clinic.parse_obj(_override(data, changes, path))
    except ValidationError as error:
        lines = [
            f"{path}: {' -> '.join(str(p) for p in e['loc'])} {e['msg']}" for e in error.errors()
        ]
        raise SettingsError("\n".join(lines)) from error
    if settings.production and clinic.warnings():
        raise SettingsError(
            "\n".join(clinic.warnings())
            + "\nProduction mode does not start on example values: put the clinic's own into "
            "clinic.yml, or set the CLINIC_... variables."
        )
    return clinic


def _read(path: Path) -> dict[str, Any]:
    try:
        # BaseLoader keeps phone numbers as they are written: YAML reads 0123 as octal, +1 as 1.
        data = yaml.load(path.read_text(encoding="utf-8-sig"), Loader=yaml.BaseLoader)
    except FileNotFoundError as error:
        raise SettingsError(
            f"{path} is missing: copy it from the repository, or name yours in GUIDE_CLINIC_FILE."
        ) from error
    except OSError as error:
        raise SettingsError(
            f"{path} cannot be read ({error.strerror}): name the file in GUIDE_CLINIC_FILE."
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is not readable YAML: {error}") from error
    if not isinstance(data, dict):
        raise SettingsError(f"{path} must hold `default_site:` and `sites:`.")
    return data


def _override(data: dict[str, Any], changes: dict[str, str], path: Path) -> dict[str, Any]:
    default = changes.pop("default_site", None) or data.get("default_site")
    sites = data.get("sites")
    if not isinstance(sites, dict) or not all(isinstance(s, dict) for s in sites.values()):
        raise SettingsError(f"{path} must hold `sites:`, one block of fields a site.")
    unknown = sorted(set(changes) - set(Site.__fields__))
    if unknown:
        names = ", ".join(f"CLINIC_{name.upper()}" for name in unknown)
        raise SettingsError(f"{names}: no such field. Fields: {', '.join(Site.__fields__)}.")
    merged = {n: {**s, **changes} if n == default else s for n, s in sites.items()}
    return {**data, "default_site": default, "sites": merged}
