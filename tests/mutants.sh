#!/usr/bin/env bash
# Mutation test of the pure cores' rules (see docs/mutants.md): a copy of the tree is changed in one place at a time, and the
# tests of the crate must notice. With an argument, only that part of the changes, such as 3/40.
set -euo pipefail
cd "$(dirname "$0")/.."
shard=${1:-0/1}
if ! command -v cargo-mutants > /dev/null; then
  echo "mutants: cargo-mutants is missing: cargo install cargo-mutants --locked" >&2
  exit 1
fi
files() { printf -- '--file %s ' "$@"; }

# Fewer random histories than usual: each change is tested anew.
export PROPTEST_CASES=16 CARGO_PROFILE_DEV_DEBUG=0 CARGO_PROFILE_TEST_DEBUG=0
domain=$(files crates/domain/src/{expression,calendar,requirement,sla}.rs 'crates/domain/src/expression/**/*.rs')
routing=$(files crates/routing/src/{answering,availability,capacity,helping,holders,merging,order,overtaking,owners,presence,requirement,scheduling,splitting,stale,steps,tickets,wait}.rs \
  'crates/routing/src/steps/*.rs')
mkdir -p target
nice cargo mutants -p tandem-domain $domain --shard "$shard" -o target/mutants-domain
# The longest histories are left out; what only they notice is listed as missed.
nice cargo mutants -p tandem-routing $routing --shard "$shard" -o target/mutants-routing \
  --cargo-test-arg=--lib --cargo-test-arg=--test --cargo-test-arg=it -- -- --skip histories --skip overtaking::nobody_who
