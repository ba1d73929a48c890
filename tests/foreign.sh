#!/usr/bin/env bash
# Clients that share no code with Tandem: mail by Python's smtplib and by swaks, gRPC by what reflection tells.
# Ends with an audit of everything that they left behind.
set -euo pipefail
cd "$(dirname "$0")/.."
source tests/lib.sh

tandem=${CARGO_TARGET_DIR:-target}/debug/tandem
[ -x "$tandem" ] || cargo build --quiet -p tandem
command -v python3 >/dev/null 2>&1 || { echo "skipped: foreign clients (no Python here)"; exit 0; }

work=$(mktemp -d)
data=$work/data
server=

stop() {
  if [ -n "$server" ]; then
    kill -KILL "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
  fi
  rm -rf "$work"
}
trap stop EXIT

fail() {
  echo "FAIL $*"
  tail -n 20 "$work/log" || true
  exit 1
}

# until_true SECONDS COMMAND...: waits until the command succeeds.
until_true() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@"; do
    [ "$SECONDS" -lt "$deadline" ] || return 1
    sleep 0.1
  done
}

is_up() { grep -q '^gRPC' "$work/out" && grep -q '^SMTP' "$work/out" && grep -q '^desk acme' "$work/out"; }
is_gone() { ! kill -0 "$server" 2>/dev/null; }

"$tandem" up --data-dir "$data" --grpc 127.0.0.1:0 --smtp 127.0.0.1:0 \
  --desk deploy/desks/acme.yaml >"$work/out" 2>"$work/log" &
server=$!
until_true 60 is_up || fail "tandem up does not come up"

grpc=$(sed -n 's|^gRPC *http://||p' "$work/out")
smtp=$(sed -n 's|^SMTP *||p' "$work/out")
sed -e 's/^desk: small/desk: third/' -e 's/small\.example/third.example/' deploy/desks/small.yaml >"$work/third.yaml"
for desk in deploy/desks/small.yaml "$work/third.yaml"; do
  "$tandem" --data-dir "$data" apply "$desk" >/dev/null || fail "cannot apply $desk"
done

export PYTHONDONTWRITEBYTECODE=1
export TANDEM_BIN=$tandem TANDEM_DATA_DIR=$data FOREIGN_GRPC=$grpc FOREIGN_SMTP=$smtp
if venv grpcio grpcio-reflection grpcio-status grpcio-health-checking protobuf; then
  timeout 180 python3 tests/foreign/agent.py || fail "agent.py"
else
  echo "skipped: gRPC by reflection (grpcio cannot be had here)"
fi
timeout 300 python3 tests/foreign/mail.py || fail "mail.py"

kill -TERM "$server"
until_true 30 is_gone || fail "tandem up does not stop at SIGTERM"
status=0
wait "$server" || status=$?
server=
[ "$status" -eq 0 ] || fail "tandem up ended with $status at SIGTERM"

status=0
found=$(timeout 120 "$tandem" --data-dir "$data" audit) || status=$?
if [ "$status" -ne 0 ] || ! grep -q "nothing found" <<<"$found"; then
  echo "$found"
  fail "the audit ended with $status"
fi
echo "foreign clients: clean"
