"""Supabase's client `realtime` from PyPI. Its name is that of our app, so it is imported while ours steps aside."""

import importlib
import sys
from importlib import metadata
from typing import Any


def load() -> Any:
    """Import it by its own name, and let that name be our app's again."""
    ours = _taken_out()
    sys.path.insert(0, str(metadata.distribution("realtime").locate_file("")))
    try:
        return importlib.import_module("realtime")
    finally:
        del sys.path[0]
        _taken_out()
        sys.modules.update(ours)


def _taken_out() -> dict[str, Any]:
    names = [name for name in sys.modules if name.partition(".")[0] == "realtime"]
    return {name: sys.modules.pop(name) for name in names}


client: Any = load()
