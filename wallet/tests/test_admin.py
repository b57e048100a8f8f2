"""The staff site: all can be looked at, nothing touched, and a list costs the same at any size."""

import json
from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django_otp import DEVICE_ID_SESSION_KEY

from accounts import roles
from accounts.factors import Factor
from accounts.models import (
    Approval,
    ApprovalBand,
    AuditEvent,
    Customer,
    FactorReset,
    FailedTask,
    KycApplication,
    Membership,
    Notification,
    NotificationDelivery,
    Organization,
    Profile,
    Referral,
    ReferralBonus,
    ReferralProgram,
    SanctionsList,
    ScreeningHit,
    User,
    WebhookDelivery,
    WebhookEndpoint,
)
from accounts.tests.factories import sign_in
from core import staff_figures
from core.actors import acting_as_service
from core.ids import posting_id, timestamp_of, uuid7_at
from core.models import Archive
from core.staff import start_of
from realtime.models import ParkedMessage, Subscription
from savings.models import AutoRun, AutoSaving, PlanTerms, Roll, SavingsGroup, SavingsPlan, UserSavings
from storage_app.models import Bucket
from wallet.models import (
    Account,
    BankSettlement,
    Break,
    BulkPayout,
    BulkPayoutRow,
    Case,
    Checkpoint,
    ClosedPeriod,
    CoolingOffRule,
    DedicatedAccount,
    Dispute,
    Entry,
    FeeSchedule,
    GatewayRow,
    Hold,
    Match,
    MatchingRule,
    Merchant,
    MerchantPayment,
    Payment,
    PaymentGateway,
    PaymentLink,
    Payout,
    ReconciledDay,
    Refund,
    ReversalRule,
    RowImport,
    SavedCard,
    ScheduledRun,
    ScheduledTransfer,
    Seal,
    SettlementRun,
    SuspendedDeposit,
    SuspenseItem,
    TierRule,
    Transaction,
    WebhookEvent,
)
from wallet.services.accounts import system_account
from wallet.services.posting import Line, Single, post_many
from wallet.tests.demo_world import make_demo_world

pytestmark = pytest.mark.django_db(transaction=True)

MODELS = (
    User,
    Customer,
    Profile,
    AuditEvent,
    Account,
    Transaction,
    Hold,
    Checkpoint,
    Seal,
    Payment,
    Payout,
    WebhookEvent,
    Case,
    PaymentGateway,
    Organization,
    Membership,
    FactorReset,
    NotificationDelivery,
    TierRule,
    CoolingOffRule,
    Merchant,
    PaymentLink,
    MerchantPayment,
    ScheduledTransfer,
    ScheduledRun,
    SettlementRun,
    BulkPayout,
    BulkPayoutRow,
    FeeSchedule,
    SuspendedDeposit,
    Refund,
    Dispute,
    DedicatedAccount,
    SavedCard,
)
CARD = {
    "event": "charge.success",
    "data": {
        "reference": "r",
        "amount": 100,
        "authorization": {"authorization_code": "AUTH_x", "last4": "4081"},
    },
}


@pytest.fixture
def world() -> Iterator[None]:
    make_demo_world()
    with acting_as_service():
        gateway, payment = PaymentGateway.objects.get(pk="paystack"), Payment.objects.order_by("id").first()
        WebhookEvent.objects.create(
            gateway=gateway,
            event="charge.success",
            reference=payment.reference,
            dedupe_key="1",
            body=json.dumps(CARD).encode(),
        )
        Case.objects.create(kind="WRONG_AMOUNT", payment=payment, reference=payment.reference)
        at, people = timezone.now(), User.objects
        FactorReset.objects.create(
            target=people.get(email="ada@alajo.test"),
            asked_by=people.get(email="agent@alajo.test"),
            reason="Lost the phone, ticket 4711",
            asked_at=at,
            expires_at=at + timedelta(hours=24),
        )
        notice = Notification.objects.create(user=people.get(email="ada@alajo.test"), event="legal.terms")
        sent = {"channel": "EMAIL", "state": "SENT", "sent_at": at, "not_before": at}
        NotificationDelivery.objects.create(notification=notice, user=notice.user, **sent)
    yield


