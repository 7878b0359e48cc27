"""Order within a conversation, and who holds up whom."""

from __future__ import annotations

import asyncio

from bot.channels.telegram.lanes import Lanes


async def test_turns_that_hang_give_up_their_place_to_others_but_not_to_their_own() -> None:
    lanes = Lanes(at_once=2, busy=0.01)
    go, begun = asyncio.Event(), list[str]()

    async def turn(conversation: str, *, hangs: bool) -> None:
        async with lanes.place(conversation) as place, lanes.turn(place):
            begun.append(conversation)
            if hangs:
                await go.wait()

    hanging = [asyncio.ensure_future(turn(c, hangs=True)) for c in "ab"]
    await asyncio.sleep(0)
    second = asyncio.ensure_future(turn("a", hangs=False))
    await asyncio.wait_for(turn("c", hangs=False), 10)
    assert begun == ["a", "b", "c"] and not second.done()
    go.set()
    await asyncio.gather(*hanging, second)
    assert begun == ["a", "b", "c", "a"]


async def test_who_leaves_early_lets_nobody_past_those_before() -> None:
    lanes = Lanes()
    async with lanes.place("a") as first:
        async with lanes.place("a"):  # An edit without news: nothing to wait for.
            pass
        async with lanes.place("a") as third:
            reached = asyncio.ensure_future(third.reached())
            await asyncio.sleep(0.01)
            assert not reached.done() and not first.done.done()
            reached.cancel()
    async with lanes.place("a") as fourth:
        await asyncio.wait_for(fourth.reached(), 10)


async def test_a_place_given_up_is_not_given_back_twice() -> None:
    lanes = Lanes(at_once=1, busy=0.01)

    async def turn(conversation: str) -> None:
        async with lanes.place(conversation) as place, lanes.turn(place):
            await asyncio.sleep(0.05)

    await asyncio.gather(*(turn(str(n)) for n in range(5)))
    running, most = 0, 0

    async def count(conversation: str) -> None:
        nonlocal running, most
        async with lanes.place(conversation) as place, lanes.turn(place):
            running += 1
            most = max(most, running)
            await asyncio.sleep(0)
            running -= 1

    await asyncio.gather(*(count(str(n)) for n in range(5)))
    assert most == 1
