"""Every cell of the matrix, over HTTP: what each role sees and does with each model of the staff site, and no more."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.db import models
from django.test import Client
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from accounts import kyc_case_views, roles
from accounts.models import (
    Approval,
    FactorReset,
    Notification,
    NotificationDelivery,
    Organization,
    SanctionsList,
    ScreeningHit,
    User,
)
from accounts.services import failed_tasks
from accounts.tests.kyc_cases import make_application
from accounts.tests.receivers import make_endpoint, plan
from accounts.tests.referring import furnish_referrals
from core.actors import acting_as_service
from core.ids import uuid7
from credit.tests.furnishing import furnish_credit
from marketplace.tests.furnishing import furnish_marketplace
from realtime.models import Message, ParkedMessage, SocketProcess, Subscription
from savings.tests.looked_at import furnish_looked_at
from wallet.models import Case, Entry, Payment, PaymentGateway, Transaction, WebhookEvent
from wallet.tests.archiving import note_an_archive
from wallet.tests.demo_world import make_demo_world
from wallet.tests.reconciling import furnish_reconciliation
from wallet.tests.test_admin import past_both_factors

pytestmark = pytest.mark.django_db(transaction=True)

AGENT, BOSS = "agent@alajo.test", "admin@alajo.test"
NOBODY, SUPERUSER = "no role", "superuser"
WHO = [*roles.ROLES, NOBODY, SUPERUSER]
PEOPLE = {
    "accounts.user",
    "accounts.customer",
    "accounts.profile",
    "accounts.organization",
    "accounts.membership",
}
BOOKS = {"wallet.account", "wallet.transaction", "wallet.entry", "wallet.hold"}
APPROVALS = {"accounts.approval", "accounts.approvalband"}
BROKEN = {"accounts.failedtask"}
LIMITS = {"wallet.tierrule", "wallet.coolingoffrule", "wallet.reversalrule", "wallet.feeschedule"}
MERCHANTS = {"wallet.merchant", "wallet.paymentlink", "wallet.merchantpayment"}
PLANNED = {
    *("wallet.scheduledtransfer", "wallet.scheduledrun", "wallet.settlementrun"),
    *("wallet.bulkpayout", "wallet.bulkpayoutrow"),
}
DEPOSITS = {
    *("wallet.payment", "wallet.payout", "wallet.webhookevent", "wallet.case"),
    *("wallet.suspendeddeposit", "wallet.refund", "wallet.dispute"),
    *("wallet.dedicatedaccount", "wallet.savedcard"),
    *MERCHANTS,
    *PLANNED,
}
FILES = {"storage_app.bucket"}
LISTENERS = {"realtime.subscription"}
PARKED = {"realtime.parkedmessage"}
HOOKS = {"accounts.webhookendpoint", "accounts.webhookdelivery"}
REFERRALS = {"accounts.referralprogram", "accounts.referral", "accounts.referralbonus"}
BONUSES = REFERRALS - {"accounts.referral"}
PROOF = {"wallet.checkpoint", "wallet.seal", "core.archive"}
RECONCILIATION = {
    *("wallet.reconciledday", "wallet.break", "wallet.gatewayrow", "wallet.match", "wallet.rowimport"),
    *("wallet.matchingrule", "wallet.suspenseitem", "wallet.closedperiod", "wallet.banksettlement"),
}
PLANS = {"savings.savingsplan", "savings.planterms"}
SAVINGS = PLANS | {
    *("savings.usersavings", "savings.savingsgroup", "savings.autosaving", "savings.autorun"),
}
ROLLS = {"savings.roll", "credit.loanroll"}
LENDERS = {"credit.provider", "credit.loanproduct"}
LOANS = LENDERS | {
    *("credit.application", "credit.contract", "credit.disbursement", "credit.loan"),
    *("credit.position", "credit.hardshiprequest"),
}
DECISIONS = {
    *("credit.case", "credit.creditscore", "credit.adverseaction", "credit.bureaureport"),
    *("credit.scorecardversion", "credit.bureaureturn"),
}
SHOP = {"marketplace.seller", "marketplace.category", "marketplace.product", "marketplace.order"}
RESETS = {"accounts.factorreset"}
SENT = {"accounts.notificationdelivery"}
APPLICATIONS = {"accounts.kycapplication"}
SCREENING = {"accounts.screeninghit", "accounts.sanctionslist"}
# Written out once more: what a role is given by mistake in `accounts.roles` shows here.
SEES = {
    "Support": PEOPLE
    | BOOKS
    | LIMITS
    | DEPOSITS
    | RESETS
    | FILES
    | SENT
    | LISTENERS
    | HOOKS
    | PARKED
    | APPLICATIONS
    | REFERRALS
    | SAVINGS
    | SHOP
    | LOANS,
    "KYC": PEOPLE | LIMITS | APPLICATIONS | SCREENING,
    "Credit": {"accounts.customer", "accounts.profile"} | BOOKS | APPROVALS | LOANS | DECISIONS,
    "Finance": BOOKS
    | RECONCILIATION
    | LIMITS
    | DEPOSITS
    | PROOF
    | BONUSES
    | APPROVALS
    | BROKEN
    | SAVINGS
    | ROLLS
    | LOANS
    | SHOP
    | {"wallet.paymentgateway"},
    "Compliance": PEOPLE
    | BOOKS
    | RECONCILIATION
    | LIMITS
    | DEPOSITS
    | RESETS
    | FILES
    | SENT
    | LISTENERS
    | HOOKS
    | PARKED
    | APPLICATIONS
    | SCREENING
    | REFERRALS
    | APPROVALS
    | SAVINGS
    | LOANS
    | SHOP
    | DECISIONS
    | {"accounts.auditevent"},
    "Auditor": PEOPLE
    | BOOKS
    | RECONCILIATION
    | LIMITS
    | DEPOSITS
    | FILES
    | SENT
    | LISTENERS
    | HOOKS
    | PARKED
    | PROOF
    | APPLICATIONS
    | SCREENING
    | REFERRALS
    | APPROVALS
    | BROKEN
    | SAVINGS
    | ROLLS
    | LOANS
    | SHOP
    | DECISIONS
    | {"wallet.paymentgateway", "accounts.auditevent"},
    NOBODY: set(),
    SUPERUSER: PEOPLE
    | BOOKS
    | RECONCILIATION
    | LIMITS
    | DEPOSITS
    | PROOF
    | RESETS
    | FILES
    | SENT
    | LISTENERS
    | HOOKS
    | PARKED
    | APPLICATIONS
    | SCREENING
    | REFERRALS
    | APPROVALS
    | BROKEN
    | SAVINGS
    | ROLLS
    | LOANS
    | SHOP
    | DECISIONS
    | {"wallet.paymentgateway", "accounts.auditevent"},
}
MAY = {
    "Support": {
        *(roles.REVEAL, roles.FREEZE, roles.END_SESSIONS, roles.RESET_FACTORS),
        roles.SEND_AGAIN,
        roles.END_SUBSCRIPTION,
        roles.RESEND_WEBHOOK,
        roles.TAKE_PARKED,
        roles.ANSWER_DISPUTE,
        roles.FREEZE_SAVING,
    },
    "KYC": {roles.REVEAL, roles.READ_CASES, roles.REVIEW_KYC},
    "Credit": {roles.WORK_CREDIT, roles.PROPOSE_SCORECARD, roles.PROPOSE_LENDER, roles.PROPOSE_LOAN},
    "Finance": {
        *(roles.APPROVE_LENDER, roles.PROPOSE_LOAN, roles.APPROVE_LOAN, roles.RETRY_PARKED_LOAN),
        *(roles.PROPOSE_SELLER, roles.APPROVE_SELLER),
        *(roles.PROPOSE_PLAN, roles.OPEN_PLAN, roles.RETRY_PARKED),
        *(roles.PROPOSE_BACKDATED, roles.APPROVE_BACKDATED),
        *(roles.RECONCILE, roles.IMPORT_ROWS, roles.PROPOSE_DAY, roles.APPROVE_DAY, roles.CLOSE_PERIOD),
        roles.PROPOSE_REOPENING,
        *(roles.REPLAY, roles.RUN_PROGRAMS, roles.APPROVE_PROGRAM, roles.RUN_TASK_AGAIN),
        *(roles.PROPOSE_ADJUSTMENT, roles.APPROVE_ADJUSTMENT, roles.REVERSE, roles.APPROVE_REVERSAL),
        *(roles.PROPOSE_LIMITS, roles.PROPOSE_CREDENTIALS, roles.APPROVE_CREDENTIALS),
        *(roles.REPLAY, roles.RUN_PROGRAMS, roles.CHECK_PAYOUT),
        *(roles.PROPOSE_PAYOUT_OUTCOME, roles.APPROVE_PAYOUT_OUTCOME),
        *(roles.PROPOSE_REFUND, roles.APPROVE_REFUND, roles.SETTLE_REFUND, roles.ANSWER_DISPUTE),
        *(roles.RESOLVE_SUSPENDED, roles.APPROVE_SUSPENDED),
        roles.REPLAY,
        roles.RUN_PROGRAMS,
    },
    "Compliance": {
        *(roles.OVERRIDE_SCORE, roles.APPROVE_SCORECARD, roles.APPROVE_LENDER, roles.APPROVE_LOAN),
        roles.APPROVE_SELLER,
        *(roles.APPROVE_PLAN, roles.OPEN_PLAN, roles.FREEZE_SAVING, roles.APPROVE_BACKDATED),
        *(roles.APPROVE_DAY, roles.APPROVE_REOPENING),
        *(roles.REVEAL, roles.FREEZE, roles.END_SESSIONS, roles.RESET_FACTORS),
        *(roles.CHANGE_RULES, roles.END_SUBSCRIPTION),
        *(roles.READ_CASES, roles.APPROVE_KYC, roles.DOWNLOAD_DOCUMENT, roles.DECIDE_SCREENING),
        *(roles.REFUSE_REFERRAL, roles.EXPORT_REFERRALS, roles.APPROVE_PROGRAM),
        *(roles.APPROVE_ADJUSTMENT, roles.APPROVE_REVERSAL, roles.PROPOSE_LIMITS, roles.APPROVE_LIMITS),
        *(roles.REFUSE_REFERRAL, roles.EXPORT_REFERRALS, roles.DECIDE_MERCHANT),
    },
    "Auditor": {roles.READ_CASES},
    NOBODY: set(),
    SUPERUSER: {
        *(roles.WORK_CREDIT, roles.OVERRIDE_SCORE, roles.PROPOSE_SCORECARD, roles.APPROVE_SCORECARD),
        *(roles.PROPOSE_LENDER, roles.APPROVE_LENDER, roles.PROPOSE_LOAN, roles.APPROVE_LOAN),
        *(roles.RETRY_PARKED_LOAN, roles.PROPOSE_SELLER, roles.APPROVE_SELLER),
        *(roles.PROPOSE_PLAN, roles.APPROVE_PLAN, roles.OPEN_PLAN, roles.FREEZE_SAVING),
        *(roles.RETRY_PARKED, roles.PROPOSE_BACKDATED, roles.APPROVE_BACKDATED),
        *(roles.RESOLVE_SUSPENDED, roles.SETTLE_REFUND, roles.ANSWER_DISPUTE),
        *(roles.RECONCILE, roles.IMPORT_ROWS, roles.PROPOSE_DAY, roles.APPROVE_DAY, roles.CLOSE_PERIOD),
        roles.PROPOSE_REOPENING,
        roles.APPROVE_REOPENING,
        *(roles.REVEAL, roles.FREEZE, roles.END_SESSIONS, roles.RESET_FACTORS),
        *(roles.CHANGE_RULES, roles.REPLAY, roles.SEND_AGAIN, roles.END_SUBSCRIPTION),
        roles.RESEND_WEBHOOK,
        roles.TAKE_PARKED,
        *(
            roles.READ_CASES,
            roles.REVIEW_KYC,
            roles.APPROVE_KYC,
            roles.DOWNLOAD_DOCUMENT,
            roles.DECIDE_SCREENING,
        ),
        *(roles.RUN_PROGRAMS, roles.REFUSE_REFERRAL, roles.EXPORT_REFERRALS),
        *(roles.RUN_TASK_AGAIN, roles.APPROVE_PROGRAM, roles.PROPOSE_ADJUSTMENT, roles.APPROVE_ADJUSTMENT),
        *(roles.REVERSE, roles.APPROVE_REVERSAL, roles.PROPOSE_LIMITS, roles.APPROVE_LIMITS),
        *(roles.PROPOSE_CREDENTIALS, roles.APPROVE_CREDENTIALS),
        *(roles.RUN_PROGRAMS, roles.REFUSE_REFERRAL, roles.EXPORT_REFERRALS, roles.DECIDE_MERCHANT),
    },
}
# The staff site's own POST pages by their permission: the models that have one.
ACTIONS = {
    "reveal": (roles.REVEAL, {"accounts.user", "accounts.customer", "accounts.kycapplication"}),
    "replay": (roles.REPLAY, {"wallet.webhookevent"}),
    "resend": (roles.RESEND_WEBHOOK, {"accounts.webhookdelivery"}),
    "rules": (roles.CHANGE_RULES, FILES),
    "again": (roles.SEND_AGAIN, SENT),
    "decide": (roles.DECIDE_SCREENING, {"accounts.screeninghit"}),
    "end": (roles.END_SUBSCRIPTION, LISTENERS),
    "take": (roles.TAKE_PARKED, PARKED),
    "stop": (roles.RUN_PROGRAMS, {"accounts.referralprogram"}),
    "refuse": (roles.REFUSE_REFERRAL, {"accounts.referral"}),
    "rerun": (roles.RUN_TASK_AGAIN, BROKEN),
    "leave": (roles.RUN_TASK_AGAIN, BROKEN),
    "activate": (roles.DECIDE_MERCHANT, {"wallet.merchant"}),
    "suspend": (roles.DECIDE_MERCHANT, {"wallet.merchant"}),
}
# Pages that ask for more than a reason: of a row, by their permission.
ASKING = {"take_back": (roles.REVERSE, {"wallet.transaction"})}
# Those of a whole list, read without a row.
OF_LISTS = {
    "export": (roles.EXPORT_REFERRALS, {"accounts.referral"}),
}
# And the pages that ask for a reason first: of a user, by their permission.
DEEDS = {
    "restrict": roles.FREEZE,
    "freeze": roles.FREEZE,
    "lift": roles.FREEZE,
    "end-sessions": roles.END_SESSIONS,
    "end-staff-sessions": roles.END_SESSIONS,
    "reset-factors": roles.RESET_FACTORS,
}

# The same of money that goes back, by the model.
CLAIM_DEEDS = {
    "wallet.suspendeddeposit": {"return": roles.RESOLVE_SUSPENDED},
    "wallet.refund": {
        "order-again": roles.SETTLE_REFUND,
        "call-off": roles.SETTLE_REFUND,
        "turn-down": roles.SETTLE_REFUND,
    },
    "wallet.dispute": {"accept": roles.ANSWER_DISPUTE, "decline": roles.ANSWER_DISPUTE},
    # And of savings.
    "savings.savingsplan": {"open": roles.OPEN_PLAN, "close": roles.OPEN_PLAN},
    "savings.usersavings": {
        "freeze": roles.FREEZE_SAVING,
        "lift": roles.FREEZE_SAVING,
        "close-again": roles.RETRY_PARKED,
    },
    # And of loans.
    "credit.bureaureport": {"dispute": roles.WORK_CREDIT},
    "credit.contract": {"end-unpaid": roles.WORK_CREDIT},
    "credit.hardshiprequest": {"answer": roles.PROPOSE_LOAN},
    "credit.loan": {"close-again": roles.RETRY_PARKED_LOAN},
}


@pytest.fixture
def world() -> Iterator[None]:
    make_demo_world()
    with acting_as_service():
        gateway, payment = PaymentGateway.objects.get(pk="paystack"), Payment.objects.order_by("id").first()
        facts = {"gateway": gateway, "event": "charge.success", "reference": payment.reference}
        WebhookEvent.objects.create(**facts, dedupe_key="1", body=b"{}")
        at, people = timezone.now(), User.objects
        FactorReset.objects.create(
            target=people.get(email="ada@alajo.test"),
            asked_by=people.get(email=BOSS),
            reason="Lost the phone, ticket 4711",
            asked_at=at,
            expires_at=at + timedelta(hours=24),
        )
        SanctionsList.objects.create(name="UN", sha256="x", rows=1, new_rows=1, loaded_at=at)
        entry = {"list_name": "UN", "external_id": "1", "content": "x", "entry": {}, "score": 1}
        ScreeningHit.objects.create(customer_id=people.get(email="ada@alajo.test").pk, **entry)
        told = Notification.objects.create(user=people.get(email="ada@alajo.test"), event="legal.terms")
        failed = {"channel": "EMAIL", "state": "FAILED", "error": "refused", "not_before": at}
        NotificationDelivery.objects.create(notification=told, user=told.user, **failed)
        process = SocketProcess.objects.create(seen_at=at)
        listener = {"socket_id": uuid7(), "role": "anon", "topic": "room", "private": False, "joined_at": at}
        Subscription.objects.create(process=process, **listener)
        message = Message.objects.create(topic="room", extension="event", event="x", payload={})
        ParkedMessage.objects.create(consumer_id="notices", message=message, error="?", parked_at=at)
        Case.objects.create(kind="WRONG_AMOUNT", payment=payment, reference=payment.reference)
        maker = people.get(email="admin@alajo.test")
        proposed = {
            "payload": {},
            "payload_hash": "0" * 64,
            "approvals_needed": 2,
            "reason": "The matrix test",
        }
        until = {"made_at": at, "expires_at": at + timedelta(hours=72)}
        Approval.objects.create(action="wallet.adjustment", target="a test", maker=maker, **proposed, **until)
        firm = Organization.objects.get(slug="kasuwa-stores")
        bola = User.objects.get(email="bola@alajo.test")
        furnish_referrals(bola)
        furnish_credit(bola)
        furnish_marketplace(bola, people.get(email="ada@alajo.test"))
    furnish_reconciliation()
    note_an_archive()
    failed_tasks.note_failure(
        name="accounts.tasks.retire_signing_keys", arguments={}, error=RuntimeError("?"), at=at
    )
    make_endpoint(firm, bola)
    make_application(customer=bola)
    plan(firm, "member.joined")
    furnish_looked_at(bola)
    yield


def client_of(who: str) -> Client:
    if who == SUPERUSER:
        return past_both_factors(BOSS)
    with acting_as_service():
        groups = Group.objects.filter(name=who)
        User.objects.get(email=AGENT).groups.set(groups)
    return past_both_factors(AGENT)


def a_row(model: type[models.Model]) -> models.Model:
    with acting_as_service():
        if model is Entry:
            return Transaction.objects.order_by("-pk").first()
        return model.objects.order_by("-pk").first()


def address(model: type[models.Model], page: str, *args: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def reached(status: int) -> bool:
    assert status in (200, 302, 403), status
    return status != 403


def writing(client: Client, model: type[models.Model], key: object) -> Iterator[tuple[str, int]]:
    """Try what Django's admin would write by, and say what came of it."""
    for page, args, data in (
        ("add", (), {"name": "x"}),
        ("change", (key,), {"name": "x"}),
        ("delete", (key,), {"post": "yes"}),
        ("changelist", (), {"action": "delete_selected"}),
    ):
        if page in ("add", "delete"):
            yield f"{page} page", client.get(address(model, page, *args)).status_code
        yield page, client.post(address(model, page, *args), data).status_code


