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
export TANDEM_BIN=${CARGO_TARGET_DIR:-target}/debug/tandem
[ -x "$TANDEM_BIN" ] || cargo build --quiet --package tandem

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

collector=127.0.0.1:$(free_port)
timeout 300 "$collector_program" start --otlp-grpc-endpoint "$collector" --otlp-http-endpoint "127.0.0.1:$(free_port)" \
  --exporter blackhole --debug-log traces --debug-log metrics --debug-log-verbosity detailed >"$work/collected" 2>&1 &
pids+=($!)

export FOREIGN_COLLECTED=$work/collected FOREIGN_SMARTHOST FOREIGN_SCRAPE
FOREIGN_SMARTHOST=127.0.0.1:$(free_port) FOREIGN_SCRAPE=127.0.0.1:$(free_port)
export TANDEM_TELEMETRY__OTLP_ENDPOINT=http://$collector TANDEM_TELEMETRY__OTLP_METRICS_INTERVAL=1s
export TANDEM_TELEMETRY__PROMETHEUS_LISTEN=$FOREIGN_SCRAPE OTEL_BSP_SCHEDULE_DELAY=500
export TANDEM_SMARTHOST__HOST=127.0.0.1 TANDEM_SMARTHOST__PORT=${FOREIGN_SMARTHOST#*:} TANDEM_SMARTHOST__TLS=none
export TANDEM_ESCALATION__MAIL_FROM=tandem@traced.example
timeout 300 "$TANDEM_BIN" --output json up --data-dir "$work/data" --grpc 127.0.0.1:0 --smtp 127.0.0.1:0 --chat 127.0.0.1:0 \
  --desk "$work/desk.yaml" >"$work/out" 2>"$work/log" &
pids+=($!)

# said KEY: what the server said about itself, once it has.
said() { sed -n "s|.*\"$1\": *\"\\([^\"]*\\)\".*|\\1|p" "$work/out" | head -n 1; }
for _ in $(seq 300); do
  [ -z "$(said chat)" ] || break
  kill -0 "${pids[1]}" 2>/dev/null || { cat "$work/log"; exit 1; }
  sleep 0.1
done
export TANDEM_DATA_DIR=$work/data FOREIGN_GRPC FOREIGN_CHAT FOREIGN_SMTP
FOREIGN_GRPC=$(said grpc | sed 's|^http://||') FOREIGN_SMTP=$(said smtp)
FOREIGN_CHAT=$(said chat | sed -e 's|^http://||' -e 's|/.*||')
timeout 200 python3 tests/foreign/telemetry.py || { tail -n 20 "$work/log"; exit 1; }
