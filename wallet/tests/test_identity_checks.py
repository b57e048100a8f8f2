"""Paystack on bank accounts and BVNs, over HTTP: what it says counts once, and silence decides nothing."""

import json
import logging
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import IdentityNumber, KycApplication, User
from accounts.services.kyc import checks
from accounts.tests import declaring
from accounts.tests.declaring import (
    ACCOUNT,
    BVN,
    begin,
    declare,
    found,
    give_number,
    job_of,
    now,
    outcomes,
    work,
)
from core.actors import acting_as_service
from wallet.models import PaymentGateway, WebhookEvent
from wallet.sandbox.models import SandboxDelivery
from wallet.services import webhooks
from wallet.tests.deposits import at_once, calls_answered_again, events, fault, send

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("verifier")]
WRONG_BVN = "33333333333"
DAY = timedelta(days=1)


@pytest.fixture
def verifier(paystack: str, settings) -> None:
    path = "wallet.verifiers.Paystack"
    settings.KYC_VERIFIERS = {**settings.KYC_VERIFIERS, "BVN": path, "BANK_ACCOUNT": path}


def check(user: User, **declared: str) -> KycApplication:
    application = declare(user, **declared)
    begin(application)
    work(application)
    return application


def webhook(application: KycApplication, outcome: str = "success", **changes: str) -> bytes:
    """The answer that Paystack sends on the question of this application."""
    said = {"country": "NG", "type": "bank_account", "bvn": "222*****221", "bank_code": "007"}
    said |= {"account_number": "01*****1111", **changes}
    data = {"customer_code": job_of(application, "BVN").reference, "identification": said, "email": "a@b.c"}
    return json.dumps({"event": f"customeridentification.{outcome}", "data": data}).encode()


def process() -> list[tuple[str, str]]:
    """Process what waits; return what became of each webhook."""
    for event in events():
        webhooks.process_webhook(event_id=event.pk, at=timezone.now())
    return [(event.event.rpartition(".")[2], event.state) for event in events()]


def verified() -> bool:
    with acting_as_service():
        return IdentityNumber.objects.filter(verified_at__isnull=False).exists()


def test_the_name_on_an_account_is_compared_by_our_own_rule(ada, bola):
    assert outcomes(check(ada, account=ACCOUNT), "BANK_ACCOUNT") == ["MATCH"]
    other = check(bola, first="Bola", last="Adé", account=ACCOUNT)
    assert outcomes(other, "BANK_ACCOUNT") == ["MISMATCH"]
    [(_outcome, facts)] = found(other, "BANK_ACCOUNT")
    assert (facts["name"], facts["bank_code"]) == ("ADA OBI", "007")


def test_a_middle_name_the_bank_knows_and_another_order_agree(ada):
    assert outcomes(check(ada, bank="044", account="0000000220"), "BANK_ACCOUNT") == ["MATCH"]


def test_an_account_that_no_bank_knows_is_no_match(ada):
    application = check(ada, account="0111111112")
    assert found(application, "BANK_ACCOUNT") == [("MISMATCH", {"reason": "account_unknown"})]


def test_a_bvn_is_asked_about_and_its_answer_comes_by_webhook(ada):
    application = check(ada, bvn=BVN, account=ACCOUNT)
    # The sandbox tells before its reply is here: the webhook waits until we know that we asked.
    assert outcomes(application, "BVN") == ["PENDING"]
    assert process() == [("success", "PROCESSED")]
    assert outcomes(application, "BVN") == ["PENDING", "MATCH"]
    assert verified()


def test_a_bvn_that_is_not_theirs_is_no_match(ada):
    application = check(ada, bvn=WRONG_BVN, account=ACCOUNT)
    process()
    assert outcomes(application, "BVN") == ["PENDING", "MISMATCH"]
    assert found(application, "BVN")[1][1]["reason"] == "Account number or BVN is incorrect"
    assert not verified()


def test_a_bvn_without_an_account_cannot_be_asked_about(ada):
    application = check(ada, bvn=BVN)
    assert found(application, "BVN") == [("UNDECIDED", {"reason": "needs_bank_account"})]


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("BAD_GATEWAY_BEFORE", "gateway_unavailable"),
        ("BAD_GATEWAY_AFTER", "gateway_unavailable"),
        ("HTML_503", "gateway_unavailable"),
        ("TOO_MANY", "gateway_unavailable"),
        ("WRONG_SHAPE", "gateway_unreadable"),
    ],
)
def test_a_service_in_trouble_cannot_decide_and_is_asked_again(ada, kind, reason):
    fault(kind, remaining=100)
    application = check(ada, bvn=BVN, account=ACCOUNT)
    for each in ("BVN", "BANK_ACCOUNT"):
        [(outcome, facts)] = found(application, each)
        assert (outcome, facts["reason"]) == ("UNDECIDED", reason)
    calls_answered_again()
    work(application, at=timezone.now() + timedelta(minutes=2))
    assert outcomes(application, "BANK_ACCOUNT") == ["UNDECIDED", "MATCH"]
    assert outcomes(application, "BVN") == ["UNDECIDED", "PENDING"]


def test_a_wrong_key_of_ours_says_nothing_about_the_customer(ada, settings):
    settings.PAYSTACK_SANDBOX_SECRET_KEY = "sk_test_another"
    application = check(ada, account=ACCOUNT)
    [(outcome, facts)] = found(application, "BANK_ACCOUNT")
    assert (outcome, facts) == ("UNDECIDED", {"reason": "refused", "status": 401})
    assert job_of(application, "BANK_ACCOUNT").state == "WAITING"


