#!/usr/bin/env bash
# Installs what the tests need beside Rust: PostgreSQL's server, nats-server, Chromium.
set -euo pipefail

found() { command -v "$1" >/dev/null 2>&1; }
found_postgres() { found initdb || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null; }

missing=()
found_postgres || missing+=(postgresql)
found nats-server || missing+=(nats-server)
browser=()
found chromium && found chromedriver || browser+=(chromium chromium-driver)
[ $((${#missing[@]} + ${#browser[@]})) -gt 0 ] || exit 0

if ! found apt-get; then
  [ ${#missing[@]} -gt 0 ] || exit 0
  echo "The tests need: ${missing[*]} (PostgreSQL 13 or newer: initdb, postgres, psql; nats-server 2.9 or newer)." >&2
  echo "This distribution is not known here: install them with its package manager and run this again." >&2
  exit 1
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  found sudo || { echo "Not root, and no sudo: install ${missing[*]} ${browser[*]} by hand." >&2; exit 1; }
  as_root=(sudo)
fi
echo "installing: ${missing[*]} ${browser[*]}"
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -qq
install() { "${as_root[@]}" apt-get install -y -qq --no-install-recommends "$@" >/dev/null; }
[ ${#missing[@]} -eq 0 ] || install "${missing[@]}"
# Some distributions have no such packages; the test says "skipped" then.
[ ${#browser[@]} -eq 0 ] || install "${browser[@]}" || echo "not to be had here: ${browser[*]}"
