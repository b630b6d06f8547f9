-- Once, on an empty cluster, as its superuser:
--   psql -v owner_password=… -v console_password=… -v backup_password=… -f deploy/postgres/roles.sql
-- The console connects as a login that owns nothing; migrations run as the owner of the tables.
\set ON_ERROR_STOP on
CREATE ROLE console_owner LOGIN CREATEROLE NOSUPERUSER NOBYPASSRLS NOCREATEDB NOREPLICATION PASSWORD :'owner_password';
CREATE ROLE console_app NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION;
CREATE ROLE console_login LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION
    PASSWORD :'console_password' IN ROLE console_app;
-- Takes backups, and feeds standbys; it reads no table.
CREATE ROLE console_backup LOGIN REPLICATION NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE
    PASSWORD :'backup_password' IN ROLE pg_read_all_settings;
CREATE DATABASE check_review OWNER console_owner;
REVOKE ALL ON DATABASE check_review FROM PUBLIC;
GRANT CONNECT ON DATABASE check_review TO console_app;
-- pgBackRest connects here.
\connect postgres
GRANT EXECUTE ON FUNCTION pg_backup_start(text, boolean), pg_backup_stop(boolean), pg_switch_wal(),
    pg_create_restore_point(text) TO console_backup;
