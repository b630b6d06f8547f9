-- Once, on an empty cluster, as its superuser:
--   psql -v owner_password=… -v console_password=… -v backup_password=… -f deploy/postgres/roles.sql
-- The console connects as a login that owns nothing; migrations run as the owner of the tables.
\set ON_ERROR_STOP on
CREATE ROLE console_owner LOGIN CREATEROLE NOSUPERUSER NOBYPASSRLS NOCREATEDB NOREPLICATION PASSWORD :'owner_password';
CREATE ROLE console_app NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION;
CREATE ROLE console_login LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION
    PASSWORD :'console_password' IN ROLE console_app;
CREATE ROLE console_backup LOGIN REPLICATION NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE
    PASSWORD :'backup_password';
CREATE DATABASE check_review OWNER console_owner;
REVOKE ALL ON DATABASE check_review FROM PUBLIC;
GRANT CONNECT ON DATABASE check_review TO console_app;
