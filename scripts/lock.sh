#!/usr/bin/env bash
# Resolves requirements*.in into requirements*.txt with the hashes that pip and uv check. Versions
# that are locked already stay, unless an .in file rules them out; `UPGRADE=1` looks for newer ones.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/python.sh
source scripts/python.sh

find_uv || bootstrap_uv || fail "uv is needed to lock: pip install uv==$UV_VERSION"
for name in requirements requirements-dev; do
  "$UV" pip compile "$name.in" --output-file "$name.txt" --generate-hashes --python-version 3.10 \
    --no-header --no-annotate --no-emit-index-url --quiet ${UPGRADE:+--upgrade}
done
say "Locked. \`make install\` brings .venv up to date."
