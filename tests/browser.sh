#!/usr/bin/env bash
# A visitor in headless Chromium and an agent over gRPC meet at `tandem up`. With BROWSER_SCREENSHOTS=DIR it takes pictures.
set -euo pipefail
cd "$(dirname "$0")/.."
source tests/lib.sh

for tool in chromium chromedriver; do
  command -v $tool >/dev/null 2>&1 || { echo "skipped: the browser (no $tool here)"; exit 0; }
done
venv grpcio grpcio-reflection grpcio-status grpcio-health-checking protobuf || {
  echo "skipped: the browser (grpcio cannot be had here)"
  exit 0
}
export PYTHONDONTWRITEBYTECODE=1
export TANDEM_BIN=${CARGO_TARGET_DIR:-target}/debug/tandem
[ -x "$TANDEM_BIN" ] || cargo build --quiet --package tandem

work=$(mktemp -d)
"$TANDEM_BIN" --output json up --data-dir "$work/data" --grpc 127.0.0.1:0 --smtp 127.0.0.1:0 --chat 127.0.0.1:0 \
  --desk deploy/desks/acme.yaml >"$work/out" 2>"$work/log" &
server=$!
stop() {
  kill -TERM "$server" 2>/dev/null || true
  wait "$server" 2>/dev/null || true
  rm -rf "$work"
}
trap stop EXIT

# said KEY: what the server said about itself, once it has.
said() { sed -n "s|.*\"$1\": *\"\\([^\"]*\\)\".*|\\1|p" "$work/out" | head -n 1; }
for _ in $(seq 300); do
  [ -z "$(said chat)" ] || break
  kill -0 "$server" 2>/dev/null || { cat "$work/log"; exit 1; }
  sleep 0.1
done
export TANDEM_DATA_DIR=$work/data FOREIGN_GRPC FOREIGN_CHAT
FOREIGN_GRPC=$(said grpc | sed 's|^http://||')
FOREIGN_CHAT=$(said chat | sed -e 's|^http://||' -e 's|/.*||')
timeout 240 python3 tests/foreign/browser.py || { tail -n 20 "$work/log"; exit 1; }
