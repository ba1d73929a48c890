#!/usr/bin/env bash
# Clients that share no code with Tandem: mail by Python's smtplib and by swaks, gRPC by what reflection tells, and a
# smarthost by aiosmtpd.
# They meet `tandem up` and a cluster; each ends with an audit of everything that they left behind.
set -euo pipefail
cd "$(dirname "$0")/.."
source tests/lib.sh

programs=${CARGO_TARGET_DIR:-target}/debug
[ -x "$programs/tandem" ] && [ -x "$programs/cluster" ] || cargo build --quiet --workspace --all-features --bins
command -v python3 >/dev/null 2>&1 || { echo "skipped: foreign clients (no Python here)"; exit 0; }

work=$(mktemp -d)
server=

stop() {
  if [ -n "$server" ]; then
    kill -TERM "$server" 2>/dev/null || true
    until_true 20 is_gone || kill -KILL "$server" 2>/dev/null || true
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

is_up() { grep -q '^gRPC' "$work/out" && grep -q '^SMTP' "$work/out" && grep -q '^data' "$work/out"; }
is_gone() { ! kill -0 "$server" 2>/dev/null; }
is_up_or_gone() { is_up || is_gone; }

# said WORD: what the server said about itself.
said() { sed -n "s/^$1 *//p" "$work/out" | head -n 1; }

# start COMMAND...: runs a server until it says where it is; fails where it is skipped.
start() {
  "$@" >"$work/out" 2>"$work/log" &
  server=$!
  until_true 90 is_up_or_gone || fail "$1 does not come up"
  if is_up; then return 0; fi
  wait "$server" || fail "$1 ended"
  server=
  grep -h '^skipped' "$work/out" "$work/log"
  return 1
}

# end: stops the server in good order.
end() {
  local status=0
  kill -TERM "$server"
  until_true 60 is_gone || fail "it does not stop at SIGTERM"
  wait "$server" || status=$?
  server=
  [ "$status" -eq 0 ] || { cat "$work/out"; fail "it ended with $status at SIGTERM"; }
}

audit() {
  local status=0
  found=$(timeout 120 "$programs/tandem" --data-dir "$1" audit) || status=$?
  if [ "$status" -ne 0 ] || ! grep -q "nothing found" <<<"$found"; then
    echo "$found"
    fail "the audit ended with $status"
  fi
}

# clients: the server meets them, with three desks.
clients() {
  export TANDEM_BIN=$programs/tandem TANDEM_DATA_DIR FOREIGN_GRPC FOREIGN_INGEST FOREIGN_METRICS FOREIGN_SMTP FOREIGN_NATS
  TANDEM_DATA_DIR=$(said data) FOREIGN_SMTP=$(said SMTP)
  FOREIGN_GRPC=$(said gRPC | sed 's|^http://||')
  FOREIGN_INGEST=$(said ingest | sed 's|^http://||')
  FOREIGN_INGEST=${FOREIGN_INGEST:-$FOREIGN_GRPC}
  FOREIGN_METRICS=$(said measures | sed 's|^http://||') FOREIGN_NATS=$(said NATS)
  for desk in deploy/desks/acme.yaml deploy/desks/small.yaml "$work/third.yaml"; do
    "$TANDEM_BIN" --server "http://$FOREIGN_GRPC" apply "$desk" >/dev/null || fail "cannot apply $desk"
  done
  if [ -n "$has_grpc" ]; then
    timeout 180 python3 tests/foreign/agent.py || fail "agent.py"
  fi
  if [ -n "$has_smarthost" ] && [ -n "${FOREIGN_SMARTHOST:-}" ]; then
    timeout 180 python3 tests/foreign/answers.py || fail "answers.py"
  fi
  timeout 300 python3 tests/foreign/mail.py || fail "mail.py"
  # Only a cluster has a bus that others can listen to.
  if [ -n "$has_nats" ] && [ -n "$FOREIGN_NATS" ]; then
    timeout 120 python3 tests/foreign/measures.py acme || fail "measures.py"
  fi
}

sed -e 's/^desk: small/desk: third/' -e 's/small\.example/third.example/' deploy/desks/small.yaml >"$work/third.yaml"
export PYTHONDONTWRITEBYTECODE=1
has_grpc=yes
venv grpcio grpcio-reflection grpcio-status grpcio-health-checking protobuf || {
  has_grpc=
  echo "skipped: gRPC by reflection (grpcio cannot be had here)"
}
has_nats=
if [ -n "$has_grpc" ] && venv grpcio-tools nats-py; then
  has_nats=yes
else
  echo "skipped: a second count of the measures (grpcio-tools and nats-py cannot be had here)"
fi

has_smarthost=
if [ -n "$has_grpc" ] && venv aiosmtpd; then
  has_smarthost=yes
else
  echo "skipped: answers by mail through a foreign smarthost (aiosmtpd cannot be had here)"
fi

# A port on which nobody listens yet: the smarthost is away at first.
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
smarthost_port=$(free_port)
export TANDEM_SMARTHOST__HOST=127.0.0.1 TANDEM_SMARTHOST__PORT=$smarthost_port TANDEM_SMARTHOST__TLS=none TANDEM_ESCALATION__MAIL_FROM=tandem@acme.example
export TANDEM_DELIVERIES__FIRST_RETRY=500ms TANDEM_DELIVERIES__LONGEST_RETRY=1s FOREIGN_SMARTHOST=127.0.0.1:$smarthost_port

echo "-- tandem up"
start "$programs/tandem" up --data-dir "$work/data" --grpc 127.0.0.1:0 --smtp 127.0.0.1:0
clients
end
audit "$work/data"
unset "${!TANDEM_SMARTHOST__@}" "${!TANDEM_DELIVERIES__@}" FOREIGN_SMARTHOST

echo "-- a cluster"
if start "$programs/cluster"; then
  clients
  end
fi
echo "foreign clients: clean"
