"""What a fresh server needs from its superuser before migrations can run as an ordinary owner."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import psycopg

from core.embedded.place import Say

OWNER = "alajo_owner"
APP = "alajo_app"
DATABASE = "alajo"
EXTENSIONS = ("vector", "pg_trgm", "citext", "unaccent", "btree_gist")
ROLES = {OWNER: "login nosuperuser createrole createdb", APP: "login noinherit"}
VERSION = hashlib.sha256(repr((OWNER, APP, DATABASE, EXTENSIONS, ROLES)).encode()).hexdigest()


def bootstrap(*, connect: Callable[[str], psycopg.Connection], marker: Path, say: Say) -> None:
    """Create roles, the database and its extensions once; `marker` remembers that it came to the end.

    template1 gets the extensions too, so that databases made for tests have them without a superuser.
    """
    if marker.exists() and marker.read_text() == VERSION:
        return
    say("Creating roles, the database and its extensions.")
    with connect("template1") as connection:
        _create_extensions(connection)
        _create_roles(connection)
    with connect("postgres") as connection:
        if not connection.execute("select 1 from pg_database where datname = %s", [DATABASE]).fetchone():
            connection.execute(f"create database {DATABASE} owner {OWNER}")
    with connect(DATABASE) as connection:
        _create_extensions(connection)
    marker.write_text(VERSION)


def _create_roles(connection: psycopg.Connection) -> None:
    for role, attributes in ROLES.items():
        exists = connection.execute("select 1 from pg_roles where rolname = %s", [role]).fetchone()
        connection.execute(f"{'alter' if exists else 'create'} role {role} {attributes}")
    # Migrations may set the runtime role's parameters, tests step into it; the owner inherits nothing.
    connection.execute(f"grant {APP} to {OWNER} with admin true, inherit false, set true")


def _create_extensions(connection: psycopg.Connection) -> None:
    for extension in EXTENSIONS:
        connection.execute(f"create extension if not exists {extension}")
