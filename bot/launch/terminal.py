"""Takes the terminal's Ctrl-C from `make`, which would otherwise report the stop as an error."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def foreground() -> Iterator[None]:
    """Makes this process the terminal's foreground group while the block runs.

    Only under a terminal, and only inside another process's group (that of `make`). Ctrl-Z is
    ignored meanwhile: `make` would wait for a stopped process for ever.
    """
    try:
        terminal = sys.stdin.fileno()
        group = os.tcgetpgrp(terminal)
    except (OSError, ValueError):
        yield
        return
    if group != os.getpgrp() or group == os.getpid():
        yield
        return
    with suppress(OSError):
        signal.signal(signal.SIGTTOU, signal.SIG_IGN)
        signal.signal(signal.SIGTSTP, signal.SIG_IGN)
        os.setpgid(0, 0)
        os.tcsetpgrp(terminal, os.getpid())
    try:
        yield
    finally:
        with suppress(OSError):
            os.tcsetpgrp(terminal, group)
