"""The official Python client sets up an authenticator app and takes it down again, against a running server."""

from datetime import timedelta

import pytest
from django.utils import timezone
from supabase_auth import SyncGoTrueClient, SyncMemoryStorage
from supabase_auth.errors import AuthApiError

from accounts import access_tokens, totp
from accounts.models import User
from accounts.tests.factories import PASSWORD, make_person

pytestmark = pytest.mark.usefixtures("transactional_db")


@pytest.fixture
def ada() -> User:
    return make_person(email="ada@alajo.test")


@pytest.fixture
def client(live_server, ada) -> SyncGoTrueClient:
    key = access_tokens.static_key("anon")
    client = SyncGoTrueClient(
        url=f"{live_server.url}/auth/v1",
        headers={"apikey": key, "Authorization": f"Bearer {key}"},
        storage=SyncMemoryStorage(),
        auto_refresh_token=False,
    )
    client.sign_in_with_password({"email": ada.email, "password": PASSWORD})
    return client


def levels(client: SyncGoTrueClient) -> tuple[str | None, str | None]:
    found = client.mfa.get_authenticator_assurance_level()
    return found.current_level, found.next_level


def test_enrol_challenge_verify_and_unenrol(client):
    assert levels(client) == ("aal1", "aal1")
    factor = client.mfa.enroll({"factor_type": "totp", "friendly_name": "Phone", "issuer": "Shop"})
    assert factor.totp.qr_code.startswith("data:image/svg+xml;utf-8,<svg")
    asked = client.mfa.challenge({"factor_id": factor.id})
    with pytest.raises(AuthApiError, match="Invalid TOTP code entered") as refused:
        client.mfa.verify({"factor_id": factor.id, "challenge_id": asked.id, "code": "000000"})
    assert refused.value.code == "mfa_verification_failed"

    code = totp.code_at(factor.totp.secret, timezone.now())
    client.mfa.verify({"factor_id": factor.id, "challenge_id": asked.id, "code": code})
    assert levels(client) == ("aal2", "aal2")
    [listed] = client.mfa.list_factors().totp
    assert (listed.id, listed.friendly_name, listed.status) == (factor.id, "Phone", "verified")

    client.refresh_session()
    assert levels(client) == ("aal2", "aal2")
    with pytest.raises(AuthApiError) as refused:
        client.mfa.challenge_and_verify({"factor_id": factor.id, "code": code})
    assert refused.value.code == "mfa_verification_failed"
    later = totp.code_at(factor.totp.secret, timezone.now() + timedelta(seconds=30))
    client.mfa.challenge_and_verify({"factor_id": factor.id, "code": later})

    assert client.mfa.unenroll({"factor_id": factor.id}).id == factor.id
    assert client.mfa.list_factors().all == []
    client.refresh_session()
    assert levels(client) == ("aal1", "aal1")


def test_a_new_sign_in_is_asked_for_the_factor_and_may_not_take_it_down(client, ada):
    factor = client.mfa.enroll({"factor_type": "totp"})
    code = totp.code_at(factor.totp.secret, timezone.now())
    client.mfa.challenge_and_verify({"factor_id": factor.id, "code": code})
    client.sign_in_with_password({"email": ada.email, "password": PASSWORD})
    assert levels(client) == ("aal1", "aal2")
    with pytest.raises(AuthApiError) as refused:
        client.mfa.unenroll({"factor_id": factor.id})
    assert (refused.value.status, refused.value.code) == (422, "insufficient_aal")
