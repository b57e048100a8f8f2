"""Real servers in scratch directories: a killed server, a second process, odd directories."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from core.embedded import Postgres, StoreError, Stores, Valkey, ensure_running, place

PROJECT = Path(__file__).resolve().parents[2]
FAST = {"fsync": "off", "max_connections": 20, "shared_buffers": "16MB"}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    root = tmp_path_factory.mktemp("stores")
    yield root
    Postgres(root).remove()
    Valkey(root).remove()


@pytest.fixture
def postgres(root: Path) -> Postgres:
    postgres = Postgres(root, settings=FAST)
    postgres.start()
    return postgres


@pytest.fixture
def valkey(root: Path) -> Valkey:
    valkey = Valkey(root)
    valkey.start()
    return valkey


def postmaster_pid(postgres: Postgres) -> int:
    return int((postgres.data / "postmaster.pid").read_text().splitlines()[0])


def value(postgres: Postgres, query: str, *, role: str = "alajo_owner") -> object:
    with psycopg.connect(postgres.dsn(role)) as connection:
        row = connection.execute(query).fetchone()
    assert row
    return row[0]


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 30
    while place.command_line(pid) and time.monotonic() < deadline:
        time.sleep(0.01)


def run_python(code: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", code], cwd=PROJECT, stdout=subprocess.PIPE, text=True)


def test_a_store_that_died_under_its_users_is_started_again_and_one_that_lives_is_left_alone(
    root: Path, postgres: Postgres, valkey: Valkey
) -> None:
    stores, said = Stores(postgres, valkey), []
    running = postmaster_pid(postgres)
    stores.revive(said.append)
    assert (said, postmaster_pid(postgres)) == ([], running)
    kill(running)
    kill(int((valkey.data / "valkey.pid").read_text()))
    stores.revive(said.append)
    assert [line for line in said if "gone" in line] == [
        "PostgreSQL has gone; starting it again ...",
        "Valkey has gone; starting it again ...",
    ]
    assert postgres.is_running() and valkey.is_running() and postmaster_pid(postgres) != running
    assert value(postgres, "select 1") == 1


def test_neither_role_that_the_project_uses_is_a_superuser_or_passes_row_security(postgres: Postgres) -> None:
    for role in ("alajo_owner", "alajo_app"):
        query = "select rolsuper or rolbypassrls from pg_roles where rolname = current_user"
        assert value(postgres, query, role=role) is False


def test_the_runtime_role_inherits_nothing_and_cannot_make_roles(postgres: Postgres) -> None:
    query = "select rolinherit or rolcreaterole or rolcreatedb from pg_roles where rolname = current_user"
    assert value(postgres, query, role="alajo_app") is False


def test_the_database_belongs_to_the_owner_and_has_the_extensions(postgres: Postgres) -> None:
    query = "select pg_get_userbyid(datdba)::text from pg_database where datname = current_database()"
    assert value(postgres, query) == "alajo_owner"
    assert value(postgres, "select '[1,2]'::vector <-> '[1,4]'::vector") == 2
    assert value(postgres, "select unaccent('Ọ̀ṣun')") == "Osun"
    assert value(postgres, "select lower('ỌṢUN')") == "ọṣun"


def test_the_owner_makes_a_test_database_that_has_the_extensions_too(postgres: Postgres) -> None:
    with psycopg.connect(postgres.dsn("alajo_owner"), autocommit=True) as connection:
        connection.execute("create database test_alajo")
    with psycopg.connect(postgres.dsn("alajo_owner", "test_alajo")) as connection:
        names = {name for (name,) in connection.execute("select extname from pg_extension")}
    with psycopg.connect(postgres.dsn("alajo_owner"), autocommit=True) as connection:
        connection.execute("drop database test_alajo")
    assert names >= {"vector", "pg_trgm", "citext", "unaccent", "btree_gist"}


def test_nobody_else_may_enter_the_socket_directories(postgres: Postgres, valkey: Valkey) -> None:
    for directory in (postgres.socket_directory, postgres.data, valkey.socket.parent):
        assert directory.stat().st_mode & 0o077 == 0
    assert value(postgres, "show listen_addresses") == ""
    with redis.Redis.from_url(valkey.url()) as client:
        assert client.config_get("port") == {"port": "0"}


def test_a_second_start_adopts_the_running_servers(postgres: Postgres, valkey: Valkey) -> None:
    pid, started_at = postmaster_pid(postgres), time.monotonic()
    Postgres(postgres.directory.parent).start()
    Valkey(valkey.directory.parent).start()
    assert postmaster_pid(postgres) == pid
    assert time.monotonic() - started_at < 1


def test_data_survive_a_clean_stop_and_the_next_start(postgres: Postgres, valkey: Valkey) -> None:
    with psycopg.connect(postgres.dsn("alajo_owner")) as connection:
        connection.execute("create table if not exists kept (id int)")
    with redis.Redis.from_url(valkey.url(db=3)) as client:
        client.set("kept", "yes")
    for store in (postgres, valkey):
        store.stop()
        assert not store.is_running()
        store.start()
    assert value(postgres, "select count(*) from kept") == 0
    with redis.Redis.from_url(valkey.url(db=3)) as client:
        assert client.get("kept") == b"yes"


def test_killed_servers_start_again(postgres: Postgres, valkey: Valkey) -> None:
    kill(postmaster_pid(postgres))
    kill(int((valkey.data / "valkey.pid").read_text()))
    assert not postgres.is_running() and not valkey.is_running()
    postgres.start()
    valkey.start()
    assert value(postgres, "select 1") == 1
    assert valkey.is_running()


def test_a_killed_server_that_nobody_reaps_does_not_block_the_next_start(
    root: Path, postgres: Postgres
) -> None:
    postgres.stop()
    first = Postgres(root, settings=FAST)
    first.start()
    kill(pid := postmaster_pid(first))
    os.kill(pid, 0)
    Postgres(root, settings=FAST).start()
    assert postmaster_pid(postgres) != pid
    assert value(postgres, "select 1") == 1


def test_a_killed_postmaster_with_a_busy_session_does_not_block_the_next_start(postgres: Postgres) -> None:
    connection = psycopg.connect(postgres.dsn("alajo_owner"), autocommit=True)
    backend = connection.info.backend_pid
    os.kill(backend, signal.SIGSTOP)
    kill(postmaster_pid(postgres))
    wake = subprocess.Popen(["/bin/sh", "-c", f"sleep 0.6; kill -CONT {backend}"])
    postgres.start()
    assert value(postgres, "select 1") == 1
    wake.wait()
    connection.close()


def test_a_process_number_that_now_belongs_to_another_program_does_not_block_the_start(
    postgres: Postgres,
) -> None:
    stale = (postgres.data / "postmaster.pid").read_text().splitlines()
    postgres.stop()
    account = place.server_account(postgres.data)
    stranger = subprocess.Popen(["/bin/sleep", "30"], cwd="/", **(account.as_popen() if account else {}))
    try:
        (postgres.data / "postmaster.pid").write_text("\n".join([str(stranger.pid), *stale[1:]]) + "\n")
        assert not postgres.is_running()
        postgres.stop()
        assert stranger.poll() is None
        postgres.start()
        assert value(postgres, "select 1") == 1
    finally:
        stranger.kill()
        stranger.wait()


def test_two_processes_that_start_at_once_get_one_server(
    root: Path, postgres: Postgres, valkey: Valkey
) -> None:
    postgres.stop()
    valkey.stop()
    code = f"""
