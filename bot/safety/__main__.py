"""`python -m bot.safety "text"` prints the verdict of the patterns with its evidence."""

from __future__ import annotations

import json
import sys

from bot.safety.pattern_detector import PatternDetector


def main() -> None:
    """Prints the verdict on a text, with its evidence."""
    text = " ".join(sys.argv[1:]) or sys.stdin.read()
    verdict = PatternDetector().detect(text)
    for finding in verdict.findings:
        mark = "denied " if finding.negated else ""
        print(f"{mark}{finding.family} ({finding.source}): {text[finding.start : finding.end]!r}")
    print(json.dumps(verdict.as_dict(), indent=1))


if __name__ == "__main__":
    main()
