#!/bin/bash
# Makes the data folder on the first start, then becomes the server. Runs as the account `postgres` only.
set -euo pipefail
if [ "$1" = postgres ] && [ ! -s "$PGDATA/PG_VERSION" ]; then
  password=$(<"${POSTGRES_PASSWORD_FILE:?}")
  user=${POSTGRES_USER:-postgres}
  chmod 700 "$PGDATA"
  initdb -D "$PGDATA" -U "$user" --pwfile=<(printf '%s\n' "$password") -A scram-sha-256 --auth-local=trust \
    --encoding=UTF8 --locale=C >/dev/null
  echo 'host all all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
  pg_ctl -D "$PGDATA" -o "-c listen_addresses='' -c unix_socket_directories=/var/run/postgresql" -w start >/dev/null
  psql -h /var/run/postgresql -U "$user" -d postgres -qc "CREATE DATABASE \"${POSTGRES_DB:-$user}\""
  pg_ctl -D "$PGDATA" -m fast -w stop >/dev/null
fi
if [ "$1" = postgres ]; then
  shift
  set -- postgres -c listen_addresses='*' -c unix_socket_directories=/var/run/postgresql "$@"
fi
exec "$@"
