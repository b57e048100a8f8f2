"""The scratch server of the ledger's bench: pgbench's own tables in one database, Alajo's in another."""

import subprocess
from pathlib import Path

import psycopg

from core.embedded import Postgres
from core.embedded.binaries import installation
from core.embedded.bootstrap import DATABASE

ACCOUNTS = 100_000
PGBENCH_SCALE = 100
SETTINGS = {
    "fsync": "on",
    "synchronous_commit": "on",
    "shared_buffers": "1GB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "30min",
}
PEOPLE = """
insert into accounts_user (id, password, is_superuser, email, role, is_active, created_at, updated_at, user_metadata,
    app_metadata, new_email)
select ('01900000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, '!', false, n || '@bench.test', 'USER', true,
    now(), now(), '{{}}', '{{}}', ''
from generate_series(1, {n}) n;
insert into accounts_customer (user_id, status, tier, phone, lock_reason)
select id, 'ACTIVE', 3, '', '' from accounts_user;
insert into accounts_profile (user_id, handle, display_name, avatar)
select id, 'saver_' || split_part(email, '@', 1), 'Saver ' || split_part(email, '@', 1), '' from accounts_user;
insert into wallet_account (id, owner_id, kind, currency_id, normal_side, floor, opened_at)
select ('01900000-0000-7000-9000-' || right(id::text, 12))::uuid, id, 'WALLET', 'NGN', 'CREDIT', 0, now()
from accounts_user;
"""
FUND = """
select wallet.post_many(
    array_agg((left(uuidv7()::text, 34) || '00')::uuid), array_agg('OPENING'::text),
    array_agg((select id from wallet_account where code = 'EQUITY')), array_agg(id),
    array_agg(100000000::bigint), array_agg(''::text))
from (select id, ntile(20) over (order by id) as part from wallet_account where owner_id is not null) a
group by part
"""


def user_id(n: int) -> str:
    return f"01900000-0000-7000-8000-{n:012x}"


def account_id(n: int) -> str:
    return f"01900000-0000-7000-9000-{n:012x}"


class World:
    """A scratch server under `root`, thrown away when left."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.postgres = Postgres(root, settings=SETTINGS)

    def __enter__(self) -> "World":
        self.root.mkdir(parents=True, exist_ok=True)
        self.postgres.remove()
        self.postgres.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self.postgres.remove()

    def superuser(self, dbname: str) -> psycopg.Connection:
        return psycopg.connect(self.postgres.dsn(role="postgres", dbname=dbname), autocommit=True)

    def tpcb(self, *, seconds: int, clients: int) -> float:
        """Return pgbench's TPC-B-like transactions per second on freshly made and vacuumed tables."""
        with self.superuser("postgres") as connection:
            connection.execute("drop database if exists tpcb with (force)")
            connection.execute("create database tpcb")
        self._pgbench("tpcb", "-i", "-I", "dtGvp", "-q", "-s", str(PGBENCH_SCALE))
        self.settle()
        return self._tps("tpcb", "-c", str(clients), "-j", "2", "-M", "prepared", "-n", "-T", str(seconds))

    def script(self, path: Path, *, seconds: int, clients: int, dbname: str = DATABASE) -> float:
        """Return the transactions per second of a pgbench script run in Alajo's database as `service_role`."""
        self.settle()
        arguments = [
            "-f",
            str(path),
            "-c",
            str(clients),
            "-j",
            "2",
            "-M",
            "prepared",
            "-n",
            "-T",
            str(seconds),
        ]
        return self._tps(dbname, *arguments, role="alajo_app", options="-c role=service_role")

    def settle(self) -> None:
        """A page costs most when it is first written after a checkpoint: each measure begins with one."""
        with self.superuser("postgres") as connection:
            connection.execute("checkpoint")

    def _tps(self, dbname: str, *arguments: str, role: str = "postgres", options: str = "") -> float:
        output = self._pgbench(dbname, *arguments, role=role, options=options)
        line = next(line for line in output.splitlines() if line.startswith("tps ="))
        return float(line.split()[2])

    def _pgbench(self, dbname: str, *arguments: str, role: str = "postgres", options: str = "") -> str:
        environment = {"PGOPTIONS": options, "PGHOST": str(self.postgres.socket_directory), "PGUSER": role}
        command = [str(installation() / "bin" / "pgbench"), *arguments, dbname]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"pgbench failed: {done.stderr[-2000:]}")
        return done.stdout
