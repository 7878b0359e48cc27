"""One pattern detector a process, for the raw text: before any model, refusal or lock."""

from __future__ import annotations

import logging
from functools import lru_cache

from bot.safety.pattern_detector import PatternDetector
from bot.safety.readings import ReadingLimits
from bot.safety.verdict import Level, Verdict
from bot.settings import load_settings

logger = logging.getLogger(__name__)


@lru_cache(maxsize=2)
def shared_patterns(fever_celsius: float) -> PatternDetector:
    """Returns the process's pattern detector for a fever threshold; loads it at the first call."""
    detector = PatternDetector(limits=ReadingLimits(fever_celsius=fever_celsius))
    detector.detect("warm up")
    return detector


def quick_verdict(text: str, *, fever_celsius: float | None = None) -> Verdict:
    """Judges raw text by the patterns alone; never raises."""
    try:
        threshold = load_settings().fever_celsius if fever_celsius is None else fever_celsius
        return shared_patterns(threshold).detect(text)
    except Exception as error:  # A turn must go on; the trained half still listens.
        logger.error("patterns failed: %s", type(error).__name__)
        return Verdict(Level.NONE)
