#!/bin/sh
# A full base backup into the repository, with the WAL that it needs; then what is older than 30 days is expired.
#
# PGBACKREST_…: deploy/README.md, "Backup". BACKUP_NOTES: a folder in which the newest backup's name is left for
# note-new.sh. On Sundays, and with BACKUP_VERIFY=yes, everything in the repository is read and compared with its
# checksums; the pages of the database are compared with theirs in each backup.
set -eu
tries=0
until pgbackrest stanza-create; do # changes nothing where there is one
    status=$?
    tries=$((tries + 1))
    # 50: at this moment WAL is archived, which holds the same lock.
    { [ "$status" = 50 ] && [ "$tries" -lt 60 ]; } || exit "$status"
    sleep 1
done
pgbackrest backup --type=full

if [ "${BACKUP_VERIFY:-}" = yes ] || [ "$(date -u +%u)" = 7 ]; then
    # It ends with 0 whatever it finds; what it finds is what it says.
    found="$(pgbackrest verify --output=text --verbose)"
    echo "$found"
    case "$found" in *"status: error"*) exit 1 ;; esac
fi

name="$(pgbackrest info --output=json | sed 's/.*"label":"\([^"]*\)".*/\1/')"
printf '%s' "$name" > "$BACKUP_NOTES/.new"
mv "$BACKUP_NOTES/.new" "$BACKUP_NOTES/newest"
echo "backup $name ended well"