@pytest.mark.parametrize("who", WHO)
def test_every_cell(world, who):
    client, wrong = client_of(who), []
    for model in admin.site._registry:
        label, key = model._meta.label_lower, a_row(model).pk
        sees = label in SEES[who]
        cells = {
            "list": (sees, client.get(address(model, "changelist")).status_code),
            "detail": (sees, client.get(address(model, "change", key)).status_code),
        }
        if sees or who == SUPERUSER:  # who has every right shows that nobody writes by these
            cells |= {cell: (False, status) for cell, status in writing(client, model, key)}
        for action, (permission, has_it) in ACTIONS.items():
            try:
                target = address(model, action, key)
            except NoReverseMatch:
                assert label not in has_it
                continue
            assert label in has_it
            answer = client.post(target, {"reason": "The matrix test asks"})
            # What an application says is shown to who reads cases; others see where it stands.
            reads = label not in APPLICATIONS or roles.READ_CASES in MAY[who]
            cells[action] = (sees and reads and permission in MAY[who], answer.status_code)
        for action, (permission, has_it) in ASKING.items():
            if label in has_it:
                answer = client.get(address(model, action, key))
                cells[action] = (sees and permission in MAY[who], answer.status_code)
        for action, (permission, has_it) in OF_LISTS.items():
            if label in has_it:
                answer = client.get(address(model, action))
                cells[action] = (sees and permission in MAY[who], answer.status_code)
        for deed, permission in CLAIM_DEEDS.get(label, {}).items():
            cells[deed] = (permission in MAY[who], client.get(address(model, deed, key)).status_code)
        if model is User:
            for deed, permission in DEEDS.items():
                cells[deed] = (permission in MAY[who], client.get(address(model, deed, key)).status_code)
        wrong += [
            (label, cell, wanted, status)
            for cell, (wanted, status) in cells.items()
            if reached(status) != wanted
        ]
    assert wrong == []


