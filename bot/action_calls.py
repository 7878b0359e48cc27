"""Shortens Rasa's wait for the action server.

Rasa waits 300 s, longer than a conversation's lock lives (60 s), and offers no setting for it.
tests/contract/test_rasa_private.py holds the constant this leans on.
"""

from __future__ import annotations

import rasa.core.actions.action


def limit_action_calls(seconds: float) -> None:
    """Makes a call to a hung action server fail after `seconds`."""
    rasa.core.actions.action.DEFAULT_REQUEST_TIMEOUT = seconds
