"""Both stores together, with a lease: they stop when the last process that uses them leaves."""

import atexit
import contextlib
import fcntl
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from core.embedded import place
from core.embedded.place import Say, StoreError
from core.embedded.postgres import Postgres
from core.embedded.valkey import Valkey


@dataclass
class Stores:
    """The running stores of one checkout and this process's lease on them."""

    postgres: Postgres
    valkey: Valkey
    _lease: int | None = field(default=None, repr=False)
    _owner_pid: int = field(default_factory=os.getpid, repr=False)

    def revive(self, say: Say) -> None:
        """Start again what has died under its users. Raises StoreError when it does not come up."""
        for name, store in (("PostgreSQL", self.postgres), ("Valkey", self.valkey)):
            if not store.is_running():
                say(f"{name} has gone; starting it again ...")
                store.start()
                say("  it is back")

    def _abandon(self) -> None:
        """Undo a start that failed half way, under its lock; other errors would hide the reason."""
        lease, self._lease = self._lease, None
        assert lease is not None
        try:
            if place.try_lock(lease, fcntl.LOCK_EX):
                for store in (self.valkey, self.postgres):
                    with contextlib.suppress(StoreError):
                        store.stop()
        finally:
            os.close(lease)

    def release(self) -> bool:
        """Give the lease back and, when no other process holds one, stop both; return whether it did.

        A second call does nothing, nor does one in a forked child, whose parent still holds the lease.
        """
        if self._lease is None or os.getpid() != self._owner_pid:
            return False
        lease, self._lease = self._lease, None
        try:
            with place.exclusive(_lock(self.postgres)):
                if not place.try_lock(lease, fcntl.LOCK_EX):
                    return False
                self.valkey.stop()
                self.postgres.stop()
                return True
        finally:
            os.close(lease)


def ensure_running(
    root: Path | str, say: Say = place.silent, settings: Mapping[str, str | int] | None = None
) -> Stores:
    """Start what does not run, adopt what does, and release it when this process exits.

    A lease and not "who started it stops it": a command that started the stores may end before another that
    joined it.
    Raises StoreError when a store does not come up.
    """
    stores = Stores(Postgres(root, settings=settings, say=say), Valkey(root, say=say))
    place.make_store_directory(stores.postgres.directory)
    with place.exclusive(_lock(stores.postgres), say=say):
        stores._lease = place.open_lock(stores.postgres.directory / "stores.lease")
        fcntl.flock(stores._lease, fcntl.LOCK_SH)
        atexit.register(stores.release)
        try:
            stores.postgres.start()
            stores.valkey.start()
        except BaseException:
            stores._abandon()
            raise
    return stores


def _lock(postgres: Postgres) -> Path:
    return postgres.directory / "stores.lock"
