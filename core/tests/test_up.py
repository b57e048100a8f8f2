"""What `manage.py up` tells before it starts anything."""

import socket
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.core.management.base import CommandError

from core.management.commands import up


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_taken_port_is_named_with_another_to_try(taken: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(up, "PORT_FREES_WITHIN", 0.0)
    with pytest.raises(CommandError, match=rf"Port {taken} on 127.0.0.1 .*--port {taken + 1}"):
        up.wait_until_free("127.0.0.1", taken)


@pytest.mark.parametrize("port", [-1, 0, 65_536, 10**9])
def test_a_port_that_cannot_be_is_refused(port: int) -> None:
    with pytest.raises(CommandError, match=r"cannot be used .*PORT=8001"):
        up.wait_until_free("127.0.0.1", port)


def test_a_host_that_is_not_ours_is_refused() -> None:
    with pytest.raises(CommandError, match="cannot be used"):
        up.wait_until_free("192.0.2.1", 8000)


def test_the_address_is_one_that_a_browser_can_open() -> None:
    assert up.site_address("0.0.0.0", 80) == "http://127.0.0.1:80"
    assert up.site_address("::", 8000) == "http://[::1]:8000"
    assert up.site_address("box.test", 8000) == "http://box.test:8000"


@pytest.mark.parametrize(("free", "told"), [(2**20 * 299, "Only 299 MB are free"), (2**20 * 300, "")])
def test_little_room_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, told: str) -> None:
    monkeypatch.setattr(up.shutil, "disk_usage", lambda path: SimpleNamespace(free=free))
    assert up.little_room(tmp_path)[: len(told) or None] == told
