"""The trail and what it guards: searched by staff, masked pages, reveals with a reason, histories on pages."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts import audit, audit_admin, roles
from accounts.models import AuditEvent, Customer, Organization, Profile, User
from accounts.services import invitations
from core.actors import OrganizationCaller, Origin, acting_as, acting_as_service, from_origin
from core.api.ids import encode
from core.ids import uuid7
from wallet.models import Account
from wallet.services import install_gateway
from wallet.tests.demo_world import make_demo_world
from wallet.tests.test_admin import only_reads, past_both_factors

pytestmark = pytest.mark.django_db(transaction=True)

TRAIL = "admin:accounts_auditevent_changelist"
PHONE, BORN = "+2348031234567", "1990-05-17"


@pytest.fixture
def ada(transactional_db) -> User:
    make_demo_world()
    with acting_as_service():
        user = User.objects.get(email="ada@alajo.test")
        Customer.objects.filter(pk=user.pk).update(phone=PHONE, date_of_birth=BORN)
    return user


@pytest.fixture
def boss(ada: User) -> Client:
    return past_both_factors("admin@alajo.test")


@pytest.fixture
def support(ada: User) -> Client:
    return as_role(roles.SUPPORT)


def as_role(name: str) -> Client:
    with acting_as_service():
        User.objects.get(email="agent@alajo.test").groups.set(Group.objects.filter(name=name))
    return past_both_factors("agent@alajo.test")


def address(model: type, page: str, *args: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def write(action: str = "test.some.deed", *, ip: str = "203.0.113.9", **facts: object) -> str:
    """An event in a request of its own; returns the request's id."""
    name = encode("req", uuid7())
    with from_origin(Origin(request_id=name, ip=ip, user_agent="Test")), acting_as_service():
        audit.record(action=action, **facts)
    return name


def found(client: Client, **wanted: str) -> set[str]:
    answer = client.get(reverse(TRAIL), wanted)
    assert answer.status_code == 200
    return {event.request_id for event in answer.context["cl"].result_list}


@pytest.fixture
def three(ada: User) -> Iterator[tuple[str, str, str]]:
    account = Account(pk=uuid7())
    yield (
        write("test.ada.did", actor_id=ada.pk),
        write("test.ada.was_told", target=ada, ip="2001:db8::1"),
        write("test.account.frozen", target=account, ip="198.51.100.4"),
    )


def test_what_a_program_did_is_found_by_its_key_and_says_so(boss):
    caller, name = OrganizationCaller(id=uuid7(), key_id=uuid7(), mode="LIVE"), encode("req", uuid7())
    with from_origin(Origin(request_id=name)), acting_as(caller), acting_as_service():
        audit.record(action="test.program.did")
    for text in (encode("key", caller.key_id), str(caller.key_id)):
        assert found(boss, key=text) == {name}
    assert found(boss, key="key_unknown") == set()
    with acting_as_service():
        event = AuditEvent.objects.get(action="test.program.did")
    for page in (boss.get(reverse(TRAIL)), boss.get(address(AuditEvent, "change", event.pk))):
        assert encode("key", caller.key_id) in page.content.decode()


def test_the_page_of_an_organisation_shows_no_address_and_names_keys_and_who_made_them(boss):
    with acting_as_service():
        owner = User.objects.get(email="bola@alajo.test")
        shop = Organization.objects.get(memberships__user=owner, memberships__role="OWNER")
        key = shop.api_keys.get()
    sent = {"email": "new.hand@example.com", "role": "MEMBER", "at": timezone.now()}
    invitations.invite(organization_id=shop.pk, by=owner, **sent)
    page = boss.get(address(Organization, "change", shop.pk)).content.decode()
    assert "n•••@example.com" in page and "new.hand@" not in page and "bola@alajo.test" not in page
    assert encode("key", key.pk) in page


def test_a_person_is_found_by_address_handle_and_id_as_actor_and_as_target(boss, ada, three):
    did, told, other = three
    with acting_as_service():
        handle = Profile.objects.get(pk=ada.pk).handle
    for text in (ada.email, ada.email[:5], str(ada.pk), f"@{handle}"):
        names = found(boss, person=text)
        assert {did, told} <= names and other not in names
    assert found(boss, person="nobody@nowhere.test") == set()


