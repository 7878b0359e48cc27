#!/usr/bin/env bash
# `rasa data validate` without its noise, and failing on what it merely warns of: a story with an
# intent or an action that does not exist, or two stories that go on differently from the same point. Words that bot/ says itself are in no story, and meant so.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

noise='is not used in any story|Processed story blocks|(Deprecation|20)Warning|namespace packages'
noise="$noise|^ |raise_warning|^.\\[0m\$|^\$"
output="$(mktemp)"
trap 'rm -f "$output"' EXIT

status=0
.venv/bin/python -m rasa data validate >"$output" 2>&1 || status=$?
grep -Ev "$noise" "$output" || true
if [ "$status" -ne 0 ]; then exit "$status"; fi
if grep -Ev "$noise" "$output" | grep -Eq 'rasa/shared/utils/io.py:.*UserWarning|Story structure conflict after'; then
  echo "The data is not valid: the warnings above say where." >&2
  exit 1
fi