def test_there_is_no_action_on_the_site_that_the_matrix_leaves_out():
    # A reset that was asked for has rules of its own: accounts.tests.test_factor_resets; and so has what is done on an
    # application: accounts.tests.test_kyc_case_rights.
    plain = {
        "changelist",
        "add",
        "history",
        "delete",
        "change",
        "accounts_factor_reset",
        *DEEDS,
        *OF_LISTS,
        *ASKING,
    }
    # What is proposed and decided has a matrix of its own: config.tests.test_approval_rights.
    plain |= {"accounts_propose", "accounts_decide_approval"}
    # Asking a gateway about a payout calls outside: wallet.tests.test_admin_payouts.
    plain |= {"ask"}
    plain |= {deed for deeds in CLAIM_DEEDS.values() for deed in deeds}
    plain |= {"next", *kyc_case_views.DEEDS, "decide", "document", "original"}
    # And of late loans: credit.tests.test_desk_pages.
    plain |= {"finish"}
    # Who may reconcile what: wallet.tests.test_reconciliation_pages.
    plain |= {
        "run",
        "day",
        *("csv", "pdf"),
        "match",
        "explain",
        "reopen",
        "apart",
        *("liabilities", "portfolio", "monitoring", "lines"),
        "ask",
        "file",
        "mapping",
        "preview",
        "close",
    }
    for model, model_admin in admin.site._registry.items():
        prefix = f"{model._meta.app_label}_{model._meta.model_name}_"
        names = {url.name.removeprefix(prefix) for url in model_admin.urls if getattr(url, "name", None)}
        assert names - plain <= ACTIONS.keys(), model
        assert model_admin.actions is None


