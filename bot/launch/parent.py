"""Ends a child process whose launcher was killed, so that no port stays taken."""

from __future__ import annotations

import os
import signal
import threading
import time


def stop_with_parent(seconds: float = 1.0) -> None:
    """Sends this process SIGTERM once the process that started it is gone."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(seconds)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True, name="stop-with-parent").start()
