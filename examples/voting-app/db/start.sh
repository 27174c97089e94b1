#!/bin/sh
# Makes the database cluster on first start, then becomes the server.
# POSTGRES_PASSWORD or POSTGRES_PASSWORD_FILE is required; POSTGRES_USER and POSTGRES_DB default to "postgres".
set -eu
volume=/var/lib/postgresql/data
data=$volume/pg15
user=${POSTGRES_USER:-postgres}
database=${POSTGRES_DB:-$user}

if [ ! -d "$data" ]; then
  password=${POSTGRES_PASSWORD:-}
  [ -z "${POSTGRES_PASSWORD_FILE:-}" ] || password=$(cat "$POSTGRES_PASSWORD_FILE")
  [ -n "$password" ] || { echo "db: set POSTGRES_PASSWORD or POSTGRES_PASSWORD_FILE" >&2; exit 1; }
  # Made aside and renamed, so that a start that was cut short begins again instead of half a cluster being used.
  new=$volume/new
  rm -rf "$new" "$volume/password"
  (umask 077 && printf '%s\n' "$password" >"$volume/password")
  initdb -D "$new" -U "$user" --pwfile="$volume/password" --auth-local=trust --auth-host=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 >/dev/null
  rm "$volume/password"
  echo 'host all all all scram-sha-256' >>"$new/pg_hba.conf"
  if [ "$database" != postgres ]; then
    echo "CREATE DATABASE \"$database\"" | postgres --single -D "$new" postgres >/dev/null
  fi
  sync
  mv "$new" "$data"
fi
exec postgres -D "$data" -c listen_addresses='*' -c unix_socket_directories=/tmp -c jit=off
