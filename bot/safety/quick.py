"""One pattern detector a process, for the raw text: before any model, refusal or lock."""

from __future__ import annotations

import logging
from functools import lru_cache

from bot.safety.pattern_detector import PatternDetector
from bot.safety.readings import ReadingLimits
from bot.safety.syntax import load_pipeline
from bot.safety.verdict import Level, Verdict
from bot.settings import load_settings

logger = logging.getLogger(__name__)


@lru_cache(maxsize=2)
def shared_patterns(fever_celsius: float) -> PatternDetector:
    """Returns the process's pattern detector for a fever threshold; loads it at the first call.

    spaCy's parse is asked only about denials, and can only take them back.
    """
    limits = ReadingLimits(fever_celsius=fever_celsius)
    try:
        detector = PatternDetector(load_pipeline(), limits=limits)
    except Exception as error:  # The rules alone still alarm.
        logger.error("spaCy not loaded for negation: %s", type(error).__name__)
        detector = PatternDetector(limits=limits)
    detector.detect("warm up, no fever")
    return detector


def quick_verdict(text: str, *, fever_celsius: float | None = None) -> Verdict:
    """Judges raw text by the patterns alone; never raises."""
    try:
        threshold = load_settings().fever_celsius if fever_celsius is None else fever_celsius
        return shared_patterns(threshold).detect(text)
    except Exception as error:  # A turn must go on; the trained half still listens.
        logger.error("patterns failed: %s", type(error).__name__)
        return Verdict(Level.NONE)
