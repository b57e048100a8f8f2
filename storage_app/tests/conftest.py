import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.files.storage import storages


@pytest.fixture
def files(tmp_path: Path, settings) -> Iterator[Path]:
    """An empty folder for the bytes of files."""
    settings.STORAGES = {
        **settings.STORAGES,
        "files": {"BACKEND": "storage_app.blobs.FolderStorage", "OPTIONS": {"location": tmp_path / "files"}},
    }
    storages.__dict__.pop("backends", None)
    storages._storages.clear()
    yield tmp_path / "files"
    storages._storages.clear()
    shutil.rmtree(tmp_path / "files", ignore_errors=True)
