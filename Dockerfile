# Three images: `console` (web and worker), `frontend` (nginx before it) and `database` (PostgreSQL with what archives
# and restores it). deploy/README.md says how they are run. They run as accounts without rights, on a root file system
# that may be read-only, with /tmp in memory; the database's own folder is a volume.

FROM python:3.11-slim-bookworm AS packages
# Exactly what the lock lists, each file by its hash; none of the embedded servers, which are an extra of their own.
# Nothing is compiled here; the fonts alone come as a source archive, of data.
COPY deploy/lock/core.txt /lock/core.txt
RUN python -m venv --without-pip /opt/console && \
    python -m pip --python /opt/console/bin/python install --no-cache-dir --no-input --disable-pip-version-check \
        --only-binary :all: --no-binary font-roboto --require-hashes -r /lock/core.txt


FROM python:3.11-slim-bookworm AS console
LABEL org.opencontainers.image.title="Check Review Console" \
      org.opencontainers.image.description="The console in which a bank's staff review suspicious paper checks" \
      org.opencontainers.image.base.name="python:3.11-slim-bookworm"
ENV PATH="/opt/console/bin:$PATH" \
    PYTHONUNBUFFERED="1" \
    PYTHONDONTWRITEBYTECODE="1" \
    CRC_BOOTSTRAP="off" \
    ENVIRONMENT="production" \
    HOST="0.0.0.0" \
    PORT="8000"
COPY --from=packages /opt/console /opt/console
WORKDIR /srv/console
COPY main.py pyproject.toml alembic.ini ./
COPY deploy/__init__.py deploy/bootstrap.py deploy/browser.py deploy/environment.py deploy/
COPY db db
COPY jobs jobs
COPY console console
RUN python -m compileall -q . && \
    groupadd --gid 10001 console && \
    useradd --uid 10001 --gid console --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin console
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen('http://127.0.0.1:' + os.environ['PORT'] + '/health', timeout=4)"]
ENTRYPOINT ["python", "main.py"]
CMD ["serve"]


FROM nginx:1.31-alpine-slim AS frontend
LABEL org.opencontainers.image.title="Check Review Console, frontend" \
      org.opencontainers.image.description="nginx before the console's replicas" \
      org.opencontainers.image.base.name="nginx:1.31-alpine-slim"
COPY deploy/nginx /etc/nginx/console
USER 101:101
EXPOSE 8080 8443
HEALTHCHECK --interval=10s --timeout=3s --retries=3 \
    CMD ["wget", "-q", "-O", "/dev/null", "http://127.0.0.1:8080/edge/health"]
ENTRYPOINT ["nginx", "-p", "/etc/nginx/console", "-g", "daemon off;", "-c"]
CMD ["/etc/nginx/console/compose.conf"]


FROM postgres:18-bookworm AS database
LABEL org.opencontainers.image.title="Check Review Console, database" \
      org.opencontainers.image.description="PostgreSQL with pgBackRest" \
      org.opencontainers.image.base.name="postgres:18-bookworm"
# PostgreSQL's own repository is the base's: the version that goes with it is the one to have.
# hadolint ignore=DL3008
RUN apt-get update && \
    apt-get install -y --no-install-recommends pgbackrest && \
    rm -rf /var/lib/apt/lists/* && \
    install -d -o postgres -g postgres /var/spool/pgbackrest /var/lib/check-review
COPY deploy/backup/pgbackrest.conf deploy/backup/full-backup.sh deploy/backup/restore.sh /console/
ENV PGBACKREST_CONFIG="/console/pgbackrest.conf" \
    PGBACKREST_STANZA="check-review" \
    PGBACKREST_PG1_PATH="/var/lib/postgresql/18/docker" \
    BACKUP_NOTES="/var/lib/check-review"
USER 999:999
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=6 \
    CMD ["pg_isready", "--username", "postgres", "--dbname", "postgres", "--host", "127.0.0.1"]
