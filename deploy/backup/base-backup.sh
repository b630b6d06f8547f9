#!/bin/sh
# A full base backup with the WAL that it needs, verified file by file, then those older than BACKUP_KEEP_DAYS removed.
#
# BACKUP_FOLDER: where backups lie, each in a folder named by its moment. PGHOST, PGPORT, PGUSER, PGPASSWORD: the
# database, as a role that may replicate. PostgreSQL's own programs, of version 18 or later, of any server from 15 on
# that is not newer than they are.
set -eu
keep_days="${BACKUP_KEEP_DAYS:-30}"
name="$(date -u +%Y%m%dT%H%M%SZ)"
partly="$BACKUP_FOLDER/.$name"
trap 'rm -rf "$partly"' EXIT

pg_basebackup --no-password --pgdata="$partly" --format=tar --gzip --wal-method=stream --checkpoint=fast \
    --label="check-review $name"
pg_verifybackup --quiet --no-parse-wal "$partly"
mv "$partly" "$BACKUP_FOLDER/$name"

# Only now, and never the new one: whatever fails, the last good backup stays.
oldest="$(date -u -d "-$keep_days days" +%Y%m%dT%H%M%SZ)"
for folder in "$BACKUP_FOLDER"/[0-9]*T[0-9]*Z; do
    if [ "$(basename "$folder")" \< "$oldest" ]; then
        rm -rf "$folder"
        echo "removed $(basename "$folder"), older than $keep_days days"
    fi
done
echo "backup $name verified"
