"""Published figures that arithmetic must reproduce, read from JSON beside the tests.

Where `VECTORS_DIR` names a folder, files of the same name and form are read from there instead.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest


def cases(beside: str, name: str, **left_out: str) -> list[Any]:
    """Return the cases of `vectors/<name>.json` as parameters, each with its id.

    `beside` is the `__file__` of the test. A case whose id starts with a key of `left_out` (`_` stands for `-`) is
    skipped with the reason given.
    """
    folder = Path(os.environ.get("VECTORS_DIR") or Path(beside).parent / "vectors")
    found = json.loads((folder / f"{name}.json").read_text())["cases"]
    return [pytest.param(case, id=case["id"], marks=_marks(case["id"], left_out)) for case in found]


def _marks(case_id: str, left_out: dict[str, str]) -> list[pytest.MarkDecorator]:
    return [
        pytest.mark.skip(reason=reason)
        for start, reason in left_out.items()
        if case_id.startswith(start.replace("_", "-"))
    ]
