"""The small bot of tests/policies, behind the guard."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.policies import tiny


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.train(tmp_path_factory.getbasetemp() / "tiny")