def test_a_migrated_database_has_exactly_these_groups_and_rights(db):
    with acting_as_service():
        found = {
            group.name: {f"{p.content_type.app_label}.{p.codename}" for p in group.permissions.all()}
            for group in Group.objects.prefetch_related("permissions__content_type")
            if group.name in roles.ROLES
        }
    views = {
        name: {label.replace(".", ".view_") for label in labels} | MAY[name]
        for name, labels in SEES.items()
        if name in roles.ROLES
    }
    assert found == views


def test_installing_again_takes_back_what_somebody_added_and_gives_back_what_they_took(db):
    with acting_as_service():
        auditor = Group.objects.get(name=roles.AUDITOR)
        before = set(auditor.permissions.values_list("pk", flat=True))
        auditor.permissions.set([Permission.objects.get(codename="delete_user")])
    roles.install_roles()
    with acting_as_service():
        assert set(auditor.permissions.values_list("pk", flat=True)) == before


def test_a_permission_that_does_not_exist_is_an_error(db, monkeypatch):
    monkeypatch.setitem(roles.ROLES, roles.KYC, roles.Role(("accounts.user",), ("accounts.walk_on_water",)))
    with pytest.raises(LookupError, match="walk_on_water"):
        roles.install_roles()


def test_the_auditor_changes_nothing():
    rights = roles.rights_of(roles.ROLES[roles.AUDITOR])
    assert rights and all(right.partition(".")[2].startswith("view_") for right in rights)


def test_a_customer_is_sent_away_even_with_every_role(world):
    with acting_as_service():
        ada = User.objects.get(email="ada@alajo.test")
        ada.groups.set(Group.objects.all())
        client = Client()
        client.force_login(ada)
    assert client.get(address(User, "changelist")).status_code == 302