from core.embedded import Postgres, Valkey
postgres = Postgres({str(root)!r}, settings={FAST!r})
postgres.start(); Valkey({str(root)!r}).start()
print((postgres.data / "postmaster.pid").read_text().splitlines()[0])
"""
    starts = [run_python(code) for _ in range(2)]
    pids = {start.communicate(timeout=60)[0].strip() for start in starts}
    assert [start.returncode for start in starts] == [0, 0]
    assert pids == {str(postmaster_pid(postgres))}


def test_the_stores_stop_when_the_last_process_that_uses_them_leaves(root: Path) -> None:
    ours = ensure_running(root)
    other = run_python(
        f"from core.embedded import ensure_running\nensure_running({str(root)!r})\nprint('up')"
    )
    assert other.communicate(timeout=60)[0] == "up\n"
    assert ours.postgres.is_running() and ours.valkey.is_running()
    assert ours.release() is True
    assert not ours.postgres.is_running() and not ours.valkey.is_running()
    assert ours.release() is False


def test_a_long_directory_with_spaces_gets_a_short_socket(tmp_path: Path) -> None:
    root = tmp_path / ("a long name, with ünusual charäcters " * 3) / ("x" * 60)
    root.mkdir(parents=True)
    postgres, valkey = Postgres(root, settings=FAST), Valkey(root)
    try:
        postgres.start()
        valkey.start()
        assert value(postgres, "select 1") == 1
        with redis.Redis.from_url(valkey.url()) as client:
            assert client.ping()
        assert postgres.socket_directory.parent == Path("/tmp")
    finally:
        postgres.remove()
        valkey.remove()
    assert not postgres.socket_directory.exists() and not valkey.socket.parent.exists()


def test_a_server_that_cannot_start_says_why(root: Path) -> None:
    postgres = Postgres(root, settings={"shared_buffers": "nonsense"})
    postgres.stop()
    with pytest.raises(StoreError, match="shared_buffers"):
        postgres.start()


def test_a_socket_directory_that_belongs_to_someone_else_is_refused(tmp_path: Path) -> None:
    directory = tmp_path / "sockets"
    directory.symlink_to(tmp_path)
    with pytest.raises(StoreError, match="belongs to another user"):
        place.make_private(directory, None)
