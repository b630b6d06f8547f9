#!/bin/sh
# Restores the database from the repository, to the newest moment that was archived or to one that is given:
#   sh deploy/backup/restore.sh
#   sh deploy/backup/restore.sh "2026-11-26 04:05:06+00"
#
# On the database's machine, as PostgreSQL's account, PostgreSQL stopped. PGDATA is where the database lies; what is
# there is moved aside and not deleted. PGBACKREST_…: as for backups. Nobody can connect until all is replayed: start
# PostgreSQL after this has ended well. RESTORE_TRIAL=yes: for a look at a copy; it adds nothing to the repository.
set -eu
target="${1:-}"
here="${RESTORE_SOCKETS:-/tmp}"
log="$PGDATA.restore.log"

# What is archived from here on is a timeline of its own; its history has to be in the repository from its beginning.
archiving="-c archive_mode=on -c archive_command='pgbackrest archive-push %p'"
kept=preserve
[ "${RESTORE_TRIAL:-}" != yes ] || archiving="-c archive_mode=off" kept=off

if [ -e "$PGDATA/postmaster.pid" ] && pg_ctl --pgdata="$PGDATA" status > /dev/null; then
    echo "PostgreSQL runs on $PGDATA: stop it first. Nothing was changed." >&2
    exit 1
fi
if [ -d "$PGDATA" ] && [ -n "$(ls -A "$PGDATA")" ]; then
    aside="$PGDATA.before-$(date -u +%Y%m%dT%H%M%SZ)"
    mv "$PGDATA" "$aside"
    echo "what was there is in $aside"
fi
mkdir -p -m 0700 "$PGDATA"

if [ -n "$target" ]; then
    pgbackrest restore --archive-mode="$kept" --type=time --target="$target" --target-action=promote
else
    pgbackrest restore --archive-mode="$kept"
fi

# Until it is a server in its own right: pg_ctl itself waits until it is consistent, with more to come.
replay() {
    : > "$log"
    pg_ctl --pgdata="$PGDATA" --log="$log" --wait --timeout=14400 --silent \
        --options="-c listen_addresses='' -c unix_socket_directories='$here' -c hot_standby=off $archiving" start || return 1
    until [ "$(sed -n '8s/ *$//p' "$PGDATA/postmaster.pid" 2> /dev/null)" = ready ]; do
        pg_ctl --pgdata="$PGDATA" status > /dev/null || return 1
        sleep 0.1
    done
}
if ! replay; then
    if grep -q "recovery ended before configured recovery target was reached" "$log"; then
        echo "the archive ends before $target: everything that is in it is restored"
        sed -i '/^recovery_target/d' "$PGDATA/postgresql.auto.conf"
        replay
    else
        cat "$log" >&2
        exit 1
    fi
fi
pg_ctl --pgdata="$PGDATA" --wait --silent --mode=fast stop
last="$(sed -n 's/.*last completed transaction was at log time //p' "$log" | tail -n 1)"
echo "restored; the last transaction in it is of ${last:-the base backup itself}"
