#!/bin/bash
# Behaves like the public image's entrypoint: the first start makes the database, runs the init scripts against a
# temporary server that listens on the unix socket only, stops it, and then starts the real one.
# SLOW_INIT_SECONDS makes that first start slow.
set -euo pipefail
case "${1:-}" in -*) set -- postgres "$@" ;; esac
[ "$1" = postgres ] || exec "$@"

if [ "$(id -u)" = 0 ]; then
  mkdir -p "$PGDATA" /var/run/postgresql
  chown -R postgres:postgres "$PGDATA" /var/run/postgresql
  chmod 700 "$PGDATA"
  exec setpriv --reuid=postgres --regid=postgres --clear-groups "$0" "$@"
fi

read_file() { # NAME: NAME_FILE names a file that holds it
  local file_name="${1}_FILE"
  [ -z "${!file_name:-}" ] || export "$1=$(<"${!file_name}")"
}
read_file POSTGRES_PASSWORD
read_file POSTGRES_USER
read_file POSTGRES_DB
export POSTGRES_USER=${POSTGRES_USER:-postgres}
export POSTGRES_DB=${POSTGRES_DB:-$POSTGRES_USER}

run_sql() { psql -v ON_ERROR_STOP=1 --no-psqlrc --username "$POSTGRES_USER" "$@"; }

run_init_files() {
  local file
  for file in /docker-entrypoint-initdb.d/*; do
    case $file in
      *.sh) echo "$0: running $file"; if [ -x "$file" ]; then "$file"; else . "$file"; fi ;;
      *.sql) echo "$0: running $file"; run_sql --dbname "$POSTGRES_DB" --file "$file" ;;
      *.sql.gz) echo "$0: running $file"; gunzip -c "$file" | run_sql --dbname "$POSTGRES_DB" ;;
    esac
  done
}

if [ ! -s "$PGDATA/PG_VERSION" ]; then
  method=${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}
  if [ -z "${POSTGRES_PASSWORD:-}" ] && [ "$method" != trust ]; then
    echo "Error: Database is uninitialized and superuser password is not specified." >&2
    exit 1
  fi
  initdb --username="$POSTGRES_USER" --pwfile=<(printf '%s\n' "${POSTGRES_PASSWORD:-}") --no-sync >/dev/null
  printf '\nhost all all all %s\n' "$method" >>"$PGDATA/pg_hba.conf"
  pg_ctl --wait --silent -o "-c listen_addresses='' -p 5432" start
  [ "$POSTGRES_DB" = postgres ] || run_sql --dbname postgres -c "CREATE DATABASE \"$POSTGRES_DB\"" >/dev/null
  sleep "${SLOW_INIT_SECONDS:-0}"
  run_init_files
  pg_ctl --wait --mode=fast --silent stop
  echo
  echo "PostgreSQL init process complete; ready for start up."
  echo
fi
shift
exec postgres -c listen_addresses='*' "$@"
