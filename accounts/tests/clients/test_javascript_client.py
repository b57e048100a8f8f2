"""A running `/auth/v1`, driven by @supabase/supabase-js, where that is installed."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from accounts import access_tokens
from accounts.tests.factories import PASSWORD
from config.javascript import COMMAND, FOLDER, VERSION, installed

ABSENT = f"supabase-js is not installed, so no JavaScript client was tried: npm {' '.join(COMMAND)}"


def test_the_javascript_client_signs_in_refreshes_changes_and_signs_out(auth_url, ada):
    if shutil.which("node") is None or installed() != VERSION:
        pytest.skip(ABSENT)
    script = Path(__file__).with_name("session.mjs")
    origin, key = auth_url.removesuffix("/auth/v1"), access_tokens.static_key("anon")
    command = [
        "node",
        str(script),
        str(FOLDER),
        origin,
        key,
        "ada@alajo.test",
        PASSWORD,
        "another-long-secret",
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)

    def code(name: str) -> str | None:
        return report[name] and report[name]["code"]

    assert (report["weak"]["name"], code("weak")) == ("AuthWeakPasswordError", "weak_password")
    assert report["signUp"] == {"session": None, "identities": 1, "error": None}
    assert report["wrong"]["message"] == "Invalid login credentials"
    assert code("anonymous") == "anonymous_provider_disabled"
    assert report["noSession"]["name"] == "AuthSessionMissingError"
    assert report["signIn"] == {"id": str(ada.id), "error": None}
    assert report["claims"] == {"aal": "aal1", "role": "authenticated", "error": None}
    assert report["refresh"] == {"changed": True, "error": None}
    assert report["tabs"] == 1
    assert report["update"] == {"plan": "gold", "error": None}
    assert code("same") == "same_password"
    assert report["password"] is None
    assert report["otherAfterPassword"]["name"] == "AuthSessionMissingError"
    assert report["again"] is report["others"] is report["mineAfterOthers"] is report["signOut"] is None
    assert report["otherAfterOthers"]["name"] == "AuthSessionMissingError"
    assert report["afterSignOut"]["name"] == "AuthSessionMissingError"
