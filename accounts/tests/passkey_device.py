"""A device with a passkey, in software: it answers as a browser's JSON does."""

import hashlib
import json
import os
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData

PRESENT, VERIFIED, ATTESTED = 1, 4, 64


class Device:
    def __init__(self, *, origin: str, host: str = "localhost") -> None:
        self.origin, self.host = origin, host
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id = os.urandom(16)
        self.flags = PRESENT | VERIFIED
        self.handle = b""
        self.uses = 0

    def create(self, options: dict[str, Any]) -> dict[str, Any]:
        self.handle = websafe_decode(options["publicKey"]["user"]["id"])
        client = self._client("webauthn.create", options)
        public = AttestedCredentialData.create(
            b"\0" * 16, self.id, ES256.from_cryptography_key(self.key.public_key())
        )
        data = AuthenticatorData.create(self._host(), self.flags | ATTESTED, self.uses, public)
        made = AttestationObject.create("none", data, {})
        return self._shape({"clientDataJSON": client, "attestationObject": bytes(made)}) | {
            "clientExtensionResults": {"credProps": {"rk": True}}
        }

    def get(self, options: dict[str, Any]) -> dict[str, Any]:
        client = self._client("webauthn.get", options)
        data = bytes(AuthenticatorData.create(self._host(), self.flags, self.uses))
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._shape(
            {
                "clientDataJSON": client,
                "authenticatorData": data,
                "signature": signature,
                "userHandle": self.handle,
            }
        )

    def _client(self, kind: str, options: dict[str, Any]) -> bytes:
        challenge = options["publicKey"]["challenge"]
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin}).encode()

    def _host(self) -> bytes:
        return hashlib.sha256(self.host.encode()).digest()

    def _shape(self, response: dict[str, bytes]) -> dict[str, Any]:
        name = websafe_encode(self.id)
        return {
            "id": name,
            "rawId": name,
            "type": "public-key",
            "clientExtensionResults": {},
            "response": {key: websafe_encode(value) for key, value in response.items()},
        }