def test_a_webhook_that_never_comes_leaves_it_undecided_after_a_day_and_counts_when_it_is_late(
    ada, live_server
):
    fault("DROP_WEBHOOK")
    application = check(ada, bvn=BVN, account=ACCOUNT)
    work(application, at=timezone.now() + DAY)
    assert found(application, "BVN")[-1] == ("UNDECIDED", {"reason": "no_answer"})
    with acting_as_service():
        body = SandboxDelivery.objects.get().body
    assert send(live_server.url, body.encode()).status_code == 200
    process()
    assert outcomes(application, "BVN") == ["PENDING", "UNDECIDED", "MATCH"]


def test_a_webhook_many_times_at_once_counts_once(ada, live_server):
    fault("DROP_WEBHOOK")
    application = check(ada, bvn=BVN, account=ACCOUNT)
    body = webhook(application)
    assert at_once(*[lambda: send(live_server.url, body)] * 4) == []
    process()
    assert outcomes(application, "BVN") == ["PENDING", "MATCH"]


def test_two_workers_on_one_webhook_count_it_once(ada, live_server):
    fault("DROP_WEBHOOK")
    application = check(ada, bvn=BVN, account=ACCOUNT)
    send(live_server.url, webhook(application))
    [event] = events()
    with acting_as_service():
        WebhookEvent.objects.update(state="RECEIVED")
    work_on = [lambda: webhooks.process_webhook(event_id=event.pk, at=timezone.now())] * 3
    assert at_once(*work_on) == []
    assert outcomes(application, "BVN") == ["PENDING", "MATCH"]


def test_a_forged_webhook_is_refused_and_one_about_nobody_waits_and_fails(ada, live_server):
    fault("DROP_WEBHOOK")
    application = check(ada, bvn=BVN, account=ACCOUNT)
    body = webhook(application)
    for signature in (None, "0" * 128, "x"):
        assert send(live_server.url, body, signature).status_code == 401
    assert events() == []
    send(live_server.url, body.replace(job_of(application, "BVN").reference.encode(), b"CUS_nobody"))
    assert process() == [("success", "FAILED")]
    assert "kyc_question_unknown" in events()[0].error
    assert outcomes(application, "BVN") == ["PENDING"]


@pytest.mark.parametrize("body", [b"[]", b'{"event":"customeridentification.success","data":[]}', b"{}"])
def test_a_signed_webhook_that_makes_no_sense_changes_nothing(ada, live_server, body):
    fault("DROP_WEBHOOK")
    application = check(ada, bvn=BVN, account=ACCOUNT)
    send(live_server.url, body)
    assert {state for _event, state in process()} <= {"FAILED"}
    assert outcomes(application, "BVN") == ["PENDING"]


def test_an_answer_about_another_number_is_no_answer(ada, live_server):
    fault("DROP_WEBHOOK")
    application = check(ada, bvn=BVN, account=ACCOUNT)
    send(live_server.url, webhook(application, bvn="333*****333"))
    send(live_server.url, webhook(application, account_number="99*****9999"))
    assert {state for _event, state in process()} == {"FAILED"}
    assert outcomes(application, "BVN") == ["PENDING"]


def test_answers_out_of_order_count_for_the_number_they_are_about(ada, live_server):
    fault("DROP_WEBHOOK", remaining=2)
    application = check(ada, bvn=WRONG_BVN, account=ACCOUNT)
    with acting_as_service():
        IdentityNumber.objects.update(released_at=timezone.now())
        KycApplication.objects.filter(pk=application.pk).update(revision=2)
    give_number(ada, "BVN", BVN)
    begin(now(application))
    work(application)
    with acting_as_service():
        late, first = (delivery.body.encode() for delivery in SandboxDelivery.objects.order_by("pk"))
    for body in (first, late, first):
        send(live_server.url, body)
        process()
    assert outcomes(application, "BVN") == ["PENDING", "PENDING", "MATCH"]
    assert verified()


def test_two_answers_that_contradict_each_other_leave_it_to_staff(ada, live_server):
    fault("DROP_WEBHOOK")
    application = check(ada, bvn=BVN, account=ACCOUNT)
    for outcome in ("success", "failed", "failed"):
        send(live_server.url, webhook(application, outcome))
        process()
    assert outcomes(application, "BVN") == ["PENDING", "MATCH", "UNDECIDED"]


def test_a_question_asked_anew_is_answered_by_the_same_bytes(ada, live_server):
    application = check(ada, bvn=BVN, account=ACCOUNT)
    process()
    with declaring.no_worker():
        checks.rerun(application=application, kind="BVN", by=ada, at=timezone.now())
    work(application)
    process()
    assert outcomes(application, "BVN") == ["PENDING", "MATCH", "PENDING", "MATCH"]


def test_neither_numbers_nor_accounts_stand_in_the_log(ada, caplog):
    with caplog.at_level(logging.DEBUG):
        fault("HTML_503")
        check(ada, bvn=BVN, account=ACCOUNT)
        process()
    ours = "\n".join(
        record.getMessage() for record in caplog.records if not record.name.startswith(("django", "httpcore"))
    )
    assert BVN not in ours and ACCOUNT not in ours


def test_without_a_gateway_nothing_is_decided(ada):
    with acting_as_service():
        PaymentGateway.objects.update(active=False)
    application = check(ada, account=ACCOUNT)
    [(outcome, facts)] = found(application, "BANK_ACCOUNT")
    assert (outcome, facts["detail"]) == ("UNDECIDED", "no_gateway")
