# A private PostgreSQL for a whole test run; to be sourced. Tests make databases of their own on it.

# start_postgres: starts one on a free loopback port and exports TANDEM_TEST_POSTGRES; where that is impossible, each
# test that needs one starts its own.
start_postgres() {
  local bin port
  bin=$(dirname "$(command -v initdb || compgen -G '/usr/lib/postgresql/*/bin/initdb' | sort -V | tail -n 1)") || return 0
  postgres_dir=$(mktemp -d)
  postgres_as=()
  if [ "$(id -u)" -eq 0 ]; then
    chown postgres "$postgres_dir"
    postgres_as=(runuser -u postgres --)
  fi
  for port in $(shuf -i 21000-29999 -n 20); do
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
  done
  (cd "$postgres_dir" && "${postgres_as[@]}" "$bin/initdb" --auth=trust --username=postgres --no-instructions \
    --pgdata="$postgres_dir/data") >/dev/null
  (cd "$postgres_dir" && "${postgres_as[@]}" "$bin/pg_ctl" --wait --silent --pgdata="$postgres_dir/data" --log="$postgres_dir/log" \
    --options="-p $port -k $postgres_dir -c listen_addresses=127.0.0.1 -c max_connections=300" start)
  postgres_bin=$bin
  export TANDEM_TEST_POSTGRES="postgres://postgres@127.0.0.1:$port/postgres"
}

stop_postgres() {
  [ -n "${postgres_dir:-}" ] || return 0
  "${postgres_as[@]}" "$postgres_bin/pg_ctl" --silent --mode=immediate --pgdata="$postgres_dir/data" stop || true
  rm -rf "$postgres_dir"
}
