"""Secrets of a development machine: random, made at the first start, never in the repository."""

import base64
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat


def made_once(path: Path) -> dict[str, str]:
    """Read the secrets at `path`, making the file (mode 0600) when there is none; two starts at once agree on one.

    Raises SystemExit, in words, when they are another user's.
    """
    try:
        if not path.exists():
            _make(path)
        return _completed(path)
    except PermissionError as error:
        raise SystemExit(
            f"{error.filename or path} belongs to another user (was Alajo started as root here?): "
            f"start as that user, or remove {path.parent} to begin with nothing."
        ) from error


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with _draft(path, {**_fresh(), "idp_private_key": _rsa_key()}) as draft, suppress(FileExistsError):
        os.link(draft, path)


def _completed(path: Path) -> dict[str, str]:
    """The secrets, with those that a later Alajo knows made and kept."""
    known = dict(json.loads(path.read_text()))
    missing = {name: value for name, value in _fresh().items() if name not in known}
    if "idp_private_key" not in known:
        missing["idp_private_key"] = _rsa_key()
    if missing:
        known |= missing
        # Never over the old one: a full disk would leave nothing of the keys that open what is sealed.
        with _draft(path, known) as draft:
            draft.replace(path)
    return known


@contextmanager
def _draft(path: Path, content: dict[str, str]) -> Iterator[Path]:
    """A whole file beside `path`, gone in the end unless it took its place."""
    draft = path.with_suffix(f".{os.getpid()}")
    try:
        draft.touch(mode=0o600)
        draft.write_text(json.dumps(content))
        yield draft
    finally:
        draft.unlink(missing_ok=True)


def _fresh() -> dict[str, str]:
    return {
        "secret_key": secrets.token_urlsafe(50),
        "encryption_key": base64.b64encode(secrets.token_bytes(32)).decode(),
        "blind_index_key": base64.b64encode(secrets.token_bytes(32)).decode(),
        "jwt_secret": secrets.token_urlsafe(40),
        "paystack_key": secrets.token_hex(20),
        "xpress_pay_key": secrets.token_hex(16),
        "xpress_pay_door": secrets.token_urlsafe(24),
        "xpress_wallet_key": secrets.token_hex(20),
        "xpress_wallet_door": secrets.token_urlsafe(24),
        "sandbox_id_secret": secrets.token_urlsafe(24),
        "bureau_key": secrets.token_urlsafe(24),
    }


def _rsa_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
