#!/bin/sh
# In the container of deploy/compose.yaml, when its volume is empty: the roles, and who may take backups.
set -eu
psql --no-psqlrc --quiet --username "$POSTGRES_USER" --dbname postgres \
    -v owner_password="$(cat /run/secrets/database_owner_password)" \
    -v console_password="$(cat /run/secrets/database_console_password)" \
    -v backup_password="$(cat /run/secrets/database_backup_password)" \
    -f /console/roles.sql
echo "host replication console_backup samenet scram-sha-256" >> "$PGDATA/pg_hba.conf"
