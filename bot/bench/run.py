"""One run: starts the bots, sends every planned turn to each, and gathers the figures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bot.bench import bots, schedule, training
from bot.bench.client import Client
from bot.bench.errors import BenchError
from bot.bench.figures import Latency, Turn, latency
from bot.bench.machine import Machine, look
from bot.bench.process import Program, free_port
from bot.bench.store import count_messages
from bot.settings import ROOT

CACHE = ROOT / "results" / ".bench-cache"

Say = Callable[[str], None]


@dataclass(frozen=True)
class Options:
    """What to run: long conversations a bot, their turns, and whether to train ours anew."""

    rounds: int
    turns: int
    train: bool = False


@dataclass(frozen=True)
class Measured:
    """A bot's figures: megabytes, seconds, and the long conversations' messages."""

    latency: Latency
    memory: float
    start: float
    train: float | None
    train_cached: bool
    sent: int
    stored: int


@dataclass(frozen=True)
class Run:
    """All figures of a run."""

    options: Options
    model: str
    machine: Machine
    bots: dict[str, Measured]
    action_memory: float


@dataclass
class _Running:
    bot: bots.Bot
    trained: training.Trained
    server: Program
    client: Client
    start: float
    turns: list[Turn]


def run(options: Options, work: Path, say: Say) -> Run:
    """Makes a run; every server is stopped when it returns or raises.

    Args:
        options: what to run.
        work: an empty folder for logs and stores.
        say: is told what is going on.

    Raises:
        BenchError: if a bot cannot be trained, started or spoken to.
    """
    trained = _train(options, work, say)
    machine = look()
    with ExitStack() as stack:
        action_port = free_port()
        actions = stack.enter_context(
            Program(
                bots.action_server(),
                folder=work,
                environment=bots.guide_environment(work, action_port),
                log=work / "actions.log",
            )
        )
        running = [
            _start(_bot(name, one, work, action_port), one, work, stack, say)
            for name, one in trained.items()
        ]
        _talk(running, options, say)
        memory = {r.bot.name: r.server.memory() for r in running}
        action_memory = actions.memory()
    return Run(
        options,
        trained[bots.GUIDE].model.name,
        machine,
        {r.bot.name: _measured(r, options, memory[r.bot.name]) for r in running},
        action_memory,
    )


def _train(options: Options, work: Path, say: Say) -> dict[str, training.Trained]:
    say("models: stock and bare are trained once, then kept in results/.bench-cache")
    stock = training.stock_model(CACHE, work)
    bare = training.bare_model(CACHE, work)
    if options.train:
        say("training this bot from nothing: some minutes")
    guide = training.guide_model(work, train=options.train)
    return {bots.GUIDE: guide, bots.STOCK: stock, bots.BARE: bare}


def _bot(name: str, trained: training.Trained, work: Path, action_port: int) -> bots.Bot:
    if name == bots.GUIDE:
        return bots.guide(trained.model, work, free_port(), action_port)
    return bots.other(name, trained.project, trained.model, work, free_port())


def _start(
    bot: bots.Bot, trained: training.Trained, work: Path, stack: ExitStack, say: Say
) -> _Running:
    say(f"starting {bots.LABELS[bot.name]}")
    server = stack.enter_context(
        Program(
            bot.command,
            folder=bot.folder,
            environment=bot.environment,
            log=work / f"{bot.name}.log",
        )
    )
    client = Client(bot.port)
    seconds = client.wait_for_first_reply(server, bot.messages[0])
    if bot.name == bots.GUIDE and not client.is_ready():
        raise BenchError(f"This bot started without its model. Run `make train`.\n{server.tail()}")
    return _Running(bot, trained, server, client, seconds, [])


def _talk(running: Sequence[_Running], options: Options, say: Say) -> None:
    """Sends each turn to every bot before the next turn, in a rotating order."""
    sender = ""
    for number, planned in enumerate(schedule.plan(options.rounds, options.turns)):
        if not planned.fresh and planned.sender != sender:
            sender = planned.sender
            say(f"round {sender.removeprefix('long-')} of {options.rounds}")
        first = number % len(running)
        for one in [*running[first:], *running[:first]]:
            message = one.bot.messages[planned.message]
            one.turns.append(one.client.time_turn(one.server, planned, message))


def _measured(one: _Running, options: Options, memory: float) -> Measured:
    senders = schedule.senders(options.rounds)
    return Measured(
        latency=latency(one.turns, options.turns),
        memory=memory,
        start=one.start,
        train=one.trained.seconds,
        train_cached=one.trained.cached,
        sent=len(senders) * schedule.length(options.turns),
        stored=sum(count_messages(one.bot.database, sender) for sender in senders),
    )
