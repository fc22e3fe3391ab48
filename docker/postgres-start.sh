#!/bin/sh
# Makes the data on first use and runs the server in the foreground.
# The password comes from the file that POSTGRES_PASSWORD_FILE names.
set -eu
: "${PGDATA:?}" "${POSTGRES_PASSWORD_FILE:?names the file with the password}"
mkdir -p "$PGDATA" /var/run/postgresql
chown -R postgres:postgres "$PGDATA" /var/run/postgresql
chmod 700 "$PGDATA"
as_postgres() { setpriv --reuid=postgres --regid=postgres --init-groups "$@"; }
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    secret=$(mktemp)
    cat "$POSTGRES_PASSWORD_FILE" > "$secret"
    chown postgres "$secret"
    as_postgres /usr/lib/postgresql/15/bin/initdb --username=hotline --pwfile="$secret" --encoding=UTF8 \
        --locale=C.UTF-8 --auth-host=scram-sha-256 --auth-local=trust -D "$PGDATA"
    rm -f "$secret"
    echo "host all all all scram-sha-256" >> "$PGDATA/pg_hba.conf"
fi
exec setpriv --reuid=postgres --regid=postgres --init-groups /usr/lib/postgresql/15/bin/postgres \
    -D "$PGDATA" -c listen_addresses='*' -c port="${PGPORT:-5432}" -c max_connections=200
