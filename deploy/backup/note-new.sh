#!/bin/sh
# Tells the console of the newest backup, once: its age is on the Operations page, and an alert when it is too old.
# BACKUP_NOTES as in full-backup.sh; the console's variables; from the folder of main.py.
set -eu
last="$(cat "$BACKUP_NOTES/newest" 2> /dev/null || true)"
if [ -n "$last" ] && [ "$last" != "$(cat "$BACKUP_NOTES/noted" 2> /dev/null || true)" ]; then
    python main.py note-backup "base backup $last and WAL, encrypted, in the object store"
    printf '%s' "$last" > "$BACKUP_NOTES/noted"
fi
