"""Finds urgent symptoms and crisis in what a person types, so that no alarm is missed."""

from bot.safety.classifier import UrgencyClassifier
from bot.safety.clauses import split_clauses
from bot.safety.detector import Detector
from bot.safety.pattern_detector import PatternDetector
from bot.safety.verdict import Finding, Level, Verdict

__all__ = [
    "Detector",
    "Finding",
    "Level",
    "PatternDetector",
    "UrgencyClassifier",
    "Verdict",
    "split_clauses",
]
