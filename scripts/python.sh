# Finds Python 3.10 and uv; sourced by install.sh and by `make lock`.
# shellcheck shell=bash

UV_VERSION=0.13.9
UV=""
PYTHON=""

say() { printf '%s\n' "$*" >&2; }

fail() {
  printf '\n' >&2
  printf '%s\n' "$@" >&2
  exit 1
}

# Settings of pip that would send its files elsewhere, or ask hashes of uv itself.
clean_pip() {
  env -u PIP_USER -u PIP_TARGET -u PIP_PREFIX -u PIP_ROOT -u PIP_REQUIRE_VIRTUALENV \
    -u PIP_REQUIRE_HASHES -u PIP_CONSTRAINT -u PIP_REQUIREMENT -u PIP_EDITABLE \
    -u PYTHONPATH -u PYTHONHOME PIP_DISABLE_PIP_VERSION_CHECK=1 "$@"
}

is_python310() {
  "$1" -c 'import sqlite3, ssl, sys
sys.exit(sys.version_info[:2] != (3, 10) or sys.implementation.name != "cpython")' 2>/dev/null
}

# The interpreter itself: a pyenv shim works only in some folders.
take_python() { is_python310 "$1" && PYTHON="$("$1" -c 'import sys; print(sys.executable)')"; }

find_uv() {
  local candidate
  for candidate in "$(command -v uv || true)" .uv/bin/uv "$HOME/.local/bin/uv" "$HOME/.cargo/bin/uv"; do
    if [ -n "$candidate" ] && "$candidate" --version >/dev/null 2>&1; then
      UV="$candidate"
      trust_this_machine
      return 0
    fi
  done
  return 1
}

# uv reads neither pip's settings nor, by itself, the machine's certificates.
trust_this_machine() {
  if [ -z "${SSL_CERT_FILE:-}" ] && [ -n "${PIP_CERT:-}" ]; then export SSL_CERT_FILE="$PIP_CERT"; fi
  if [ -e /etc/ssl/certs/ca-certificates.crt ] || [ "$(uname)" = Darwin ]; then
    export UV_SYSTEM_CERTS="${UV_SYSTEM_CERTS:-true}"
  fi
  if [ -n "${PIP_INDEX_URL:-}" ] && [ -z "${UV_DEFAULT_INDEX:-}${UV_INDEX_URL:-}" ]; then
    export UV_DEFAULT_INDEX="$PIP_INDEX_URL"
  fi
  export UV_HTTP_TIMEOUT="${UV_HTTP_TIMEOUT:-180}"
}

pyenv_pythons() {
  local root
  for root in "${PYENV_ROOT:-}" "$(pyenv root 2>/dev/null || true)" "$HOME/.pyenv"; do
    if [ -n "$root" ]; then ls -d "$root"/versions/3.10*/bin/python 2>/dev/null || true; fi
  done
}

find_python() {
  local candidate
  if [ -n "$UV" ]; then
    candidate="$("$UV" python find --system 3.10 2>/dev/null || true)"
    if [ -n "$candidate" ] && take_python "$candidate"; then return 0; fi
  fi
  for candidate in python3.10 $(pyenv_pythons) python3 python; do
    if command -v "$candidate" >/dev/null 2>&1 && take_python "$candidate"; then return 0; fi
  done
  if [ -z "$UV" ]; then bootstrap_uv || return 1; fi
  say "No Python 3.10 on this machine: asking uv for one ..."
  "$UV" python install --quiet 3.10 2>/dev/null || return 1
  take_python "$("$UV" python find --system 3.10 2>/dev/null || true)"
}

# Puts uv into .uv/, with any Python that can make an environment.
bootstrap_uv() {
  local candidate
  say "Fetching uv $UV_VERSION into .uv/ ..."
  for candidate in "$PYTHON" python3 $(pyenv_pythons) python; do
    if [ -z "$candidate" ] || ! command -v "$candidate" >/dev/null 2>&1; then continue; fi
    rm -rf .uv
    if clean_pip "$candidate" -m venv .uv >/dev/null 2>&1 &&
      clean_pip .uv/bin/python -m pip install --quiet "uv==$UV_VERSION" && find_uv; then
      return 0
    fi
  done
  rm -rf .uv
  say "uv could not be fetched; going on with pip, which is slower."
  return 1
}

no_python() {
  fail "Python 3.10 is needed (the newest that Rasa 3.6 supports) and was not found." \
    "It was looked for with uv, as python3.10 on the PATH, and under pyenv; uv could not download it." \
    "Get it in one of these ways, then run the same command again:" \
    "  uv python install 3.10      (with a network that reaches uv's downloads)" \
    "  pyenv install 3.10" \
    "  apt-get install python3.10 python3.10-venv   (Ubuntu 22.04; other systems name it alike)"
}
