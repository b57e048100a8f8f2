"""Limits and credentials: made by two people, from today on or later, never otherwise."""

import contextlib
import hmac
from datetime import timedelta
from typing import Any

import pytest
from django.db import Error, connection
from django.utils import timezone

from accounts.models import Approval, AuditEvent, Customer
from accounts.services import approvals
from accounts.tests.approving import applied, make_colleague
from accounts.tests.factories import make_person
from conftest import OF_TESTS
from core.actors import acting_as_service
from core.ids import posting_id
from wallet import services as wallet
from wallet.gateways.base import ForgedSignature
from wallet.models import CoolingOffRule, PaymentGateway, PaymentGatewayHistory, ReversalRule, TierRule
from wallet.refusals import SingleAmountExceeded
from wallet.services import cooling_off, gateways
from wallet.services.approved import rules
from wallet.services.credentials import CredentialsUnfit
from wallet.services.reversals import most_alone
from wallet.tests.approving import MOTIVE, address_of, again, approve, browser_of, checker, maker, propose
from wallet.tests.factories import make_wallet

pytestmark = pytest.mark.usefixtures("transactional_db")
CREDENTIALS = "wallet.gateway_credentials"


def tier_rule(*, days: int = 0, **limits: Any) -> dict[str, Any]:
    begins = timezone.localdate() + timedelta(days=days)
    facts = dict.fromkeys(rules.AMOUNTS)
    return {
        **{
            "tier": 3,
            "currency": "NGN",
            "from_date": begins.isoformat(),
            "source": OF_TESTS,
            "grace_days": None,
        },
        **{**facts, "requires": ["BVN"], **limits},
    }


def amount_rule(amount: int, *, days: int = 0) -> dict[str, Any]:
    begins = timezone.localdate() + timedelta(days=days)
    return {"currency": "NGN", "from_date": begins.isoformat(), "source": OF_TESTS, "amount": amount}


def test_a_tiers_rule_of_today_holds_from_its_approval_on():
    ada, bola = make_person(), make_person()
    source = make_wallet(ada, amount=100_000, tier=3)
    make_wallet(bola)
    approval = propose(rules.TIER, tier_rule(single_amount=5_000))
    with acting_as_service():
        assert not TierRule.objects.filter(source=OF_TESTS).exists()
        assert Customer.objects.get(user=ada).tier == 3
    approve(approval)
    with acting_as_service():
        rule = TierRule.objects.get(source=OF_TESTS)
        assert (rule.single_amount, rule.requires, rule.approval_id) == (5_000, ["BVN"], approval.pk)
        assert wallet.limits_of(account=source, at=timezone.now()).single_amount == 5_000
        assert AuditEvent.objects.get(action="wallet.tier_rule.made").data["approval"] == str(approval.pk)


def test_a_rule_of_a_day_to_come_waits_for_it():
    approve(propose(rules.TIER, tier_rule(days=3, single_amount=5_000)))
    with acting_as_service():
        today = TierRule.objects.in_force(currency="NGN", on=timezone.localdate()).get(tier=3)
        later = TierRule.objects.in_force(currency="NGN", on=timezone.localdate() + timedelta(days=3)).get(
            tier=3
        )
    assert today.source != OF_TESTS == later.source


