"""Secrets of a development machine: random, made at the first start, never in the repository."""

import base64
import json
import os
import secrets
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat


def made_once(path: Path) -> dict[str, str]:
    """Read the secrets at `path`, making the file (mode 0600) when there is none; two starts at once agree on one."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(f".{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(json.dumps({**_fresh(), "idp_private_key": _rsa_key()}))
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    known = dict(json.loads(path.read_text()))
    missing = {name: value for name, value in _fresh().items() if name not in known}
    if "idp_private_key" not in known:
        missing["idp_private_key"] = _rsa_key()
    if missing:  # made by an older Alajo
        known |= missing
        path.write_text(json.dumps(known))
    return known


def _fresh() -> dict[str, str]:
    return {
        "secret_key": secrets.token_urlsafe(50),
        "encryption_key": base64.b64encode(secrets.token_bytes(32)).decode(),
        "blind_index_key": base64.b64encode(secrets.token_bytes(32)).decode(),
        "jwt_secret": secrets.token_urlsafe(40),
        "paystack_key": secrets.token_hex(20),
        "sandbox_id_secret": secrets.token_urlsafe(24),
    }


def _rsa_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
