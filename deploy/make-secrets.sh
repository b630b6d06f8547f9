#!/bin/sh
# Makes the secrets of deploy/compose.yaml in a folder, each at random; what is there already stays.
#   sh deploy/make-secrets.sh deploy/secrets console.example.com
# The certificate is one of its own, for trying out: put the bank's in its place.
set -eu
folder="$1" host="$2"
umask 077
mkdir -p "$folder"
cd "$folder"
secret() { [ -s "$1" ] || openssl rand -hex 24 | tr -d '\n' > "$1"; }
for name in superuser owner console backup; do secret "database_${name}_password"; done
secret grafana_password
[ -s redis_password ] || printf 'requirepass %s' "$(openssl rand -hex 24)" > redis_password
[ -s minio.env ] || printf 'MINIO_ROOT_USER=check-review\nMINIO_ROOT_PASSWORD=%s\n' "$(openssl rand -hex 24)" > minio.env
# Who may do what in the store: the console with images, backups with theirs.
for name in console backup; do secret "store_${name}_key"; done
# Keep PGBACKREST_REPO1_CIPHER_PASS somewhere else as well: without it no backup can be read.
[ -s repository.env ] || cat > repository.env <<ENV
PGBACKREST_REPO1_S3_KEY=backup
PGBACKREST_REPO1_S3_KEY_SECRET=$(cat store_backup_key)
PGBACKREST_REPO1_CIPHER_PASS=$(openssl rand -hex 48)
ENV
[ -s backup.env ] || printf 'PGPASSWORD=%s\n' "$(cat database_backup_password)" > backup.env
[ -s owner.env ] || printf 'DATABASE_OWNER_URL=postgresql://console_owner:%s@postgres:5432/check_review\n' \
    "$(cat database_owner_password)" > owner.env
[ -s console.env ] || cat > console.env <<ENV
PUBLIC_ORIGIN=https://$host
SECRET_KEY=$(openssl rand -hex 48)
DATABASE_URL=postgresql://console_login:$(cat database_console_password)@postgres:5432/check_review
REDIS_URL=redis://:$(cut -d' ' -f2 redis_password)@redis:6379/0
OBJECT_STORE_ENDPOINT=http://minio:9000
OBJECT_STORE_ACCESS_KEY=console
OBJECT_STORE_SECRET_KEY=$(cat store_console_key)
ENV
certificate() {
    [ -s "$1_key.pem" ] || openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days "$3" \
        -subj "/CN=$2" -addext "subjectAltName=DNS:$2" -keyout "$1_key.pem" -out "$1_certificate.pem" 2> /dev/null
}
certificate tls "$host" 30
# Between the database and the store of its backups, on a network of their own.
certificate repository repository 3650
# Containers read them as accounts of their own: the folder is what keeps others out.
chmod 0444 ./*
chmod 0700 .
