#!/usr/bin/env bash
# Gets what the widget's tests need: Node, Chromium, and the packages of widget/package-lock.json.
#   scripts/browser.sh        all of it
#   scripts/browser.sh node   only what `make widget` needs to build
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

fail() {
  printf '\n%s\n' "$@" >&2
  exit 1
}

# Debian's packages, where there are any and we may install them.
get() {
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing $* ..." >&2
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null 2>&1 ||
      { apt-get update -qq >/dev/null 2>&1 &&
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null 2>&1; } ||
      true
  fi
}

# Node knows its own certificate authorities only; a hospital's network has put its own among the system's.
authorities=/etc/ssl/certs/ca-certificates.crt
if [ -z "${NODE_EXTRA_CA_CERTS:-}" ] && [ -r "$authorities" ]; then
  export NODE_EXTRA_CA_CERTS="$authorities"
fi

command -v npm >/dev/null 2>&1 || get nodejs npm
command -v npm >/dev/null 2>&1 ||
  fail "Node 18.18 or newer with npm is needed to build and test the widget (running the bot needs neither)." \
    "Install it (Debian: apt-get install nodejs npm), then run the same command again."

stamp=widget/node_modules/.installed
sum="$(cksum <widget/package-lock.json)"
if [ "$(cat "$stamp" 2>/dev/null)" != "$sum" ]; then
  echo "Installing the widget's tools ..." >&2
  npm ci --prefix widget --loglevel=error >&2 ||
    fail "npm could not install the widget's tools: the lines above say why (no network, or a proxy: npm config)."
  echo "$sum" >"$stamp"
fi

if [ "${1:-}" = node ]; then exit 0; fi
find_chromium() {
  if [ -n "${CHROMIUM:-}" ]; then [ -x "$CHROMIUM" ]; else command -v chromium >/dev/null 2>&1; fi
}
find_chromium || get chromium fonts-liberation
find_chromium ||
  fail "Chromium is needed to test the widget." \
    "Install it (Debian: apt-get install chromium), or name its program in CHROMIUM, then run the same command again."
