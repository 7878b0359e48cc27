"""Joins the two halves of the detector so that either can raise the alarm."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.safety.classifier import Scores, UrgencyClassifier
from bot.safety.clauses import Clause
from bot.safety.families import UNSPECIFIED
from bot.safety.pattern_detector import Examination, PatternDetector
from bot.safety.verdict import Finding, Verdict, level_of

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class DetectorSettings:
    """`use_classifier` False leaves the patterns alone."""

    use_classifier: bool = True


class Detector:
    """Says whether a message needs an escalation, with the evidence of both halves."""

    def __init__(
        self,
        patterns: PatternDetector,
        classifier: UrgencyClassifier | None = None,
        *,
        settings: DetectorSettings | None = None,
    ):
        self._patterns = patterns
        self._classifier = classifier
        self._settings = settings or DetectorSettings()

    def detect(
        self,
        text: str,
        doc: Any = None,
        whole: Any = None,
        clauses: Sequence[Clause] | None = None,
        clause_vectors: Any = None,
    ) -> Verdict:
        """Judges `text`; `whole` and `clause_vectors` are its embeddings, if there are any."""
        examined = self._patterns.examine(text, doc)
        verdict = examined.verdict
        scores = self._scores(text, whole, clauses, clause_vectors)
        if scores is None or self._classifier is None:
            return verdict
        added = _added(text, examined, scores, clauses or (), self._classifier)
        if not added:
            return verdict
        findings = verdict.findings + added
        return replace(verdict, findings=findings, level=level_of(findings), hypothetical=False)

    def _scores(
        self, text: str, whole: Any, clauses: Sequence[Clause] | None, clause_vectors: Any
    ) -> Scores | None:
        if self._classifier is None or whole is None or not self._settings.use_classifier:
            return None
        try:
            texts = [text, *(clause.text for clause in clauses or ())]
            return self._classifier.scores(whole, clause_vectors, texts=texts)
        except Exception as error:  # the patterns must alarm whatever breaks here
            logger.error("urgency classifier failed, patterns alone decide: %r", type(error))
            return None


def _added(
    text: str,
    examined: Examination,
    scores: Scores,
    clauses: Sequence[Clause],
    classifier: UrgencyClassifier,
) -> tuple[Finding, ...]:
    start, end = 0, len(text)
    if scores.clause is not None and scores.clause < len(clauses):
        start, end = clauses[scores.clause].start, clauses[scores.clause].end
    found: list[Finding] = []
    verdict = examined.verdict
    if scores.crisis >= classifier.thresholds.crisis and not verdict.crisis:
        found.append(Finding("self_harm", "crisis", start, end, "classifier", score=scores.crisis))
    limits = classifier.thresholds
    needed = limits.urgent_calm if _speaks_for_calm(examined) else limits.urgent
    if scores.urgent >= needed and not verdict.urgent:
        found.append(
            Finding(
                UNSPECIFIED.name, UNSPECIFIED.tier, start, end, "classifier", score=scores.urgent
            )
        )
    return tuple(found)


def _speaks_for_calm(examined: Examination) -> bool:
    """Tells whether all that the patterns found is denied, meant otherwise or normal.

    Embeddings barely see negation, numbers and figures of speech. Crisis is never held back.
    """
    denied = any(f.negated for f in examined.verdict.findings)
    return denied or examined.other_sense or examined.normal_reading
