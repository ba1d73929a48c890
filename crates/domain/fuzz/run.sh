#!/usr/bin/env bash
# Fuzzes the expression parser for so many seconds (300), on one core; needs a C++ compiler. What it finds interesting is kept
# under target/, beside the seeds that stand here; a text that fails is written to target/fuzz and printed.
set -euo pipefail
cd "$(dirname "$0")"
seconds=${1:-300}
host=$(rustc -vV | sed -n 's/^host: //p')
target=${CARGO_TARGET_DIR:-target}
# LLVM's coverage instrumentation, for what runs on the host only (`--target`): not for build scripts.
coverage="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4"
coverage+=" -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table"
coverage+=" -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1 --cfg fuzzing"
RUSTFLAGS="${RUSTFLAGS:-} $coverage" "${CARGO:-cargo}" build --release --locked --target "$host"
mkdir -p "$target/fuzz/corpus"
exec nice "$target/$host/release/expression" "$target/fuzz/corpus" seeds \
  -dict=expression.dict -max_len=4200 -timeout=5 -max_total_time="$seconds" \
  -artifact_prefix="$target/fuzz/" -print_final_stats=1
