"""What each kind of gateway is spoken to with: given by name, refused unless it fits, changed without a restart."""

import io
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Approval
from core.actors import acting_as_service
from wallet import services as wallet
from wallet.gateways.base import ForgedSignature
from wallet.models import PaymentGateway
from wallet.services import gateways
from wallet.services.approved.credentials import CODE
from wallet.services.credentials import CredentialsUnfit
from wallet.services.gateways import CredentialsRefused, CredentialsUntried
from wallet.tests.approving import MOTIVE, address_of, approve, browser_of, maker, propose
from wallet.tests.deposits import fault

KEY, DOOR, NEW_DOOR = "XPPUBK-" + "0a" * 16 + "-X", "d" * 32, "e" * 40
GOOD = {"public_key": KEY, "door": DOOR}


def install(credentials: dict[str, Any], kind: str = "XPRESS_PAY") -> PaymentGateway:
    return wallet.install_gateway(
        code="xp", kind=kind, name="XpressPay", currencies=["NGN"], credentials=credentials
    )


def opens(door: str) -> bool:
    with acting_as_service():
        adapter = gateways.adapter_of(PaymentGateway.objects.get(pk="xp"))
    try:
        adapter.verify_signature(b"{}", door)
    except ForgedSignature:
        return False
    return True


@pytest.mark.parametrize(
    "credentials",
    [
        {},
        {"public_key": KEY},
        GOOD | {"secret_key": "x"},
        GOOD | {"public_key": "XPSECK-" + "0a" * 16 + "-X"},
        GOOD | {"public_key": KEY + "\n"},
        GOOD | {"public_key": None},
        GOOD | {"door": "d" * 31},
        GOOD | {"door": "d" * 101},
        GOOD | {"door": "d" * 31 + "/"},
        GOOD | {"door": "é" * 32},
    ],
)
def test_what_does_not_fit_its_kind_is_refused(db, credentials):
    with pytest.raises(CredentialsUnfit):
        install(credentials)
    with acting_as_service():
        assert not PaymentGateway.objects.exists()


@pytest.mark.parametrize(
    "credentials",
    [{"secret_key": "sk_sandbox_12345678"}, {"secret_key": "sk_test_12345678", "door": DOOR}],
)
def test_xpress_wallet_needs_a_key_of_its_own_form_and_a_door(db, credentials):
    with pytest.raises(CredentialsUnfit):
        install(credentials, kind="XPRESS_WALLET")


def test_a_kind_that_nobody_knows_cannot_be_installed(db):
    with pytest.raises(CredentialsUnfit):
        install({"secret_key": "sk_1"}, kind="OTHER")


def test_a_new_door_agreed_on_by_two_people_holds_at_once(db):
    install(GOOD)
    assert opens(DOOR) and not opens(NEW_DOOR)
    approve(propose(CODE, {"gateway": "xp", "credentials": {"public_key": KEY, "door": NEW_DOOR}}))
    assert opens(NEW_DOOR) and not opens(DOOR)


def test_the_form_asks_for_each_by_name_and_shows_none(db):
    install(GOOD)
    browser = browser_of(maker())
    page = browser.get(address_of(CODE), {"gateway": "xp"}).content.decode()
    assert "New door of XpressPay" in page and "New public_key of XpressPay" in page
    assert DOOR not in page and KEY not in page
    wrong = {"gateway": "xp", "public_key": KEY, "door": "too short", "step": "propose", **MOTIVE}
    assert browser.post(address_of(CODE), wrong).status_code == 422
    with pytest.raises(CredentialsUnfit):
        propose(CODE, {"gateway": "xp", "credentials": GOOD | {"door": "too short"}})


def given(monkeypatch: pytest.MonkeyPatch, *lines: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{line}\n" for line in lines)))


def test_the_command_reads_a_line_for_each_in_the_order_of_their_names(db, monkeypatch):
    given(monkeypatch, DOOR, KEY)
    out = io.StringIO()
    call_command("install_gateway", "xp", kind="XPRESS_PAY", priority=200, untried=True, stdout=out)
    assert out.getvalue() == "xp takes NGN.\n" and opens(DOOR)
    with acting_as_service():
        gateway = PaymentGateway.objects.get()
    assert (gateway.priority, gateway.name) == (200, "XpressPay")
    assert DOOR not in gateway.credentials and KEY not in gateway.credentials


@pytest.mark.parametrize("lines", [[""], ["", ""], [KEY, DOOR]])
def test_the_command_says_which_of_them_is_wrong(db, monkeypatch, lines):
    given(monkeypatch, *lines)
    with pytest.raises(CommandError, match="public_key"):
        call_command("install_gateway", "xp", kind="XPRESS_PAY")


def keys(settings) -> dict[str, dict[str, str]]:
    """What each kind is spoken to with at its sandbox."""
    return {
        "PAYSTACK": {"secret_key": settings.PAYSTACK_SANDBOX_SECRET_KEY},
        "XPRESS_PAY": {"public_key": settings.XPRESS_PAY_SANDBOX_PUBLIC_KEY, "door": DOOR},
        "XPRESS_WALLET": {"secret_key": settings.XPRESS_WALLET_SANDBOX_SECRET_KEY, "door": DOOR},
    }


WRONG = {
    "PAYSTACK": {"secret_key": "sk_test_" + "0" * 40},
    "XPRESS_PAY": GOOD,
    "XPRESS_WALLET": {"secret_key": "sk_live_" + "0" * 40, "door": DOOR},
}


def test_credentials_are_tried_at_each_gateway_before_they_are_sealed(
    paystack, xpress_pay, xpress_wallet, settings, monkeypatch
):
    for kind, right in keys(settings).items():
        gateways.try_credentials(kind=kind, credentials=right)
        with pytest.raises(CredentialsRefused):
            gateways.try_credentials(kind=kind, credentials=WRONG[kind])
        given(monkeypatch, *(WRONG[kind][name] for name in sorted(WRONG[kind])))
        with pytest.raises(CommandError, match="does not know these"):
            call_command("install_gateway", "new", kind=kind)
        fault("HTML_503", remaining=3)
        with pytest.raises(CredentialsUntried):
            gateways.try_credentials(kind=kind, credentials=right)
    with acting_as_service():
        assert not PaymentGateway.objects.filter(pk="new").exists()


def test_new_ones_are_tried_before_they_are_proposed(paystack, settings):
    browser, right = browser_of(maker()), settings.PAYSTACK_SANDBOX_SECRET_KEY

    def sent(key: str, status: int) -> str:
        fields = {"gateway": "paystack", "secret_key": key, "step": "propose", **MOTIVE}
        answer = browser.post(address_of(CODE), fields)
        assert answer.status_code == status, answer.content.decode()
        with acting_as_service():
            assert Approval.objects.count() == (status == 302)
        return answer.content.decode()

    assert "does not know these credentials" in sent("sk_test_" + "0" * 40, 422)
    fault("HTML_503", remaining=3)
    page = sent(right, 422)
    assert "could not be tried" in page and right not in page
    sent(right, 302)
