#!/usr/bin/env bash
# Makes .venv from the hash-locked requirements; a second call returns at once.
#   scripts/install.sh        what the bot needs to run and to train
#   scripts/install.sh dev    and what the tests, the linters and the evaluation need
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/python.sh
source scripts/python.sh

part="${1:-run}"
needed_gb="${INSTALL_NEEDS_GB:-9}" # .venv takes 7.7 GB: torch and its CUDA libraries, tensorflow.

files=(requirements.txt)
if [ "$part" = dev ]; then files+=(requirements-dev.txt); fi
# The folder is in the sum: an environment that was copied or moved elsewhere is made anew.
sum() { { pwd -P; cat .python-version "$@"; } | cksum; }
quiet=.venv/lib/python3.10/site-packages/guide_quiet.pth
installed() { [ -x .venv/bin/python ] && [ -e "$quiet" ] && [ "$(cat ".venv/.installed-$1" 2>/dev/null)" = "$2" ]; }

run_sum="$(sum requirements.txt)"
part_sum="$(sum "${files[@]}")"
if installed "$part" "$part_sum" && installed run "$run_sum"; then exit 0; fi

if [ -d .venv/lib/python3.10/site-packages/torch ]; then needed_gb=$((needed_gb < 2 ? needed_gb : 2)); fi
free_gb="$(df -Pk . | awk 'NR == 2 { print int($4 / 1048576) }')"
if [ "$free_gb" -lt "$needed_gb" ]; then
  fail "Not enough disk: $free_gb GB are free in $(pwd), the installation needs about $needed_gb GB." \
    "Free some space (\`uv cache clean\` empties uv's download cache) and run the same command again."
fi

find_uv || true
find_python || no_python
if [ -z "$UV" ]; then bootstrap_uv || true; fi

if ! [ -x .venv/bin/python ] || ! is_python310 .venv/bin/python || ! [ -e .venv/.made-in ] ||
  [ "$(cat .venv/.made-in)" != "$(pwd -P)" ]; then
  say "Making .venv with $PYTHON"
  rm -rf .venv
  if [ -n "$UV" ]; then "$UV" venv --quiet --python "$PYTHON" .venv; else "$PYTHON" -m venv .venv; fi ||
    fail "The environment .venv could not be made with $PYTHON; the lines above say why."
  pwd -P >.venv/.made-in
fi
rm -f .venv/.installed-*

say "Installing the locked requirements (about 3 GB of downloads the first time) ..."
started=$SECONDS
arguments=()
for file in "${files[@]}"; do arguments+=(-r "$file"); done
install() {
  if [ -n "$UV" ] && [ -t 2 ]; then
    "$UV" pip install --python .venv/bin/python --require-hashes "${arguments[@]}"
  elif [ -n "$UV" ]; then # Without a terminal there is no progress bar, only 250 lines of names.
    "$UV" pip install --python .venv/bin/python --require-hashes "${arguments[@]}" 2>&1 |
      { grep -Ev '^ [+~-] ' || true; } >&2
  else
    clean_pip .venv/bin/python -m pip install --require-hashes "${arguments[@]}"
  fi
}
if ! install; then
  free_gb="$(df -Pk . | awk 'NR == 2 { print int($4 / 1048576) }')"
  fail "The installation failed; the lines above name the package and the reason. Usually:" \
    "  no network, or a proxy: set HTTPS_PROXY, or UV_DEFAULT_INDEX for a package mirror;" \
    "  a full disk: $free_gb GB are free now;" \
    "  'hash mismatch': a mirror serves other files than the lock names; use another mirror;" \
    "  'no wheels for this platform': the lock is for Linux on x86-64 (WSL and Docker too)." \
    "Run the same command again: what was downloaded is kept."
fi
# `rasa test` reads every story below this folder: Rasa's own examples would fail as if they were ours.
rm -f .venv/lib/python3.10/site-packages/rasa/cli/initial_project/tests/test_stories.yml
# Python runs this line at each start: a plain `rasa` command is as quiet as `make` (bot/settings.py).
cat >"$quiet" <<'EOF'
import os; any(os.environ.setdefault(*pair.split("=")) is None for pair in ("RASA_TELEMETRY_ENABLED=false", "HF_HUB_OFFLINE=1", "TRANSFORMERS_OFFLINE=1", "TOKENIZERS_PARALLELISM=false", "TF_CPP_MIN_LOG_LEVEL=3"))
EOF
echo "$run_sum" >.venv/.installed-run
echo "$part_sum" >".venv/.installed-$part"
say "Installed in $((SECONDS - started)) s."
