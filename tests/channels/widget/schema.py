"""The wire format's schema, and a reply held against it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import jsonschema

from bot.settings import ROOT

WIRE = ROOT / "widget" / "wire"


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


MESSAGE = jsonschema.Draft7Validator(read(WIRE / "message.schema.json"))
REQUEST = jsonschema.Draft7Validator(read(WIRE / "request.schema.json"))


def assert_of_the_schema(said: Iterable[dict[str, Any]]) -> None:
    """Fails at the first line of a reply that is not of the schema, and says in what."""
    for line in said:
        wrong = [error.message for error in MESSAGE.iter_errors(line)]
        assert not wrong, f"{wrong} in {line}"
