#!/bin/bash
#  Make the database cluster at the first start, then serve it.
#  SPDX-License-Identifier: Apache-2.0
set -euo pipefail
if [[ $EUID -eq 0 ]]; then
    install --directory --owner=postgres --mode=0700 "$PGDATA" /run/postgresql
    exec setpriv --reuid=postgres --regid=postgres --init-groups "$0"
fi
if [[ ! -s $PGDATA/PG_VERSION ]]; then
    read -ra options <<<"${POSTGRES_INITDB_ARGS:-}"
    initdb --username "$POSTGRES_USER" --auth-local trust --auth-host scram-sha-256 \
        --encoding UTF8 --pwfile "$POSTGRES_PASSWORD_FILE" "${options[@]}"
    echo "host all all all scram-sha-256" >>"$PGDATA/pg_hba.conf"
    pg_ctl --wait start --options "-c listen_addresses=''"
    createdb --username "$POSTGRES_USER" --maintenance-db postgres "$POSTGRES_DB"
    pg_ctl --wait stop --mode fast
fi
exec postgres -c listen_addresses='*'
