#!/usr/bin/env bash
# `make test`: format, clippy, docs, contracts, all tests, manifests, foreign clients, the demo once.
set -euo pipefail
cd "$(dirname "$0")/.."
source tests/postgres.sh

# Builds from nothing gain nothing from it, and it doubles their size.
export CARGO_INCREMENTAL=0

step() { printf '\n== %s (%d s)\n' "$*" "$SECONDS"; }

step "set-up"
tests/setup.sh

step "format, clippy, docs, contracts"
make --no-print-directory lint

step "build"
cargo build --workspace --all-features --bins

step "tests"
trap stop_postgres EXIT
start_postgres
if cargo nextest --version >/dev/null 2>&1; then
  cargo nextest run --workspace --all-features --no-fail-fast
else
  cargo test --workspace --all-features --no-fail-fast
fi

step "manifests"
tests/manifests.sh

step "foreign clients"
tests/foreign.sh

step "a browser"
tests/browser.sh

step "telemetry"
tests/telemetry.sh

step "the demo, once"
cargo run --quiet --package tandem -- demo

step "done"
