"""`python -m bot.launch run|train|shell`: what the Makefile's targets of that name call."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from functools import partial
from pathlib import Path

from bot.clinic import load_clinic
from bot.errors import GuideError, SettingsError
from bot.launch.console import Console
from bot.launch.disk import explain, require_writable
from bot.launch.endpoints import runs_actions_here
from bot.launch.logs import LogSink
from bot.launch.ports import free_port, require_free
from bot.launch.readiness import ask, reachable_host
from bot.launch.reviews import require_reviews
from bot.launch.supervisor import Server, Supervisor
from bot.launch.terminal import foreground
from bot.launch.training import Trainer
from bot.settings import ROOT, Settings, load_settings, quiet_third_parties

SHELL_PORT = 5005
"""Where `rasa shell` starts a server of its own; the next free port if it is taken."""


def main() -> int:
    """Runs a command; a problem that has a remedy is printed without a stack trace."""
    parser = argparse.ArgumentParser(prog="python -m bot.launch", description=__doc__)
    parser.add_argument("command", choices=["run", "train", "shell"], nargs="?", default="run")
    parser.add_argument("--force", action="store_true", help="train although nothing changed")
    arguments = parser.parse_args()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    quiet_third_parties()
    os.chdir(ROOT)
    console = Console()
    try:
        settings = load_settings()
        trainer = Trainer(ROOT, settings.data_dir / "log" / "train.log", console)
        if arguments.command == "train":
            trainer.ensure(force=arguments.force)
            return 0
        if arguments.command == "shell":
            return shell(settings, trainer, console)
        with foreground():
            return run(settings, trainer, console)
    except GuideError as error:
        console.say(f"\n{error}")
        return 2
    except OSError as error:
        console.say(f"\n{explain(error)} Then run the same command again.")
        return 2
    except KeyboardInterrupt:
        console.say("\nStopped.")
        return 130


def run(settings: Settings, trainer: Trainer, console: Console) -> int:
    """Checks, trains when stale, then serves until it is stopped."""
    _check(settings, console)
    actions_here = runs_actions_here(ROOT / "endpoints.yml")
    _check_ports(settings, actions_here)
    model = _model(trainer, console)
    _check_ports(settings, actions_here)  # The training took a minute: still free?
    servers = _servers(settings, model, actions_here)
    sink = LogSink(settings.data_dir / "log" / "guide.log", console)
    supervisor = Supervisor(
        servers, root=ROOT, sink=sink, console=console, welcome=_welcome(settings, sink.path)
    )
    return supervisor.run()


def shell(settings: Settings, trainer: Trainer, console: Console) -> int:
    """Trains when stale, then becomes `rasa shell`; 1 if there is no model to talk to."""
    _check(settings, console)
    if _model(trainer, console) is not None:
        console.say("Starting `rasa shell`; /stop ends it.")
        port = str(free_port(SHELL_PORT, "0.0.0.0"))
        os.execv(sys.executable, [sys.executable, "-m", "rasa", "shell", "--port", port])
    return 1


def _check(settings: Settings, console: Console) -> None:
    for warning in load_clinic(settings).warnings():
        console.say(f"Note: {warning}")
    require_reviews(settings, ROOT / "knowledge")
    for folder in (settings.data_dir, settings.data_dir / "log"):
        require_writable(folder)


def _check_ports(settings: Settings, actions_here: bool) -> None:
    require_free("GUIDE_PORT", settings.port, settings.interface, "the bot")
    if not actions_here:
        return
    if settings.port == settings.action_port:
        raise SettingsError(
            f"GUIDE_PORT and GUIDE_ACTION_PORT are both {settings.port}: set one to another port."
        )
    require_free("GUIDE_ACTION_PORT", settings.action_port, "127.0.0.1", "the action server")


def _model(trainer: Trainer, console: Console) -> Path | None:
    """Trains when stale; after a failure goes on with the last model, or with none."""
    try:
        return trainer.ensure()
    except GuideError as error:
        model = trainer.newest()
        console.say(f"\n{error}\nCorrect this and start again.")
        if model is None:
            console.say("Until then there is NO MODEL: people get the clinic's numbers only.\n")
        else:
            console.say(f"Until then the last model answers, models/{model.name}.\n")
        return model


def _servers(settings: Settings, model: Path | None, actions_here: bool) -> list[Server]:
    host = reachable_host(settings.interface)
    bot = Server(
        name="bot",
        what="The bot",
        command=["bot.launch.server", *(["--model", str(model)] if model else [])],
        ask=partial(ask, host, settings.port, "/health/ready"),
    )
    actions = Server(
        name="actions",
        what="The action server",
        command=["bot.launch.actions"],
        ask=partial(ask, "127.0.0.1", settings.action_port, "/health"),
    )
    return [bot, actions] if actions_here else [bot]


def _welcome(settings: Settings, log: Path) -> str:
    host = reachable_host(settings.interface)
    base = f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"
    body = '{"sender": "me", "message": "What happens on infusion day?"}'
    demo = "" if settings.production else f"Demo clinic page: {base}/webhooks/widget/demo\n"
    return (
        f"{demo}Talk to it:\n"
        f"  curl -s {base}/webhooks/rest/webhook -H 'Content-Type: application/json' \\\n"
        f"    -d '{body}'\n"
        f"  make shell                  (in another terminal)\n"
        f"Health: {base}/health/ready   Log: {log}\n"
        f"Ctrl-C stops it."
    )


def _interrupt(_: int, __: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
