#!/usr/bin/env bash
# Lints the contracts with buf, where it can be had.
set -euo pipefail
cd "$(dirname "$0")/.."
source tests/lib.sh

if ! command -v buf >/dev/null 2>&1; then
  venv buf-bin || { echo "skipped: buf lint (buf cannot be had here)"; exit 0; }
fi
(cd proto && buf lint)
echo "contracts: clean"
