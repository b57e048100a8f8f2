#!/bin/sh
# Run once as the superuser of an outside PostgreSQL: the two roles, the database, and the extensions that want a
# superuser. ALAJO_DB_PASSWORD is the password of both roles.
set -eu
psql --set ON_ERROR_STOP=1 --set "password=$ALAJO_DB_PASSWORD" --username "${POSTGRES_USER:-postgres}" <<'SQL'
CREATE ROLE alajo_owner LOGIN NOSUPERUSER CREATEROLE PASSWORD :'password';
CREATE ROLE alajo_app LOGIN NOINHERIT PASSWORD :'password';
GRANT alajo_app TO alajo_owner WITH ADMIN TRUE, INHERIT FALSE;
CREATE DATABASE alajo OWNER alajo_owner;
\connect alajo
CREATE EXTENSION vector;
CREATE EXTENSION pg_trgm;
CREATE EXTENSION citext;
CREATE EXTENSION unaccent;
CREATE EXTENSION btree_gist;
SQL