def test_each_other_field_narrows_and_all_of_them_together(boss, ada, three):
    did, told, frozen = three
    assert found(boss, action="test.ada.") == {did, told}
    assert found(boss, action="test.ada.d") == {did}
    assert found(boss, target="wallet.account", action="test.") == {frozen}
    assert found(boss, target=str(ada.pk), action="test.") == {told}
    assert found(boss, request=did) == {did}
    assert found(boss, ip="2001:0db8:0:0:0:0:0:1") == {told}
    assert found(boss, ip="198.51.100.4", action="test.", target="wallet.account") == {frozen}
    assert found(boss, ip="198.51.100.4", action="test.ada") == set()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ip", "not an address"),
        ("since", "yesterday-ish"),
        ("until", "0000-00-00"),
        ("request", "req_nope"),
        ("request", "req_zzzzzzzzzzzzzzzzzzzzzz"),
        ("target", "'; drop table accounts_user"),
        ("person", "%_\\"),
        ("action", "%"),
    ],
)
def test_nonsense_finds_nothing_and_breaks_nothing(boss, three, name, value):
    assert not found(boss, **{name: value}) & set(three)


def test_times_bound_the_search(boss, three):
    at = timezone.localtime()
    soon, past = (at + timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M"), "2020-01-01T00:00"
    assert set(three) <= found(boss, since=past, until=soon, action="test.")
    assert found(boss, since=soon, action="test.") == set()
    assert found(boss, until=past, action="test.") == set()


def test_what_no_index_finds_is_looked_for_in_the_last_month_only(ada):
    at, events = datetime(2026, 11, 1, tzinfo=UTC), AuditEvent.objects.all()
    for wanted in ({"action": "x"}, {"ip": "192.0.2.1"}, {"target": "wallet.account"}):
        assert "id" in str(audit_admin.search(events, wanted, at=at).query).partition("WHERE")[2].replace(
            "target_id", ""
        )
    with acting_as_service():
        by_person = audit_admin.search(events, {"person": str(ada.pk), "action": "x"}, at=at)
        assert '"accounts_auditevent"."id" >=' not in str(by_person.query)


def test_the_search_keeps_to_ten_queries_and_its_facets_count(boss, three):
    with CaptureQueriesContext(connection) as asked:
        answer = boss.get(reverse(TRAIL), {"action": "test.", "person": "ada@alajo.test"})
    assert len(only_reads(asked)) <= 10, only_reads(asked)
    assert not [sql for sql in only_reads(asked) if "COUNT(" in sql.upper()]
    deeds = {c["label"]: c["count"] for c in answer.context["facets"][0]["choices"]}
    assert deeds == {"test.ada.did": 1, "test.ada.was_told": 1}
    narrowed = answer.context["facets"][0]["choices"][0]["address"]
    assert len(boss.get(reverse(TRAIL) + narrowed).context["cl"].result_list) == 1


def test_the_search_pages_by_cursor_and_keeps_what_was_asked(boss, ada):
    with acting_as_service():
        for _ in range(130):
            audit.record(action="test.page")
    first = boss.get(reverse(TRAIL), {"action": "test.page"}).context["cl"]
    assert len(first.result_list) == 100 and "action=test.page" in first.older_url
    second = boss.get(reverse(TRAIL) + first.older_url).context["cl"]
    assert len(second.result_list) == 30
    assert not {e.pk for e in first.result_list} & {e.pk for e in second.result_list}


def latest(action: str) -> AuditEvent:
    with acting_as_service():
        return AuditEvent.objects.filter(action=action).order_by("-pk").first()


@pytest.mark.parametrize("model", [User, Customer, Account])
def test_opening_a_list_of_people_is_written_down_with_what_was_asked(support, model):
    support.get(address(model, "changelist"), {"q": "ada@alajo.test"})
    event = latest(f"{model._meta.app_label}.{model._meta.model_name}.listed")
    assert event.data["asked"] == {"q": "a•••@alajo.test"} and event.data["address"]
    with acting_as_service():
        assert event.actor_id == User.objects.get(email="agent@alajo.test").pk


def test_looking_for_somebody_among_payments_is_written_down_and_a_plain_look_is_not(support):
    where = reverse("admin:wallet_payment_changelist")
    support.get(where, {"q": "alj-123"})
    assert latest("wallet.payment.listed") is None
    support.get(where, {"q": "ada@alajo.test"})
    assert latest("wallet.payment.listed").data["asked"] == {"q": "a•••@alajo.test"}


def test_no_staff_page_shows_how_to_reach_somebody(boss, ada):
    with acting_as_service():
        account = Account.objects.get(owner=ada, kind="WALLET")
        ada.email = "ada@alajo.test"
        User.objects.filter(pk=ada.pk).update(user_metadata={"nick": "Addy"})
        Customer.objects.filter(pk=ada.pk).update(tier=2)
    pages = [
        *(address(model, "changelist") for model in (User, Customer, Account)),
        *(address(model, "change", ada.pk) for model in (User, Customer)),
        address(Account, "change", account.pk),
        *(reverse(f"admin:wallet_{name}_changelist") for name in ("payment", "hold", "transaction")),
    ]
    for page in pages:
        text = boss.get(page).content.decode()
        for secret in ("ada@alajo.test", "bola@alajo.test", PHONE, BORN, "17 May 1990", "Addy"):
            assert secret not in text, (page, secret)
    assert "a•••@alajo.test" in boss.get(address(Customer, "change", ada.pk)).content.decode()


def reveal(client: Client, model: type, key: object, reason: str = "Caller asks to check the number"):
    return client.post(
        reverse(f"admin:accounts_{model._meta.model_name}_reveal", args=[key]), {"reason": reason}
    )


def test_a_reveal_shows_the_page_once_and_keeps_the_reason(support, ada):
    answer = reveal(support, Customer, ada.pk)
    text = answer.content.decode()
    assert answer.status_code == 200 and "no-store" in answer.headers["Cache-Control"]
    assert "ada@alajo.test" in text and PHONE in text and "1990" in text
    event = latest("accounts.customer.revealed")
    assert (event.target_id, event.data) == (str(ada.pk), {"reason": "Caller asks to check the number"})
    assert PHONE not in support.get(address(Customer, "change", ada.pk)).content.decode()
    assert "ada@alajo.test" in reveal(support, User, ada.pk).content.decode()


@pytest.mark.parametrize("reason", ["", "   ", "why", "x" * 301])
def test_without_a_reason_nothing_is_shown(support, ada, reason):
    answer = reveal(support, Customer, ada.pk, reason)
    assert answer.status_code == 422
    assert PHONE not in answer.content.decode() and "Say in a few words" in answer.content.decode()
    assert latest("accounts.customer.revealed") is None


def test_without_the_permission_or_by_a_link_nothing_is_shown(ada):
    auditor = as_role(roles.AUDITOR)
    assert reveal(auditor, Customer, ada.pk).status_code == 403
    assert "Show what is masked" not in auditor.get(address(Customer, "change", ada.pk)).content.decode()
    support = as_role(roles.SUPPORT)
    assert support.get(reverse("admin:accounts_customer_reveal", args=[ada.pk])).status_code == 403
    assert reveal(support, Customer, uuid7()).status_code == 404
    assert latest("accounts.customer.revealed") is None


def test_a_page_tells_what_was_changed_by_whom_and_in_which_request(boss, ada):
    with acting_as_service():
        staff = User.objects.get(email="admin@alajo.test")
    with from_origin(Origin(request_id="req_x1")), acting_as_service(on_behalf_of=staff):
        Customer.objects.filter(pk=ada.pk).update(tier=2, phone="+2348039999921")
    page = boss.get(address(Customer, "change", ada.pk))
    panel = next(panel for panel in page.context["panels"] if panel.title == "History")
    rows = {row[0]: row[1:] for row in panel.rows[:2]}
    assert rows["tier"][:2] == ["3", "2"]
    assert rows["phone"][:2] == ["•••67", "•••21"]
    assert str(staff.pk) in rows["tier"][2] and rows["tier"][4] == "req_x1"
    titles = [str(panel.title) for panel in boss.get(address(User, "change", ada.pk)).context["panels"]]
    assert "History of e-mail addresses" in titles


def test_a_gateways_page_tells_its_history_and_never_its_key(boss):
    for key in ("sk_one", "sk_two"):
        install_gateway(
            code="paystack",
            kind="PAYSTACK",
            name="Other",
            currencies=["NGN"],
            credentials={"secret_key": key},
        )
    page = boss.get(reverse("admin:wallet_paymentgateway_change", args=["paystack"])).content.decode()
    assert "(something secret)" in page and "Paystack" in page and "Other" in page
    assert "sk_" not in page and "secret_key" not in page
