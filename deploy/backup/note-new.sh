#!/bin/sh
# Tells the console of the newest backup, once: its age is on the Operations page, and an alert when it is too old.
# BACKUP_FOLDER as in base-backup.sh; the console's variables; from the folder of main.py.
set -eu
last="$(find "$BACKUP_FOLDER" -mindepth 1 -maxdepth 1 -type d -name '[0-9]*T[0-9]*Z' | sort | tail -n 1)"
last="${last##*/}"
if [ -n "$last" ] && [ "$last" != "$(cat "$BACKUP_FOLDER/.noted" 2> /dev/null || true)" ]; then
    python main.py note-backup "base backup $last, verified"
    printf '%s' "$last" > "$BACKUP_FOLDER/.noted"
fi
