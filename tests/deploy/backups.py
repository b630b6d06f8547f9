"""What a backup is told that is taken from another machine than the database's: by the CronJob, and by its test."""

from __future__ import annotations

from typing import Final

FROM_ELSEWHERE: Final = {
    "PGBACKREST_CONFIG",
    "PGBACKREST_STANZA",
    "PGBACKREST_PG1_HOST",
    "PGBACKREST_PG1_HOST_TYPE",
    "PGBACKREST_PG1_HOST_CA_FILE",
    "PGBACKREST_PG1_HOST_CERT_FILE",
    "PGBACKREST_PG1_HOST_KEY_FILE",
    "PGBACKREST_PG1_PATH",
    "PGBACKREST_PG1_USER",
    "PGBACKREST_REPO1_S3_ENDPOINT",
    "PGBACKREST_REPO1_S3_BUCKET",
    "PGBACKREST_REPO1_S3_REGION",
    "PGBACKREST_REPO1_S3_KEY",
    "PGBACKREST_REPO1_S3_KEY_SECRET",
    "PGBACKREST_REPO1_CIPHER_PASS",
}
