"""Second factors and ways in under pressure: taken once, counted, and never let go of down to none."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.db import connection
from django.test import Client
from django.utils import timezone
from fido2.utils import websafe_encode

from accounts import factors, passkeys
from accounts.models import User
from accounts.services import factors as services
from accounts.services import identities
from accounts.tests.factories import make_person, prove_factor, sign_in
from accounts.tests.passkey_device import PRESENT, Device
from core.actors import acting_as_service
from core.errors import DomainError

pytestmark = pytest.mark.usefixtures("transactional_db")


@pytest.fixture(autouse=True)
def our_site(settings):
    settings.SITE_URL = "http://localhost"


@pytest.fixture
def ada() -> User:
    return make_person(email="ada@alajo.test")


@pytest.fixture
def device() -> Device:
    return Device(origin="http://localhost")


def keep(user: User, device: Device) -> Authenticator:
    """Add what this device makes to the person's passkeys."""
    asked, state = passkeys.begin_making(user)
    made = device.create(asked)
    passkeys.finish_making(user=user, state=state, credential=made)
    return services.add_passkey(user=user, name=websafe_encode(device.id), credential=made)


def use(user: User, device: Device) -> bool:
    asked, state = passkeys.begin_asking(user)
    try:
        passkeys.finish_asking(user=user, state=state, credential=device.get(asked))
    except passkeys.PasskeyRefused:
        return False
    return True


def without_password(user: User) -> User:
    with acting_as_service():
        user.set_unusable_password()
        user.save(update_fields=["password"])
    return user


def at_once(*deeds) -> list[str]:
    """Do these in parallel; return what became of each: nothing, or the name of a refusal."""

    def run(deed) -> str:
        try:
            return str(deed() or "")
        except DomainError as refusal:
            return type(refusal).__name__
        finally:
            connection.close()

    with ThreadPoolExecutor(len(deeds)) as pool:
        return sorted(pool.map(run, deeds))


def test_one_code_sent_ten_times_at_once_is_taken_once(ada):
    factors.enrol_totp(user=ada)
    code, at = factors.current_code(user=ada), timezone.now()
    taken = at_once(*[lambda: bool(services.answer(user=ada, code=code, at=at))] * 10)
    assert taken.count("True") == 1


def test_one_recovery_code_sent_ten_times_at_once_is_taken_once(ada):
    factors.enrol_totp(user=ada)
    with acting_as_service():
        row = Authenticator.objects.create(
            user=ada,
            type=Authenticator.Type.RECOVERY_CODES,
            data={
                "seed": passkeys.totp.encryption.seal("0" * 80, aad="mfa_authenticator.data"),
                "used_mask": 0,
            },
        )
    code, at = row.wrap().generate_codes()[3], timezone.now()
    taken = at_once(*[lambda: bool(services.answer(user=ada, code=code, at=at))] * 10)
    assert taken.count("True") == 1


def test_a_device_that_counts_its_uses_must_go_on_counting(ada, device):
    device.uses = 7
    row = keep(ada, device)
    for uses, right in ((7, False), (8, True), (8, False), (3, False), (0, False), (20, True), (9, False)):
        device.uses = uses
        assert use(ada, device) is right, uses
    services.rename(row=row, name="Another name")
    device.uses = 20
    assert not use(ada, device)


def test_a_device_that_counts_nothing_is_used_again_and_again(ada, device):
    keep(ada, device)
    assert [use(ada, device) for _again in range(3)] == [True] * 3


def test_an_answer_made_twice_from_one_count_is_taken_once_however_they_come(ada, device):
    device.uses = 1
    keep(ada, device)
    device.uses = 2
    assert at_once(*[lambda: use(ada, device)] * 6).count("True") == 1


def test_whoever_only_holds_the_device_proves_nothing(ada, device):
    keep(ada, device)
    device.flags = PRESENT
    assert not use(ada, device)


@pytest.mark.parametrize("host", ["evil.example", "sub.localhost", "127.0.0.1"])
def test_a_passkey_of_another_host_proves_nothing(ada, device, host):
    keep(ada, device)
    device.host = host
    assert not use(ada, device)


def test_the_passkey_of_another_person_is_refused(ada, device):
    eve = make_person(email="eve@alajo.test")
    keep(eve, device)
    assert not use(ada, device)


def test_the_only_way_in_is_not_removed(client, ada, device):
    row = keep(without_password(ada), device)
    sign_in(client, ada)
    prove_factor(ada)
    answer = client.post(f"/accounts/2fa/webauthn/keys/{row.pk}/remove/")
    assert answer.status_code == 422
    assert "your only way to log in" in answer.content.decode()
    assert [kept.pk for kept in services.factors_of(user=ada) if kept.type == "webauthn"] == [row.pk]


def test_an_app_for_codes_is_no_way_in_by_itself(ada, device):
    row = keep(without_password(ada), device)
    factors.enrol_totp(user=ada)
    with pytest.raises(services.OnlyWayIn):
        services.remove(row=row)
    other = keep(ada, Device(origin="http://localhost"))
    services.remove(row=row)
    with pytest.raises(services.OnlyWayIn):
        services.remove(row=other)


def test_a_passkey_and_a_linked_account_let_go_of_at_once_leave_one(ada, device):
    row = keep(without_password(ada), device)
    with acting_as_service():
        account = SocialAccount.objects.create(user=ada, provider="sandbox", uid="one")
    done = at_once(
        lambda: services.remove(row=row),
        lambda: identities.unlink(user=ada, account_id=account.pk) and "",
    )
    assert done in (["", "LastWayIn"], ["", "OnlyWayIn"])


def test_a_link_whose_provider_is_switched_off_does_not_keep_the_door_open(ada, device, settings):
    row = keep(without_password(ada), device)
    with acting_as_service():
        SocialAccount.objects.create(user=ada, provider="sandbox", uid="one")
    settings.SOCIALACCOUNT_PROVIDERS = {}
    with pytest.raises(services.OnlyWayIn):
        services.remove(row=row)


def test_recovery_codes_asked_for_in_two_windows_at_once_are_shown_in_one(ada):
    windows = [Client(), Client()]
    for window in windows:
        sign_in(window, ada)
    prove_factor(ada)
    windows[0].post("/accounts/2fa/recovery-codes/generate/")

    def look(window: Client) -> bool:
        return b"recovery-codes/download/" in window.get("/accounts/2fa/recovery-codes/").content

    assert at_once(lambda: look(windows[0]), lambda: look(windows[1])) == ["", "True"]


def test_the_answer_of_a_passkey_is_no_use_in_another_session(ada, device):
    keep(ada, device)
    asked, _state = passkeys.begin_asking(ada)
    _other, state = passkeys.begin_asking(ada)
    with pytest.raises(passkeys.PasskeyRefused):
        passkeys.finish_asking(user=ada, state=state, credential=json.loads(json.dumps(device.get(asked))))
