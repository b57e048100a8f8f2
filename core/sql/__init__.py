"""SQL that migrations run, one file per subject."""

from pathlib import Path


def read(folder: str | Path, *names: str) -> str:
    """Return the text of `names` (without `.sql`) beside a module's `__file__`, in that order."""
    base = Path(folder).parent
    return "\n".join((base / f"{name}.sql").read_text(encoding="utf-8") for name in names)
