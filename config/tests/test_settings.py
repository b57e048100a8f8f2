"""Production starts with everything it needs, or says by name what is missing; it has no secret of its own."""

import base64
import os
import subprocess
import sys

import pytest
from django.conf import settings

KEY = base64.b64encode(bytes(range(32))).decode()
COMPLETE = {
    "DATABASE_URL": "postgresql://alajo_app@localhost/alajo",
    "DATABASE_OWNER_URL": "postgresql://alajo_owner@localhost/alajo",
    "REDIS_URL": "redis://localhost:6379/0",
    "ALAJO_SECRET_KEY": "only-for-this-test",
    "ALAJO_ENCRYPTION_KEYS": f'["one:{KEY}"]',
    "ALAJO_BLIND_INDEX_KEY": KEY,
    "ALAJO_JWT_SECRET": "only-for-this-test-and-long-enough",
    "ALAJO_ALLOWED_HOSTS": '["alajo.example"]',
    "ALAJO_EMAIL_HOST": "mail.example",
}


def started(environment: dict[str, str], *, show: str = "''") -> subprocess.CompletedProcess[str]:
    """Load the production settings in a process that has this environment and no other."""
    return subprocess.run(
        [sys.executable, "-c", f"import config.settings.production as p; print({show})"],
        cwd=settings.BASE_DIR,
        env={
            "PATH": os.environ["PATH"],
            "DJANGO_SETTINGS_MODULE": "config.settings.production",
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_starts_when_nothing_is_missing():
    facts = "p.DEBUG, p.SANDBOX, p.EMBEDDED_STORES, 'wallet.sandbox' in p.INSTALLED_APPS, p.OUTBOUND_LOCAL"
    found = started(COMPLETE, show=facts)
    assert (found.returncode, found.stdout.strip()) == (0, "False False False False False"), found.stderr


def test_nothing_in_the_environment_opens_this_machine_to_addresses_of_strangers():
    tried = dict.fromkeys(("OUTBOUND_LOCAL", "ALAJO_OUTBOUND_LOCAL", "ALAJO_SANDBOX"), "true")
    found = started({**COMPLETE, **tried}, show="p.OUTBOUND_LOCAL, p.SANDBOX")
    assert found.stdout.strip() == "False False", found.stderr


@pytest.mark.parametrize("name", COMPLETE)
def test_it_names_the_one_thing_that_is_missing(name):
    found = started({key: value for key, value in COMPLETE.items() if key != name})
    assert found.returncode != 0
    assert f"Set these before starting in production: {name}." in found.stderr


def test_with_nothing_set_it_names_them_all():
    found = started({})
    assert found.returncode != 0
    assert all(name in found.stderr for name in COMPLETE)
