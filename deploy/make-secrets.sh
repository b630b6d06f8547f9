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
[ -s backup.env ] || printf 'PGPASSWORD=%s\n' "$(cat database_backup_password)" > backup.env
[ -s owner.env ] || printf 'DATABASE_OWNER_URL=postgresql://console_owner:%s@postgres:5432/check_review\n' \
    "$(cat database_owner_password)" > owner.env
[ -s console.env ] || cat > console.env <<ENV
PUBLIC_ORIGIN=https://$host
SECRET_KEY=$(openssl rand -hex 48)
DATABASE_URL=postgresql://console_login:$(cat database_console_password)@postgres:5432/check_review
REDIS_URL=redis://:$(cut -d' ' -f2 redis_password)@redis:6379/0
OBJECT_STORE_ENDPOINT=http://minio:9000
OBJECT_STORE_ACCESS_KEY=check-review
OBJECT_STORE_SECRET_KEY=$(sed -n 's/^MINIO_ROOT_PASSWORD=//p' minio.env)
ENV
[ -s tls_key.pem ] || openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 \
    -subj "/CN=$host" -addext "subjectAltName=DNS:$host" -keyout tls_key.pem -out tls_certificate.pem 2> /dev/null
# Containers read them as accounts of their own: the folder is what keeps others out.
chmod 0444 ./*
chmod 0700 .
