"""The clinic's own words: what is accepted, what is refused and how it is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.clinic import LAST_RESORT, Clinic, Site, load_clinic
from bot.errors import SettingsError
from bot.settings import ROOT, Settings, clinic_overrides, load_settings

FIELDS = {
    "name": "North Clinic",
    "care_team_phone": "+1 212 222 2222",
    "after_hours_phone": "(313) 333-3333",
    "emergency_number": "112",
    "crisis_line": "116 123",
    "hours": "always",
}


def settings_for(path: Path, *, production: bool = False) -> Settings:
    return load_settings(
        {"GUIDE_CLINIC_FILE": str(path), "GUIDE_PRODUCTION": "1" if production else "0"}
    )


def write(folder: Path, data: Any) -> Path:
    path = folder / "clinic.yml"
    text = data if isinstance(data, str) else yaml.safe_dump(data, allow_unicode=True)
    path.write_text(text, encoding="utf-8")
    return path


def load(
    folder: Path, data: Any, overrides: dict[str, str] | None = None, *, production: bool = False
) -> Clinic:
    settings = settings_for(write(folder, data), production=production)
    return load_clinic(settings, overrides or {})


def one_site(**changes: Any) -> dict[str, Any]:
    return {"default_site": "main", "sites": {"main": {**FIELDS, **changes}}}


# --- The shipped file -------------------------------------------------------------------------


def test_the_shipped_values_are_marked_as_examples() -> None:
    clinic = load_clinic(settings_for(ROOT / "clinic.yml"), {})
    assert clinic.warnings() == [
        "clinic.yml: site 'main' still has example values: "
        "name, care_team_phone, after_hours_phone, hours"
    ]


def test_production_refuses_the_shipped_values() -> None:
    with pytest.raises(SettingsError, match=r"still has example values(.|\n)*CLINIC_\.\.\."):
        load_clinic(settings_for(ROOT / "clinic.yml", production=True), {})


def test_production_starts_once_the_variables_replace_them() -> None:
    overrides = {k: v for k, v in FIELDS.items() if k not in {"emergency_number", "crisis_line"}}
    clinic = load_clinic(settings_for(ROOT / "clinic.yml", production=True), overrides)
    assert clinic.warnings() == []
    assert clinic.site().care_team_phone == "+1 212 222 2222"
    assert clinic.site().emergency_number == "911"


@pytest.mark.parametrize(
    ("value", "example"),
    [
        ("+1 555-0100", True),
        ("555 0199", True),
        ("(212) 555.0123", True),
        ("5550142", True),
        ("+1 555-0200", False),
        ("+1 555-0000", False),
    ],
)
def test_numbers_reserved_for_fiction_are_placeholders(value: str, example: bool) -> None:
    site = Site(**{**FIELDS, "care_team_phone": value})
    assert site.placeholders() == (["care_team_phone"] if example else [])


@pytest.mark.parametrize(
    ("name", "example"),
    [("Demo Clinic", True), ("Clinic (DEMO)", True), ("Demopolis Clinic", False)],
)
def test_demo_is_a_word(name: str, example: bool) -> None:
    assert bool(Site(**{**FIELDS, "name": name}).placeholders()) is example


def test_production_looks_at_every_site(tmp_path: Path) -> None:
    data = {"default_site": "a", "sites": {"a": FIELDS, "b": {**FIELDS, "name": "Demo"}}}
    with pytest.raises(SettingsError, match="site 'b' still has example values: name"):
        load(tmp_path, data, production=True)


# --- Reading ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("0123", "0123"),  # YAML's own reading is octal: 83.
        ("+15550200", "+15550200"),  # ... and a number without its plus.
        ("02012345670", "02012345670"),
        ("999", "999"),
        ("1_800", None),
        ("'112'", "112"),
    ],
)
def test_unquoted_numbers_are_said_as_written(
    tmp_path: Path, written: str, said: str | None
) -> None:
    text = yaml.safe_dump(one_site(crisis_line="XX")).replace("XX", written)
    if said is None:
        with pytest.raises(SettingsError, match="not a phone number"):
            load(tmp_path, text)
    else:
        assert load(tmp_path, text).site().crisis_line == said


def test_several_sites_one_of_them_the_default(tmp_path: Path) -> None:
    south = {**FIELDS, "name": "South"}
    clinic = load(tmp_path, {"default_site": "n", "sites": {"n": FIELDS, "s": south}})
    assert clinic.site("s").name == "South"
    for unknown in (None, "", "elsewhere"):
        assert clinic.site(unknown).name == "North Clinic"
    for typed in ("S", " s "):
        assert clinic.site(typed).name == "South"


def test_an_unknown_site_is_logged_once_and_in_bounds(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.clinic._warned", set())
    clinic = load(tmp_path, {"default_site": "n", "sites": {"n": FIELDS}})
    for name in ("wset\nERROR " + "x" * 500, "wset\nERROR " + "x" * 500, "n", None):
        clinic.site(name)
    (record,) = caplog.records
    assert "no site 'wset?ERROR xxx" in record.getMessage()
    assert "Sites: n." in record.getMessage()
    assert len(record.getMessage()) < 250
    for number in range(50):
        clinic.site(f"site {number}")
    assert len(caplog.records) == 20


def test_a_byte_order_mark_is_no_part_of_it(tmp_path: Path) -> None:
    path = write(tmp_path, one_site())
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert load_clinic(settings_for(path), {}).site().name == "North Clinic"


# --- Refusals ---------------------------------------------------------------------------------


@pytest.mark.parametrize("field", list(FIELDS))
def test_every_field_is_needed(tmp_path: Path, field: str) -> None:
    data = one_site()
    del data["sites"]["main"][field]
    with pytest.raises(
        SettingsError, match=rf"clinic\.yml: sites -> main -> {field} field required"
    ):
        load(tmp_path, data)


@pytest.mark.parametrize("value", ["", "  ", None])
@pytest.mark.parametrize("field", list(FIELDS))
def test_no_field_may_be_empty(tmp_path: Path, field: str, value: str | None) -> None:
    with pytest.raises(SettingsError, match=rf"{field} is empty: every field is said"):
        load(tmp_path, one_site(**{field: value}))


@pytest.mark.parametrize("value", ["call us", "12a", "-12", "1", "1" * 26, "112 or 911"])
@pytest.mark.parametrize(
    "field", ["care_team_phone", "after_hours_phone", "emergency_number", "crisis_line"]
)
def test_a_broken_phone_is_named(tmp_path: Path, field: str, value: str) -> None:
    with pytest.raises(SettingsError, match=rf"{field} '{value}' is not a phone number: digits"):
        load(tmp_path, one_site(**{field: value}))


@pytest.mark.parametrize(
    "value", ["911", "+49 30 1234-567", "(800) 555.2368", "+(1) 800", "12", "1" * 25]
)
def test_phones_as_people_write_them(tmp_path: Path, value: str) -> None:
    assert load(tmp_path, one_site(care_team_phone=value)).site().care_team_phone == value


def test_an_unknown_field_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="main -> fax extra fields not permitted"):
        load(tmp_path, one_site(fax="1"))


def test_the_default_must_be_a_site(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"has no site 'x' \(default_site\); sites: main"):
        load(tmp_path, {**one_site(), "default_site": "x"})


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("sites: [", "is not readable YAML"),
        ("just words", "must hold `default_site:` and `sites:`"),
        ("", "must hold `default_site:` and `sites:`"),
        ("default_site: a", "must hold `sites:`, one block of fields a site"),
        ("default_site: a\nsites: {a: text}", "must hold `sites:`, one block"),
        ("default_site: a\nsites: {}", "has no site 'a'"),
        ("sites: {}", "default_site"),
    ],
)
def test_files_of_another_shape_are_refused(tmp_path: Path, data: str, message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, data)
    assert message in str(caught.value)
    assert "clinic.yml" in str(caught.value)


def test_a_missing_file_says_where_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"nowhere\.yml is missing: copy it.*GUIDE_CLINIC_FILE"):
        load_clinic(settings_for(tmp_path / "nowhere.yml"), {})


def test_a_folder_in_its_place_says_what_to_set(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"cannot be read.*GUIDE_CLINIC_FILE"):
        load_clinic(settings_for(tmp_path), {})


def test_another_encoding_is_a_settings_error(tmp_path: Path) -> None:
    path = tmp_path / "clinic.yml"
    path.write_bytes("default_site: é".encode("latin-1"))
    with pytest.raises(SettingsError, match="is not readable YAML"):
        load_clinic(settings_for(path), {})


# --- Variables --------------------------------------------------------------------------------


def test_variables_replace_the_default_sites_fields_only(tmp_path: Path) -> None:
    data = {"default_site": "n", "sites": {"n": FIELDS, "s": FIELDS}}
    environ = {"CLINIC_NAME": "New", "CLINIC_HOURS": "", "PATH": "x"}
    clinic = load(tmp_path, data, clinic_overrides(environ))
    assert (clinic.site("n").name, clinic.site("n").hours) == ("New", "always")
    assert clinic.site("s").name == "North Clinic"


def test_the_default_site_may_be_chosen_by_variable(tmp_path: Path) -> None:
    data = {"default_site": "n", "sites": {"n": FIELDS, "s": {**FIELDS, "name": "South"}}}
    overrides = {"default_site": "s", "hours": "never"}
    clinic = load(tmp_path, data, overrides)
    assert (clinic.site().name, clinic.site().hours) == ("South", "never")
    assert clinic.site("n").hours == "always"
    assert overrides == {"default_site": "s", "hours": "never"}  # The caller's own stays whole.


def test_an_unknown_variable_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        SettingsError, match=r"CLINIC_FAX, CLINIC_PHONE: no such field\. Fields: name"
    ):
        load(tmp_path, one_site(), {"phone": "1", "fax": "2"})


def test_a_variable_is_checked_like_the_file(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="'ring' is not a phone number"):
        load(tmp_path, one_site(), {"crisis_line": "ring"})


# --- The last resort --------------------------------------------------------------------------


def test_the_last_resort_reaches_somebody() -> None:
    assert LAST_RESORT.placeholders() == []
    assert (LAST_RESORT.emergency_number, LAST_RESORT.crisis_line) == ("911", "988")


def test_a_loaded_clinic_cannot_be_changed(tmp_path: Path) -> None:
    clinic = load(tmp_path, one_site())
    with pytest.raises(TypeError, match="immutable"):
        clinic.site().name = "x"
