#!/usr/bin/env bash
# Telemetry as others see it: an OpenTelemetry collector of another make receives one whole trace of a mail and of a chat,
# and the metrics; Prometheus' own tool reads what it would scrape, and the rules for its alarms.
set -euo pipefail
cd "$(dirname "$0")/.."
source tests/lib.sh

if command -v promtool >/dev/null 2>&1; then
  (cd deploy && promtool check config --syntax-only prometheus.yaml && promtool check rules alarms.yaml) >/dev/null
  (cd deploy && promtool test rules alarms.test.yaml) >/dev/null
  echo "Prometheus' configuration and alarms: clean"
else
  echo "skipped: Prometheus' configuration and alarms (no promtool here)"
fi

venv --pre rotel || { echo "skipped: a collector (rotel cannot be had here)"; exit 0; }
venv grpcio grpcio-reflection grpcio-status grpcio-health-checking protobuf aiosmtpd websockets || {
  echo "skipped: a collector (grpcio, aiosmtpd and websockets cannot be had here)"
  exit 0
}
collector_program=$(python3 -c 'import pathlib, rotel; print(pathlib.Path(rotel.__file__).parent / "rotel-agent")')
[ -x "$collector_program" ] || { echo "skipped: a collector (rotel has no program for this machine)"; exit 0; }
export PYTHONDONTWRITEBYTECODE=1
programs=${CARGO_TARGET_DIR:-target}/debug
[ -x "$programs/tandem" ] && [ -x "$programs/cluster" ] || cargo build --quiet --workspace --all-features --bins
export TANDEM_BIN=$programs/tandem

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
work=$(mktemp -d)
pids=()
stop() {
  for pid in "${pids[@]}"; do
    kill -TERM "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  done
  rm -rf "$work"
}
trap stop EXIT

cat >"$work/desk.yaml" <<'DESK'
desk: traced
languages: [en]
teams: {support: {}}
channels:
  email: {accounts: {support: {addresses: help@traced.example, queue: support}}}
  chat: {wrap_up: 1s, accounts: {web: {queue: support, name: Traced}}}
agents: {ana: {name: Ana, teams: [support], languages: {en: C2}}}
queues: {support: {teams: [support]}}
DESK

# collect NAME: starts a collector that writes down what it gets.
collect() {
  local address=127.0.0.1:$(free_port)
  timeout 300 "$collector_program" start --otlp-grpc-endpoint "$address" --otlp-http-endpoint "127.0.0.1:$(free_port)" \
    --exporter blackhole --debug-log traces --debug-log metrics --debug-log-verbosity detailed >"$work/$1.collected" 2>&1 &
  pids+=($!)
  export FOREIGN_COLLECTED=$work/$1.collected
  export TANDEM_TELEMETRY__OTLP_ENDPOINT=http://$address TANDEM_TELEMETRY__OTLP_METRICS_INTERVAL=1s OTEL_BSP_SCHEDULE_DELAY=500
}

# start COMMAND...: runs a server until it says where it is; fails where it is skipped.
start() {
  timeout 300 "$@" >"$work/out" 2>"$work/log" &
  local server=$!
  pids+=($server)
  for _ in $(seq 900); do
    if grep -q '^data' "$work/out"; then return 0; fi
    if ! kill -0 "$server" 2>/dev/null; then
      grep -h '^skipped' "$work/out" "$work/log" && return 1
      cat "$work/log"
      exit 1
    fi
    sleep 0.1
  done
  echo "FAIL $1 does not come up"
  exit 1
}

# said WORD: what the server said about itself.
said() { sed -n "s/^$1 *//p" "$work/out" | head -n 1; }

# talk: a customer and an agent meet there, and what was collected of it is looked at.
talk() {
  export TANDEM_DATA_DIR FOREIGN_GRPC FOREIGN_SMTP FOREIGN_CHAT
  TANDEM_DATA_DIR=$(said data) FOREIGN_SMTP=$(said SMTP)
  FOREIGN_GRPC=$(said gRPC | sed 's|^http://||')
  FOREIGN_CHAT=$(said chat | sed -e 's|^http://||' -e 's|/.*||')
  "$programs/tandem" --server "http://$FOREIGN_GRPC" apply "$work/desk.yaml" >/dev/null
  timeout 200 python3 tests/foreign/telemetry.py || { tail -n 20 "$work/log"; exit 1; }
}

echo "-- a cluster"
collect cluster
if start "$programs/cluster"; then talk; fi

echo "-- tandem up"
collect up
export FOREIGN_SMARTHOST FOREIGN_SCRAPE
FOREIGN_SMARTHOST=127.0.0.1:$(free_port) FOREIGN_SCRAPE=127.0.0.1:$(free_port)
export TANDEM_TELEMETRY__PROMETHEUS_LISTEN=$FOREIGN_SCRAPE TANDEM_ESCALATION__MAIL_FROM=tandem@traced.example
export TANDEM_SMARTHOST__HOST=127.0.0.1 TANDEM_SMARTHOST__PORT=${FOREIGN_SMARTHOST#*:} TANDEM_SMARTHOST__TLS=none
start "$programs/tandem" up --data-dir "$work/data" --grpc 127.0.0.1:0 --smtp 127.0.0.1:0 --chat 127.0.0.1:0
talk
