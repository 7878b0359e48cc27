"""Clear: the conversation is gone from the store after the turn, and from the guard's memory."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from rasa.core.agent import Agent
from rasa.core.channels.channel import UserMessage
from rasa.core.lock_store import InMemoryLockStore
from rasa.core.tracker_store import (
    AwaitableTrackerStore,
    FailSafeTrackerStore,
    InMemoryTrackerStore,
    MongoTrackerStore,
    RedisTrackerStore,
)
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from bot.channels.widget.erasure import NotErasedError, erase
from tests.channels.widget.server import LISTED, Site, kinds, running, sql
from tests.policies import tiny

WORDS = "zebrafish"
ME, OTHER = "widget:me", "widget:other"


class Bot:
    """What erasing needs of an agent."""

    def __init__(self, store: Any) -> None:
        self.tracker_store = store
        self.lock_store = InMemoryLockStore()


async def save(store: Any, *senders: str) -> None:
    for sender in senders:
        events = [UserUttered(WORDS)]
        await store.save(DialogueStateTracker.from_events(sender, events))


async def test_one_conversation_goes_and_the_others_stay(tmp_path: Path) -> None:
    store = FailSafeTrackerStore(AwaitableTrackerStore(sql(tmp_path)))
    await save(store, ME, OTHER)
    await erase(Bot(store), ME)
    assert list(await store.keys()) == [OTHER]


async def test_the_words_leave_the_file_too(tmp_path: Path) -> None:
    store = sql(tmp_path)
    await save(store, ME)
    file = tmp_path / "conversations.db"
    assert WORDS.encode() in file.read_bytes()
    await erase(Bot(store), ME)
    assert WORDS.encode() not in file.read_bytes()


async def test_the_store_in_memory_that_stands_in_is_erased_too(tmp_path: Path) -> None:
    stands_in = InMemoryTrackerStore(Domain.empty())
    store = FailSafeTrackerStore(sql(tmp_path), fallback_tracker_store=stands_in)
    await save(stands_in, ME)
    await erase(Bot(store), ME)
    assert list(await stands_in.keys()) == []


class Redis:
    """The calls of a Redis client that Rasa's store makes."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}

    def get(self, key: str) -> str | None:
        return self.kept.get(key)

    def set(self, key: str, value: str, ex: float | None = None) -> None:
        self.kept[key] = value

    def delete(self, key: str) -> None:
        self.kept.pop(key, None)


class Mongo:
    """The calls of a MongoDB collection that Rasa's store makes, as far as it needs them."""

    def __init__(self) -> None:
        self.kept: dict[str, dict[str, Any]] = {}

    def create_index(self, name: str) -> None:
        assert name == "sender_id"

    def find_one(self, chosen: dict[str, str]) -> dict[str, Any] | None:
        return self.kept.get(chosen["sender_id"])

    def update_one(self, chosen: dict[str, str], change: dict[str, Any], upsert: bool) -> None:
        row = self.kept.setdefault(chosen["sender_id"], {"events": []})
        row.update(change["$set"])
        row["events"] += change["$push"]["events"]["$each"]

    def delete_many(self, chosen: dict[str, str]) -> None:
        self.kept.pop(chosen["sender_id"], None)