@pytest.mark.parametrize(
    ("wrong", "refusal"),
    [
        ({"days": -1}, rules.RuleInPast),
        ({"daily_sending": -1}, rules.RuleUnsound),
        ({"balance_cap": 10**18 + 1}, rules.RuleUnsound),
        ({"source": " "}, rules.RuleUnsound),
        ({"requires": ["NOTHING_KNOWN"]}, rules.RuleUnsound),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(wrong, refusal):
    with pytest.raises(refusal):
        propose(rules.TIER, tier_rule(**wrong))


def test_another_rule_overtakes_and_one_of_the_same_day_is_refused():
    first = propose(rules.COOLING_OFF, amount_rule(1_000))
    second = propose(rules.COOLING_OFF, amount_rule(2_000))
    approve(first)
    with pytest.raises(approvals.ApprovalStale):
        approve(second)
    with pytest.raises(rules.RuleExists):
        propose(rules.COOLING_OFF, amount_rule(2_000))
    with acting_as_service():
        assert cooling_off.most(currency="NGN", at=timezone.now()) == 1_000
        assert CoolingOffRule.objects.get(source=OF_TESTS).approval_id == first.pk


def test_what_one_may_reverse_alone_is_a_dated_rule_too():
    approve(propose(rules.REVERSAL, amount_rule(7, days=2)))
    today = timezone.localdate()
    with acting_as_service():
        assert most_alone(currency="NGN", on=today) == 50_000_00
        assert most_alone(currency="NGN", on=today + timedelta(days=2)) == 7
        assert most_alone(currency="USD", on=today) == 0


@pytest.mark.parametrize("how", ["none", "pending", "of another action"])
def test_the_database_takes_no_rule_that_nobody_approved(how):
    approval = {
        "none": lambda: None,
        "pending": lambda: propose(rules.COOLING_OFF, amount_rule(5, days=9)),
        "of another action": lambda: applied(rules.TIER),
    }[how]()
    for model in (CoolingOffRule, ReversalRule):
        with pytest.raises(Error, match="approved proposal"), acting_as_service():
            model.objects.create(
                currency_id="NGN",
                from_date=timezone.localdate(),
                amount=1,
                source=OF_TESTS,
                approval=approval,
            )
    with pytest.raises(Error, match="approved proposal"), acting_as_service(), connection.cursor() as cursor:
        cursor.execute(
            "insert into wallet_tierrule (tier, currency_id, from_date, requires, source) "
            "values (3, 'NGN', current_date, '{}', %s)",
            [OF_TESTS],
        )


def test_one_approval_makes_one_rule():
    approval = approve(propose(rules.COOLING_OFF, amount_rule(1_000)))
    with pytest.raises(Error, match="approval_id"), acting_as_service():
        CoolingOffRule.objects.create(
            currency_id="NGN",
            from_date=timezone.localdate() + timedelta(days=1),
            amount=1,
            source=OF_TESTS,
            approval=approval,
        )


def test_the_page_of_a_tiers_rule_says_what_changes():
    browser = browser_of(maker())
    typed = {
        "tier": "3",
        "daily_sending": "1,000,000",
        "requires": ["BVN", "NIN"],
        "from_date": str(timezone.localdate()),
        "source": OF_TESTS,
        **MOTIVE,
    }
    look = browser.post(address_of(rules.TIER), typed).content.decode()
    assert "₦5,000,000.00 → ₦1,000,000.00" in look and "no limit" in look
    answer = browser.post(address_of(rules.TIER), {**typed, "step": "propose"})
    assert "₦5,000,000.00 → ₦1,000,000.00" in browser.get(answer.url).content.decode()
    back = browser.post(address_of(rules.TIER), {**typed, "step": "change"}).content.decode()
    assert "1,000,000" in back and back.count(" checked") == 2
    # It begins with what holds: leaving a field empty lifts a limit.
    begins = browser.get(address_of(rules.TIER), {"tier": "3"}).content.decode()
    assert (
        'value="5000000.00"' in begins
        and browser.get(address_of(rules.TIER), {"tier": "x"}).status_code == 200
    )


def test_the_page_of_rules_says_from_when_to_when_each_version_holds():
    approve(propose(rules.COOLING_OFF, amount_rule(7, days=2)))
    looker = browser_of(make_colleague("wallet.view_coolingoffrule"))
    (panel,) = looker.get("/staff/rules/").context["panels"]
    today = timezone.localdate()
    seen = [[str(cell) for cell in row[1:]] for row in panel.rows]
    assert seen == [
        [str(today + timedelta(days=2)), "–", "Not yet", "₦0.07"],
        ["2026-01-01", str(today + timedelta(days=1)), "Now", "₦20,000.00"],
    ]
    page = browser_of(checker()).get("/staff/rules/")
    assert page.context["panels"] == [] and "Nothing to show yet" in page.content.decode()


@pytest.fixture
def paystack() -> PaymentGateway:
    return wallet.install_gateway(
        code="paystack",
        kind="PAYSTACK",
        name="Paystack",
        currencies=["NGN"],
        credentials={"secret_key": "sk_old"},
    )


def key_in_use() -> str:
    """The key by which the gateway's webhooks are judged now."""
    with acting_as_service():
        adapter, body = gateways.adapter_of(PaymentGateway.objects.get()), b"{}"
    for key in ("sk_old", "sk_new", "sk_1", "sk_2"):
        with contextlib.suppress(ForgedSignature):
            adapter.verify_signature(body, hmac.new(key.encode(), body, "sha512").hexdigest())
            return key
    raise AssertionError("none of them")


def new_key(key: str) -> dict[str, Any]:
    return {"gateway": "paystack", "credentials": {"secret_key": key}}


def test_new_credentials_hold_at_once_and_neither_are_to_be_read(live_server, settings, paystack):
    settings.PAYSTACK_BASE_URL = f"{live_server.url}/sandbox/paystack"
    settings.PAYSTACK_SANDBOX_SECRET_KEY = "sk_new"
    browser, theirs = browser_of(maker()), browser_of(checker())
    form = browser.get(address_of(CREDENTIALS), {"gateway": "paystack"}).content.decode()
    assert "sk_old" not in form and "New secret_key of Paystack" in form
    answer = browser.post(
        address_of(CREDENTIALS), {"gateway": "paystack", "secret_key": "sk_new", "step": "propose", **MOTIVE}
    )
    assert answer.status_code == 302 and key_in_use() == "sk_old"
    said = {"decision": "approve", "word-reason": "Asked for in the letter"}
    assert theirs.post(answer.url.replace("change", "decide"), said).status_code == 302
    assert key_in_use() == "sk_new"
    pages = [answer.url, "/staff/wallet/paymentgateway/paystack/change/", "/staff/accounts/approval/"]
    with acting_as_service():
        kept = [
            *Approval.objects.values_list("payload", "description"),
            *AuditEvent.objects.values_list("data", flat=True),
            *PaymentGatewayHistory.objects.values_list(),
        ]
    for text in (str(kept), *[theirs.get(page).content.decode() for page in pages]):
        assert "sk_new" not in text and "sk_old" not in text


def test_a_second_rotation_overtakes_the_first_and_half_a_key_is_refused(paystack):
    first, second = propose(CREDENTIALS, new_key("sk_1")), propose(CREDENTIALS, new_key("sk_2"))
    approve(second)
    with pytest.raises(approvals.ApprovalStale):
        approve(first)
    assert (again(first).state, key_in_use()) == ("STALE", "sk_2")
    for wrong in (
        new_key(""),
        new_key(" sk"),
        new_key("a\nb"),
        {"gateway": "paystack", "credentials": {"key": "x"}},
    ):
        with pytest.raises(CredentialsUnfit):
            propose(CREDENTIALS, wrong)


def test_a_posting_above_the_new_single_amount_is_refused_from_the_approval_on():
    ada = make_person()
    source, bola = make_wallet(ada, amount=100_000, tier=3), make_person()
    make_wallet(bola)
    approve(propose(rules.TIER, tier_rule(single_amount=5_000)))
    with pytest.raises(SingleAmountExceeded), acting_as_service():
        wallet.post(
            posting_id=posting_id(),
            lines=[wallet.Line("TRANSFER", source.pk, make_wallet(bola).pk, 5_001)],
        )
