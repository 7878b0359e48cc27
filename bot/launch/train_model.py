"""One training, in a process of its own: `rasa train`, but it says why a component failed."""

from __future__ import annotations

import logging
import sys

from bot.launch.parent import stop_with_parent
from bot.settings import quiet_third_parties

FAILED = 3
PROBLEM = "problem: "
"""Begins each line that the launcher shows when the training fails."""


def main() -> int:
    """Trains; prints the problem without a stack trace and returns 3 if it fails."""
    quiet_third_parties()
    stop_with_parent()
    logging.basicConfig(format="%(message)s", level=logging.INFO, stream=sys.stdout)
    from rasa.__main__ import create_argument_parser

    from bot.launch.causes import why

    arguments = create_argument_parser().parse_args(["train"])
    try:
        arguments.func(arguments)
    except SystemExit as error:
        return FAILED if error.code else 0
    except Exception as error:
        logging.debug("training failed", exc_info=error)
        for line in why(error).splitlines():
            print(f"{PROBLEM}{line}")
        return FAILED
    return 0


if __name__ == "__main__":
    sys.exit(main())
