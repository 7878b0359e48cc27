"""Runs the bot and its action server side by side, and says what becomes of them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from bot.launch.backoff import Backoff
from bot.launch.console import Console
from bot.launch.logs import LogSink
from bot.launch.processes import Child, stop_all
from bot.launch.readiness import Answer, State

TICK = 0.25
UP_INTERVAL = 5.0
"""Seconds between two looks at a server; at one that is up, the second."""

PATIENCE = 180.0
"""Seconds after which a slow start is mentioned: five times what it takes here."""


@dataclass
class Server:
    """One of the two servers: how it is started, asked, and what became of it."""

    name: str
    what: str
    command: list[str]
    ask: Callable[[], Answer]
    backoff: Backoff = field(default_factory=Backoff)
    child: Child | None = None
    started: float = 0.0
    start_again: float = 0.0
    next_question: float = 0.0
    answer: Answer = field(default_factory=lambda: Answer(State.STARTING))
    was_up: bool = False


class Supervisor:
    """Starts the servers, watches them until it is interrupted, then stops them."""

    def __init__(
        self, servers: list[Server], *, root: Path, sink: LogSink, console: Console, welcome: str
    ) -> None:
        self._servers = servers
        self._root = root
        self._sink = sink
        self._console = console
        self._welcome = welcome

    def run(self) -> int:
        """Runs until Ctrl-C or SIGTERM (0), or until a server dies before it was up (1)."""
        started = time.monotonic()
        try:
            names = " and ".join(
                server.what[0].lower() + server.what[1:] for server in self._servers
            )
            with self._console.waiting(f"Starting {names}"):
                if not self._until_answered(started):
                    return 1
            seconds = time.monotonic() - started
            ready = all(server.answer.state is State.READY for server in self._servers)
            how = "Ready" if ready else "Up, but NOT READY (see above),"
            self._console.say(f"{how} after {seconds:.0f} s.\n{self._welcome}")
            return self._watch()
        except KeyboardInterrupt:
            self._console.say("\nStopping ...")
            return 0
        finally:
            self._stop()
            self._console.say("Stopped.")

    def _until_answered(self, started: float) -> bool:
        """Waits until each server has answered for the first time; False if one died."""
        warned = False
        for server in self._servers:
            self._start(server)
        while any(server.answer.state is State.STARTING for server in self._servers):
            if not all(self._mind(server) for server in self._servers):
                return False
            if not warned and time.monotonic() - started > PATIENCE:
                warned = True
                slow = [s for s in self._servers if s.answer.state is State.STARTING]
                for server in slow:
                    self._console.say(f"{server.what} is slow to start; its last lines:")
                    self._show_last_lines(server)
            time.sleep(TICK)
        return True

    def _watch(self) -> int:
        while all(self._mind(server) for server in self._servers):
            time.sleep(TICK)
        return 1

    def _mind(self, server: Server) -> bool:
        """Looks after one server; False if it died before it was ever up."""
        now = time.monotonic()
        if server.child is None:
            if now >= server.start_again:
                self._start(server)
            return True
        code = server.child.exit_code()
        if code is not None:
            return self._bury(server, code)
        if now >= server.next_question:
            self._note(server, server.ask())
            ready = server.answer.state is State.READY
            server.next_question = time.monotonic() + (UP_INTERVAL if ready else TICK)
        return True

    def _note(self, server: Server, answer: Answer) -> None:
        before, server.answer = server.answer, answer
        if answer.state is State.STARTING:
            # Busy, or not listening yet; whether it lives is seen by its process.
            server.answer = before
            return
        if answer.state is State.NOT_READY and answer != before:
            self._console.say(f"{server.what} is up but NOT READY: {answer.why}")
        if answer.state is State.READY and before.state is not State.READY and server.was_up:
            self._console.say(f"{server.what} is ready again.")
        server.was_up = True

    def _start(self, server: Server) -> None:
        server.started = time.monotonic()
        server.answer = Answer(State.STARTING)
        server.child = Child(server.name, server.command, self._sink.write, self._root)

    def _bury(self, server: Server, code: int) -> bool:
        """Tells of a death, with the last lines; starts again unless it never came up."""
        how = f"by signal {-code}" if code < 0 else f"with exit code {code}"
        self._console.say(f"{server.what} ended {how}. Its last lines:")
        self._show_last_lines(server)
        if server.child is not None:
            server.child.stop()
            server.child = None
        if not server.was_up and server.name == "bot":
            self._console.say(f"It never came up, so nothing is left running. {self._logs()}")
            return False
        wait = server.backoff.after(time.monotonic() - server.started)
        server.start_again = time.monotonic() + wait
        # Answered, in that it need not be waited for at the start: it has its own rhythm now.
        server.answer = Answer(State.NOT_READY)
        self._console.say(f"{server.what} is started again in {wait:.0f} s. {self._logs()}")
        return True

    def _show_last_lines(self, server: Server) -> None:
        for line in server.child.last_lines if server.child else ():
            self._console.say(f"  {server.name} | {line}")

    def _logs(self) -> str:
        return f"The log is {self._sink.path}."

    def _stop(self) -> None:
        stop_all([server.child for server in self._servers if server.child is not None])
        self._sink.close()
