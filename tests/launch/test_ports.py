from __future__ import annotations

import os
import socket
from collections.abc import Iterator

import pytest

from bot.errors import SettingsError
from bot.launch.ports import free_port, require_free


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(1)
        yield int(listener.getsockname()[1])


def test_a_taken_port_is_named_with_its_holder_and_another(taken: int) -> None:
    with pytest.raises(SettingsError) as error:
        require_free("GUIDE_PORT", taken, "127.0.0.1", "the bot")
    text = str(error.value)
    assert f"Port {taken}, for the bot, is taken" in text
    assert f"process {os.getpid()}" in text
    assert "GUIDE_PORT=" in text


def test_a_free_port_is_accepted(taken: int) -> None:
    port = free_port(taken, "127.0.0.1")
    assert port != taken
    require_free("GUIDE_PORT", port, "127.0.0.1", "the bot")
    require_free("GUIDE_PORT", port, "127.0.0.1", "the bot")  # Looking did not take it.


def test_an_address_of_another_machine_is_explained() -> None:
    with pytest.raises(SettingsError, match="GUIDE_INTERFACE"):
        require_free("GUIDE_PORT", 5080, "192.0.2.1", "the bot")


def test_a_name_that_does_not_exist_is_explained() -> None:
    with pytest.raises(SettingsError, match="GUIDE_INTERFACE"):
        require_free("GUIDE_PORT", 5080, "no such host", "the bot")
