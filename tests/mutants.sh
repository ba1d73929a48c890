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

# Fewer random histories than usual: each change is tested anew.
export PROPTEST_CASES=16 CARGO_PROFILE_DEV_DEBUG=0 CARGO_PROFILE_TEST_DEBUG=0
survivors=0

# Patterns are cargo-mutants' own to expand, not the shell's. It ends with 2 where changes were missed, which must not keep the other
# crate from being looked at.
rules() { # <crate> <file>...
  local crate=$1 chosen=() file
  shift
  for file in "$@"; do chosen+=(--file "crates/$crate/src/$file"); done
  nice cargo mutants --package "tandem-$crate" "${chosen[@]}" --shard "$shard" --sharding round-robin \
    --output "target/mutants-$crate" "${tests[@]}" || survivors=$?
}

mkdir -p target
tests=()
rules domain {expression,calendar,requirement,sla}.rs 'expression/**/*.rs'
# The longest histories are left out; what only they notice is listed as missed.
tests=(--cargo-test-arg=--lib --cargo-test-arg=--test --cargo-test-arg=it -- -- --skip histories --skip overtaking::nobody_who)
rules routing {answering,availability,capacity,helping,holders,merging,order,overtaking,owners,presence,requirement,scheduling,splitting,stale,steps,tickets,wait}.rs \
  'steps/*.rs'
exit "$survivors"
