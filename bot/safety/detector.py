"""Joins the halves of the detector: what the patterns found, weighed by what was learned."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from bot.safety.classifier import BRIEF, Scores, Thresholds, UrgencyClassifier
from bot.safety.clauses import Clause
from bot.safety.families import FAMILIES
from bot.safety.pattern_detector import Examination, PatternDetector
from bot.safety.verdict import Finding, Verdict, level_of

logger = logging.getLogger(__name__)


class Detector:
    """Says whether a message needs an escalation, with the evidence of both halves.

    Without the classifier, the embedding, or when it fails, the patterns decide alone.
    """

    def __init__(self, patterns: PatternDetector, classifier: UrgencyClassifier | None = None):
        self._patterns = patterns
        self._classifier = classifier

    @property
    def classifier(self) -> UrgencyClassifier | None:
        """The trained half, if there is one."""
        return self._classifier

    def detect(
        self,
        text: str,
        whole: Any = None,
        clauses: Sequence[Clause] = (),
        clause_vectors: Any = None,
    ) -> Verdict:
        """Judges `text`; `whole` and `clause_vectors` are its embeddings, if there are any."""
        examined = self._patterns.examine(text)
        scores = self._scores(text, examined, whole, clauses, clause_vectors)
        if scores is None or self._classifier is None:
            return examined.verdict
        return _joined(text, examined, scores, self._classifier.thresholds, clauses)

    def _scores(
        self,
        text: str,
        examined: Examination,
        whole: Any,
        clauses: Sequence[Clause],
        clause_vectors: Any,
    ) -> Scores | None:
        if self._classifier is None or whole is None:
            return None
        try:
            texts = [text, *(clause.text for clause in clauses)]
            return self._classifier.scores(whole, clause_vectors, texts=texts, examined=examined)
        except Exception as error:  # the patterns must alarm whatever breaks here
            logger.error("urgency classifier failed, patterns alone decide: %r", type(error))
            return None


def _joined(
    text: str,
    examined: Examination,
    scores: Scores,
    thresholds: Thresholds,
    clauses: Sequence[Clause],
) -> Verdict:
    """Adds what only the classifier saw, and silences what it is sure to be another sense."""
    verdict = examined.verdict
    brief = len(text.split()) <= BRIEF
    urgent = scores.urgent >= thresholds.urgent
    crisis = scores.crisis >= (thresholds.crisis_brief if brief else thresholds.crisis)
    doubtful = max(scores.urgent, scores.crisis) >= thresholds.doubt
    kept = tuple(f if doubtful else _silenced(f) for f in verdict.findings)
    start, end = 0, len(text)
    if scores.clause is not None and scores.clause < len(clauses):
        start, end = clauses[scores.clause].start, clauses[scores.clause].end
    left = replace(verdict, findings=kept)
    added = []
    if crisis and not left.crisis:
        added.append(Finding("self_harm", "crisis", start, end, "classifier", score=scores.crisis))
    if urgent and not left.urgent:
        family = FAMILIES[scores.family]
        added.append(
            Finding(family.name, family.tier, start, end, "classifier", score=scores.urgent)
        )
    findings = (*kept, *added)
    hypothetical = verdict.hypothetical and not added
    return replace(verdict, findings=findings, level=level_of(findings), hypothetical=hypothetical)


def _silenced(finding: Finding) -> Finding:
    """Silences a pattern's finding: the trained half is sure that nothing is the matter.

    A reading (38.4, 85/55) is a number and needs nobody's agreement.
    """
    if finding.source == "reading" or finding.tier == "soft":
        return finding
    return replace(finding, negated=True)
