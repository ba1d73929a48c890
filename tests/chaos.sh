#!/usr/bin/env bash
# `make chaos`: seeded kill -9s under traffic in both ways of running, then an audit. See `--help` for what can be set.
set -euo pipefail
cd "$(dirname "$0")/.."

tests/setup.sh
cargo build --quiet --workspace --all-features --bins
exec cargo run --quiet --package tandem-tests --all-features --bin chaos -- "$@"
