"""Keeps a slow or missing action server from holding up or shouting into a conversation.

Rasa waits 300 s for it, longer than a conversation's lock lives (60 s), and logs a stack trace
when it fails; neither is a setting. tests/test_rasa_contract.py holds what this leans on.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import rasa.core.actions.action
from rasa.core.actions.action import ActionExecutionRejection, RemoteAction

logger = logging.getLogger(__name__)

Run = Callable[..., Awaitable[list[Any]]]


def tame_action_calls(seconds: float) -> None:
    """Ends a call to the action server after `seconds`; a call that fails is one line in the log.

    The turn goes on in either case, as Rasa's does: the person has been answered before.
    """
    rasa.core.actions.action.DEFAULT_REQUEST_TIMEOUT = seconds
    if not hasattr(RemoteAction.run, "__wrapped__"):
        RemoteAction.run = _without_trace(RemoteAction.run)


def _without_trace(run: Run) -> Run:
    @functools.wraps(run)
    async def tamed(self: RemoteAction, *args: Any, **kwargs: Any) -> list[Any]:
        try:
            return await run(self, *args, **kwargs)
        except ActionExecutionRejection:  # A form's: other policies go on from it.
            raise
        except Exception as error:
            logger.warning("%s was not run: %s", self.name(), type(error).__name__)
            return []

    return tamed