@pytest.mark.parametrize("kind", ["redis", "mongo"])
async def test_rasas_other_stores_are_erased_too(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Redis() if kind == "redis" else Mongo()
    store: Any
    if kind == "redis":
        store = RedisTrackerStore(Domain.empty(), key_prefix="north")
        store.red = client
    else:
        monkeypatch.setattr(MongoTrackerStore, "conversations", client)
        store = MongoTrackerStore(Domain.empty())
    await save(store, ME, OTHER)
    assert len(client.kept) == 2
    await erase(Bot(FailSafeTrackerStore(AwaitableTrackerStore(store))), ME)
    assert len(client.kept) == 1 and not any(key.endswith(ME) for key in client.kept)
    left = await store.retrieve(OTHER)
    assert left is not None and left.latest_message.text == WORDS


async def test_erasing_what_is_not_there_is_no_error(tmp_path: Path) -> None:
    store = sql(tmp_path)
    await erase(Bot(store), ME)
    assert list(await store.keys()) == []


@pytest.mark.parametrize("agent", [None, Bot(None), Bot(object())])
async def test_what_cannot_be_erased_is_said(agent: Any) -> None:
    with pytest.raises(NotErasedError):
        await erase(agent, ME)


async def test_a_store_that_keeps_it_all_the_same_is_noticed(tmp_path: Path) -> None:
    store = sql(tmp_path)
    await save(store, ME)

    class Keeping(FailSafeTrackerStore):  # type: ignore[misc]
        async def retrieve(self, sender_id: str) -> Any:
            return DialogueStateTracker.from_events(sender_id, [UserUttered(WORDS)])

    with pytest.raises(NotErasedError, match="still stored"):
        await erase(Bot(Keeping(store)), ME)


@pytest.fixture
async def site(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, agent: Agent
) -> AsyncIterator[Site]:
    async def turn(message: UserMessage) -> None:
        message.parse_data = tiny.understood(message.text, "greet")
        if "slowly" not in message.text:
            await agent.handle_message(message)
            return
        async with agent.lock_store.lock(message.sender_id):  # As the agent does.
            await asyncio.sleep(0.3)
            await agent.processor.handle_message(message)

    async with running(tmp_path, monkeypatch, turn=turn) as started:
        started.app.ctx.agent = agent
        yield started


def stored(folder: Path) -> int:
    with sqlite3.connect(folder / "conversations.db") as database:
        return int(database.execute("select count(*) from events").fetchone()[0])


async def begin(site: Site) -> str:
    said = await site.say(f"hi {WORDS}", message_id="m")
    assert kinds(said)[0] == "conversation"
    return str(said[0]["custom"]["conversation"])


async def test_clear_removes_the_conversation_from_the_store(site: Site, tmp_path: Path) -> None:
    token = await begin(site)
    assert stored(tmp_path) > 0
    cleared = await site.post("/clear", {"v": 1, "conversation": token})
    assert (cleared.status_code, cleared.json()) == (200, {"v": 1, "deleted": True})
    assert cleared.headers.get_list("access-control-allow-origin") == [LISTED]
    assert stored(tmp_path) == 0
    assert WORDS.encode() not in (tmp_path / "conversations.db").read_bytes()


async def test_clear_waits_for_the_turn_that_is_running(site: Site, tmp_path: Path) -> None:
    token = await begin(site)
    turn = asyncio.ensure_future(site.say(f"slowly {WORDS}", conversation=token))
    await asyncio.sleep(0.1)
    assert (await site.post("/clear", {"conversation": token})).status_code == 200
    await turn
    assert stored(tmp_path) == 0


async def test_clear_forgets_the_replies_kept_for_repeats(site: Site, tmp_path: Path) -> None:
    token = await begin(site)
    await site.post("/clear", {"conversation": token})
    await site.say(f"hi {WORDS}", conversation=token, message_id="m")
    assert stored(tmp_path) > 0  # A turn of its own, not a replay.


async def test_clearing_twice_is_no_error(site: Site) -> None:
    token = await begin(site)
    for _ in range(2):
        assert (await site.post("/clear", {"conversation": token})).status_code == 200


@pytest.mark.parametrize("body", [b"", b"{}", b'{"conversation": "a.1.b"}', b"x" * 5000])
async def test_only_its_own_browser_can_clear_a_conversation(
    site: Site, tmp_path: Path, body: bytes
) -> None:
    await begin(site)
    refused = await site.post("/clear", body)
    assert refused.status_code == 400
    assert refused.json()["error"]
    assert stored(tmp_path) > 0


async def test_a_page_that_is_not_listed_clears_nothing(site: Site, tmp_path: Path) -> None:
    token = await begin(site)
    refused = await site.post("/clear", {"conversation": token}, origin="https://evil.example")
    assert refused.status_code == 403
    assert stored(tmp_path) > 0


async def test_what_could_not_be_deleted_is_said(site: Site, agent: Agent) -> None:
    token = await begin(site)
    agent.tracker_store = None
    failed = await site.post("/clear", {"conversation": token})
    assert failed.status_code == 503
    assert "Try again" in failed.json()["error"]