def past_both_factors(email: str) -> Client:
    client = Client()
    with acting_as_service():
        user = User.objects.get(email=email)
        sign_in(client, user)
        factor = Factor.objects.get(user=user)
    session = client.session
    session[DEVICE_ID_SESSION_KEY] = factor.persistent_id
    session.save()
    return client


@pytest.fixture
def boss(world: None) -> Client:
    return past_both_factors("admin@alajo.test")


@pytest.fixture
def agent(world: None) -> Client:
    return past_both_factors("agent@alajo.test")


def address(model: type, page: str, *args: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def one(model: type) -> object:
    with acting_as_service():
        return model.objects.order_by("-pk").first()


def test_only_our_own_read_only_pages_are_registered():
    # Buckets have a page of their own on which rules are chosen (storage_app/tests/test_admin.py), and no organisation
    # of the demo world has webhooks (config/tests/test_webhook_staff.py); sockets and what was parked have tests there,
    # sanctions lists in accounts/tests/test_screening.py. Applications are worked on: accounts/tests/test_kyc_case*.py,
    # and referrals have theirs in accounts/tests/test_referral_pages.py.
    elsewhere = {
        Bucket,
        WebhookDelivery,
        WebhookEndpoint,
        Subscription,
        ParkedMessage,
        SanctionsList,
        ScreeningHit,
        KycApplication,
        Referral,
        ReferralBonus,
        ReferralProgram,
        # What is proposed, and work that broke: config/tests/test_roles.py and tests of their own.
        Approval,
        ApprovalBand,
        FailedTask,
        ReversalRule,
        # What reached our bank: wallet/tests/test_bank_settlements.py.
        BankSettlement,
        # Both sides of a day, and what was closed: wallet/tests/test_reconciliation_pages.py.
        ReconciledDay,
        Break,
        GatewayRow,
        Match,
        MatchingRule,
        RowImport,
        SuspenseItem,
        ClosedPeriod,
        # Months that are out: wallet/tests/test_archived_figures.py.
        Archive,
        # What people save: savings/tests/test_staff_pages.py.
        *(AutoRun, AutoSaving, PlanTerms, Roll, SavingsGroup, SavingsPlan, UserSavings),
        # What they borrow: credit/tests/test_case_pages.py, test_desk_pages.py and test_lenders.py.
        *(model for model in admin.site._registry if model._meta.app_label == "credit"),
        # What they buy: marketplace/tests/test_staff_pages.py.
        *(model for model in admin.site._registry if model._meta.app_label == "marketplace"),
    }
    assert set(admin.site._registry) == {*MODELS, Entry, *elsewhere}
    for model_admin in admin.site._registry.values():
        assert not model_admin.has_change_permission(None)
        assert model_admin.actions is None


def test_every_list_and_object_page_opens_with_a_bounded_number_of_queries(boss, subtests):
    for model in MODELS:
        with subtests.test(model.__name__):
            with CaptureQueriesContext(connection) as asked:
                answer = boss.get(address(model, "changelist"))
            assert answer.status_code == 200
            assert len(only_reads(asked)) <= 10, only_reads(asked)
            row = one(model)
            assert row is not None
            page = boss.get(address(model, "change", row.pk))
            assert page.status_code == 200
            assert b"<input" not in page.content.replace(b'<input type="hidden"', b"")
            assert boss.get(address(model, "changelist"), {"q": str(row.pk)}).status_code == 200
            assert boss.get(address(model, "changelist"), {"when": "7"}).status_code in (200, 302)


def test_a_deed_of_the_service_itself_opens_too(boss):
    with acting_as_service():
        event = AuditEvent.objects.filter(actor_id=None).first()
    assert event is not None
    assert boss.get(address(AuditEvent, "change", event.pk)).status_code == 200


def only_reads(asked: CaptureQueriesContext) -> list[str]:
    """The page's own queries: not the savepoints and roles round them."""
    return [
        q["sql"]
        for q in asked.captured_queries
        if q["sql"].upper().startswith("SELECT ") and "set_config" not in q["sql"]
    ]


@pytest.mark.parametrize("who", ["boss", "agent"])
def test_nobody_can_add_change_or_delete(request, subtests, who):
    client = request.getfixturevalue(who)
    before = everything()
    for model in [*MODELS, Entry]:
        with subtests.test(model.__name__):
            row = one(model) if model is not Entry else one(Transaction)
            for target in (
                address(model, "add"),
                address(model, "change", row.pk),
                address(model, "delete", row.pk),
            ):
                assert client.post(target, {"amount": "1", "post": "yes"}).status_code == 403
            action = {"action": "delete_selected", "_selected_action": [str(row.pk)], "post": "yes"}
            assert client.post(address(model, "changelist"), action).status_code == 403
    assert everything() == before


def everything() -> dict[str, int]:
    with acting_as_service():
        return {model.__name__: model.objects.count() for model in MODELS if model is not AuditEvent}


@pytest.mark.parametrize("groups", [[], ["Support"], ["Finance"], ["Auditor"], ["Support", "Finance"]])
def test_a_role_sees_exactly_its_lists(agent, groups):
    with acting_as_service():
        user = User.objects.get(email="agent@alajo.test")
        user.groups.set([roles.install_roles()[name] for name in groups])
    seen = {label for name in groups for label in roles.ROLES[name].sees}
    for model in [*MODELS, Entry]:
        status = agent.get(address(model, "changelist")).status_code
        assert (model._meta.label_lower, status) == (
            model._meta.label_lower,
            200 if model._meta.label_lower in seen else 403,
        )
    assert agent.get(reverse("admin:index")).status_code == 200


def test_every_right_that_a_role_names_exists():
    for role in roles.ROLES.values():
        for label in role.sees:
            assert apps.get_model(label) in admin.site._registry


def test_a_customer_and_a_stranger_are_sent_away(world):
    assert Client().get("/staff/wallet/account/").status_code == 302
    client = Client()
    with acting_as_service():
        client.force_login(User.objects.get(email="ada@alajo.test"))
    assert client.get("/staff/wallet/account/").status_code == 302


def test_staff_without_a_second_factor_in_this_session_see_nothing(world):
    client = Client()
    with acting_as_service():
        sign_in(client, User.objects.get(email="admin@alajo.test"))
    answer = client.get("/staff/wallet/account/")
    assert answer.status_code == 302 and answer.url.startswith("/staff/login/")


def test_each_figure_on_the_first_page_equals_the_list_it_links_to(boss):
    page = boss.get(reverse("admin:index"))
    compared = 0
    for group in page.context["groups"]:
        for figure in group.figures:
            rows = boss.get(figure.address)
            assert rows.status_code == 200
            if isinstance(figure.value, int):
                assert rows.context["cl"].result_count == min(figure.value, 100), (group.title, figure.label)
                compared += 1
    assert compared >= 10
    assert "Cases" in page.content.decode()


def test_a_figure_past_its_bound_says_that_there_are_more(monkeypatch, world):
    monkeypatch.setattr(staff_figures, "MOST", 3)
    with acting_as_service():
        figure = staff_figures.counted("x", Transaction.objects.all(), "/")
    assert (figure.value, figure.more) == (3, True)


def test_a_list_walks_through_every_row_once_and_back_without_counting(boss):
    with acting_as_service():
        clearing, bola = (
            system_account("PAYSTACK_CLEARING"),
            Account.objects.wallets().get(owner__email="bola@alajo.test"),
        )
        post_many(
            postings=[Single(posting_id(), Line("DEPOSIT", clearing, bola.pk, 1)) for number in range(150)]
        )
        wanted = list(Transaction.objects.order_by("-id").values_list("id", flat=True))
    seen, where = [], address(Transaction, "changelist")
    with CaptureQueriesContext(connection) as asked:
        while where:
            cl = boss.get(where).context["cl"]
            seen += [row.pk for row in cl.result_list]
            last, where = cl, cl.older_url and address(Transaction, "changelist") + cl.older_url
    assert seen == wanted
    assert not [sql for sql in only_reads(asked) if "COUNT(" in sql.upper() and "wallet_transaction" in sql]
    back = boss.get(address(Transaction, "changelist") + last.newer_url).context["cl"]
    assert [row.pk for row in back.result_list] == wanted[len(wanted) - len(last.result_list) - 100 :][:100]


@pytest.mark.parametrize(
    "query", ["before=junk", "after=%27", "when=junk", "o=1", "nonsense=1", "q=%25", "p=99"]
)
def test_junk_in_the_address_is_no_error(boss, query):
    answer = boss.get(f"{address(Transaction, 'changelist')}?{query}", follow=True)
    assert answer.status_code in (200, 400)


def test_an_account_shows_its_balance_entries_and_holds_and_hot_ones_are_counted(boss):
    with acting_as_service():
        ada = Account.objects.wallets().get(owner__email="ada@alajo.test")
        clearing = Account.objects.get(code="PAYSTACK_CLEARING")
    page = boss.get(address(Account, "change", ada.pk)).content.decode()
    assert "Withdrawal on its way" in page and "Suya for everyone" in page and "₦" in page
    hot = boss.get(address(Account, "change", clearing.pk)).context["original"]
    assert hot.balance_now > 0
    listed = boss.get(address(Entry, "changelist"), {"account": str(ada.pk)}).context["cl"]
    assert [row.version for row in listed.result_list] == list(range(ada.version, 0, -1))
    of_clearing = boss.get(address(Entry, "changelist"), {"account": str(clearing.pk)}).context["cl"]
    assert of_clearing.result_count > 0
    assert boss.get(address(Entry, "changelist")).context["cl"].result_count == 0
    row = listed.result_list[0]
    assert boss.get(address(Entry, "change", row.pk)).url == address(Transaction, "change", row.pk)


def test_a_transaction_shows_its_posting_and_its_reversal(boss):
    with acting_as_service():
        deposit = Payment.objects.first()
        mirrored = Transaction.objects.exclude(reverses=None).get()
    page = boss.get(address(Transaction, "change", deposit.posting_id)).content.decode()
    assert "GATEWAY_FEE" in page and deposit.reference in page
    page = boss.get(address(Transaction, "change", mirrored.reverses)).content.decode()
    assert address(Transaction, "change", mirrored.pk) in page
    assert (
        address(Transaction, "change", mirrored.reverses)
        in boss.get(address(Transaction, "change", mirrored.pk)).content.decode()
    )


@pytest.mark.parametrize(
    ("model", "path"),
    [
        (Account, "owner.email"),
        (Payment, "account.owner.email"),
        (Payment, "reference"),
        (Hold, "account.owner.email"),
        (User, "email"),
        (Customer, "user.email"),
        (WebhookEvent, "reference"),
        (Case, "reference"),
        (Transaction, "posting_id"),
        (Organization, "slug"),
        (Membership, "user.email"),
        (Membership, "organization_id"),
    ],
)
def test_rows_are_found_by_what_staff_are_told(boss, model, path):
    with acting_as_service():
        rows = model.objects.order_by("pk")
        if model in (Account, Hold):  # the operator's and lenders' own have no person
            rows = rows.exclude(**{"owner" if model is Account else "account__owner": None})
        found = rows.first()
        row = found
        for name in path.split("."):
            found = getattr(found, name)
    rows = boss.get(address(model, "changelist"), {"q": str(found)}).context["cl"].result_list
    assert row.pk in [listed.pk for listed in rows]
    assert not boss.get(address(model, "changelist"), {"q": "nobody@nowhere.test"}).context["cl"].result_list
    assert not boss.get(address(model, "changelist"), {"q": str(uuid4())}).context["cl"].result_list


def test_an_organisation_shows_its_people_and_whoever_looks_is_named(boss):
    with acting_as_service():
        shop = Organization.objects.get(slug="kasuwa-stores")
    page = boss.get(address(Organization, "change", shop.pk)).content.decode()
    assert "b•••@alajo.test" in page and "Owner" in page and "a•••@alajo.test" in page
    assert "bola@alajo.test" not in page
    with acting_as_service():
        seen = AuditEvent.objects.get(action="accounts.organization.viewed", target_id=str(shop.pk))
        assert User.objects.get(pk=seen.actor_id).email == "admin@alajo.test"
    for term in ("ada@alajo.test", "@bola_adeyemi"):
        rows = boss.get(address(Organization, "changelist"), {"q": term}).context["cl"].result_list
        assert [row.pk for row in rows] == [shop.pk]
    listed = boss.get(address(Membership, "changelist"), {"organization_id": str(shop.pk)}).context["cl"]
    assert listed.result_count == 2


def test_a_webhook_shows_what_it_said_without_the_card(boss):
    page = boss.get(address(WebhookEvent, "change", one(WebhookEvent).pk)).content.decode()
    assert "charge.success" in page
    assert "4081" not in page and "AUTH_x" not in page


def test_secrets_are_on_no_page(boss):
    gateway, user = one(PaymentGateway), one(User)
    page = boss.get(address(PaymentGateway, "change", gateway.pk)).content.decode()
    assert gateway.credentials not in page and "secret_key" not in page
    page = boss.get(address(User, "change", user.pk)).content.decode()
    assert user.password not in page and "password" not in page.lower()


@pytest.mark.parametrize("model", [User, Customer, Profile, Account])
def test_looking_at_a_person_is_written_down(boss, model):
    row = one(model)
    boss.get(address(model, "change", row.pk))
    with acting_as_service():
        event = AuditEvent.objects.filter(action__endswith=".viewed").get()
        who = User.objects.get(email="admin@alajo.test")
    assert (event.target_type, event.target_id, event.actor_id) == (
        model._meta.label_lower,
        str(row.pk),
        who.pk,
    )
    history = boss.get(address(model, "history", row.pk), follow=True)
    assert event.pk in [listed.pk for listed in history.context["cl"].result_list]


def test_filtering_by_day_uses_the_key(world, boss):
    with acting_as_service():
        row = Transaction.objects.order_by("id").first()
    day = timezone.localdate(timestamp_of(row.pk))
    asked = {"when": day.isoformat()}
    rows = boss.get(address(Transaction, "changelist"), asked).context["cl"].result_list
    assert row.pk in [listed.pk for listed in rows]
    assert all(uuid7_at(start_of(day)) <= listed.pk for listed in rows)


def test_an_agent_without_rights_sees_an_empty_first_page(world):
    with acting_as_service():
        User.objects.get(email="agent@alajo.test").groups.clear()
    page = past_both_factors("agent@alajo.test").get(reverse("admin:index")).content.decode()
    assert "Nothing to show yet" in page


def test_pages_carry_no_inline_script_or_style(boss):
    account = one(Account)
    for target in (
        reverse("admin:index"),
        address(Account, "changelist"),
        address(Account, "change", account.pk),
    ):
        page = boss.get(target).content.decode()
        assert "<style" not in page and " style=" not in page and "onclick" not in page
        assert page.count("<script") == page.count('<script type="module" src=')
