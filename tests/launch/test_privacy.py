from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from bot.errors import ModelError
from bot.launch.privacy import PrivateRecord, describe, keep_plain_fields, redact

WORDS = "my husband cannot breathe"


@pytest.fixture
def private_records() -> Iterator[None]:
    before = logging.getLogRecordFactory()
    logging.setLogRecordFactory(PrivateRecord)
    yield
    logging.setLogRecordFactory(before)


@pytest.mark.parametrize(
    "message",
    [
        f"Failed to parse '{WORDS}'.",
        f'Failed to parse "{WORDS}" at once',
        f"Failed to parse 'my husband's nurse said {WORDS}' twice",
        f"text={WORDS}",
        f"parse_data_text='{WORDS}' intent=greet",
        f"event {{'event': 'user', 'text': '{WORDS}', 'timestamp': 1}}",
        f'{{"text": "{WORDS}", "level": "error"}}',
        f"(sqlite3.OperationalError) locked\n[SQL: INSERT INTO events]\n[parameters: ('{WORDS}',)]",
        f"duplicate key\nDETAIL:  Failing row contains (1, {WORDS}).",
        f"invalid input syntax\nLINE 1: {WORDS}",
        f"Task exception was never retrieved future: <Task exception=ValueError('{WORDS}')>",
        f'500, Internal Server Error, body=\'b\'{{"request": "{WORDS}"}}\'',
        f"Invalid entity specification: [{{'entity': 'x', 'value': '{WORDS}'}}]. Assuming none.",
    ],
)
def test_words_are_removed(message: str) -> None:
    assert WORDS not in redact(message)
    assert "breathe" not in redact(message)


@pytest.mark.parametrize(
    "message",
    [
        "Failed to run custom action 'action_x'. Couldn't connect to the server.",
        "Starting worker [123]",
        "Loading model models/20260101-120000-red-fox.tar.gz...",
        "Error when saving to 'SQLTrackerStore'. Falling back to 'InMemoryTrackerStore'.",
    ],
)
def test_what_operators_need_stays(message: str) -> None:
    assert redact(message) == message


def test_our_own_quoted_phrases_stay() -> None:
    message = "clinic.yml: site 'North Clinic' still has example values"
    assert redact(message, ours=True) == message


def test_redacting_twice_is_redacting_once() -> None:
    once = redact(f"Failed to parse '{WORDS}' text={WORDS}")
    assert redact(once) == once


@pytest.mark.usefixtures("private_records")
def test_no_handler_sees_the_words(caplog: pytest.LogCaptureFixture) -> None:
    try:
        raise ValueError(WORDS)
    except ValueError:
        logging.getLogger("rasa.core.processor").exception("failed on '%s'", WORDS)
    assert WORDS not in caplog.text
    assert "builtins.ValueError" in caplog.text
    assert "test_privacy.py" in caplog.text


@pytest.mark.usefixtures("private_records")
def test_a_real_failed_save_is_redacted(caplog: pytest.LogCaptureFixture) -> None:
    engine = sa.create_engine("sqlite://")
    with pytest.raises(sa.exc.OperationalError) as caught, engine.begin() as connection:
        connection.execute(sa.text("INSERT INTO nowhere VALUES (:data)"), {"data": WORDS})
    assert WORDS in str(caught.value)  # What would have been logged.
    logging.getLogger("rasa.core.tracker_store").error(f"investigate: {caught.value}.")
    assert "no such table" in caplog.text
    assert WORDS not in caplog.text


@pytest.mark.usefixtures("private_records")
def test_debug_records_stay_whole(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("rasa").debug("received '%s'", WORDS)
    assert WORDS in caplog.text


@pytest.mark.usefixtures("private_records")
def test_a_message_that_cannot_be_formatted_is_removed(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("rasa").error("%d", WORDS)
    assert WORDS not in caplog.text


def test_structured_events_keep_names_and_numbers() -> None:
    event = {
        "event": "rest.message.received.failure",
        "text": WORDS,
        "user_message": {"text": WORDS},
        "action_name": "action_listen",
        "seconds": 3,
        "level": "error",
    }
    line = keep_plain_fields(None, "error", event)
    assert line == "rest.message.received.failure action_name=action_listen seconds=3"


def test_an_action_body_in_a_chain_of_causes_is_not_told() -> None:
    try:
        try:
            raise RuntimeError(f"500, body='{WORDS}'")
        except RuntimeError as error:
            raise ValueError("Failed to execute custom action") from error
    except ValueError as error:
        told = describe(error)
    assert WORDS not in told
    assert told.index("ValueError") < told.index("RuntimeError")


def test_errors_with_a_remedy_keep_their_words() -> None:
    assert "run make train" in describe(ModelError("run make train"))


def test_a_forgotten_task_is_redacted() -> None:
    async def fail() -> None:
        raise ValueError(WORDS)

    async def described() -> str:
        task = asyncio.ensure_future(fail())
        await asyncio.wait([task])
        task.exception()
        return f"Task exception was never retrieved\nfuture: {task!r}"

    text = asyncio.run(described())
    assert WORDS in text
    assert WORDS not in redact(text)


def test_loading_a_model_does_not_change_the_level() -> None:
    from bot.launch.model_loading import kept_level

    root = logging.getLogger()
    before = root.level
    with kept_level():
        root.setLevel(logging.CRITICAL)
    assert root.level == before
