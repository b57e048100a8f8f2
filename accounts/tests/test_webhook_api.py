"""Webhooks over the API: whose they are, what a secret's answer keeps, and lists that stay cheap."""

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import AuditEvent, Organization, User, WebhookDelivery, WebhookEndpoint
from accounts.services import api_keys, organizations
from accounts.tests.factories import bearer, make_person, prove_factor
from accounts.tests.organizations import join, make_organization
from accounts.tests.receivers import deliveries, fresh, make_endpoint, plan, receiver, send_all
from core.actors import acting_as_service
from core.api import ids
from core.models import IdempotencyKey

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = "/api/v1/webhook-endpoints"
ALL = ("webhooks:read", "webhooks:write", "events:read")
URL = "https://hooks.example/in"


@pytest.fixture
def ada() -> User:
    return make_person(name="Ada Obi")


@pytest.fixture
def firm(ada: User) -> Organization:
    return make_organization(ada)


def by_key(firm: Organization, by: User, *scopes: str, mode: str = "LIVE") -> Client:
    made = api_keys.make(
        organization_id=firm.pk, by=by, name="Test", mode=mode, scopes=scopes or ALL, at=timezone.now()
    )
    return Client(headers={"Authorization": f"Bearer {made.secret}"})


def by_person(user: User, *, proven: bool = True) -> Client:
    client = Client(headers=bearer(user))
    if proven:
        prove_factor(user)
    return client


def send(client: Client, method: str, address: str, body: object = None, key: str = "") -> object:
    headers = {"Idempotency-Key": key or str(uuid4())} if method == "post" else {}
    content = {} if body is None else {"data": json.dumps(body), "content_type": "application/json"}
    return getattr(client, method)(address, headers=headers, **content)


def code(response: object) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


def at(endpoint: WebhookEndpoint, *rest: str) -> str:
    return "/".join([ROOT, ids.encode("whe", endpoint.pk), *rest])


ORDER = {"url": URL, "event_types": ["member.joined", "member.left"], "description": "Shop"}


class TestEndpoints:
    def test_a_program_makes_changes_and_deletes_one(self, ada, firm):
        program = by_key(firm, ada)
        made = send(program, "post", ROOT, ORDER)
        assert made.status_code == 201 and made["Cache-Control"] == "no-store"
        told = made.json()
        secret = told.pop("secret")
        assert secret.startswith("whsec_")
        assert told["organization"] == ids.encode("org", firm.pk) and told["state"] == "ENABLED"
        assert told["reason"] is told["failing_since"] is told["previous_secret_until"] is None
        address = f"{ROOT}/{told['id']}"
        assert program.get(address).json() == told
        assert program.get(ROOT).json() == {"object": "list", "data": [told], "has_more": False}
        changed = send(program, "patch", address, {"event_types": ["*"], "state": "DISABLED"})
        assert changed.json() == {**told, "event_types": ["*"], "state": "DISABLED", "reason": "BY_OWNER"}
        enabled = send(program, "patch", address, {"state": "ENABLED", "description": ""}).json()
        assert enabled == {**told, "event_types": ["*"], "description": ""}
        assert send(program, "delete", address).status_code == 204
        assert code(program.get(address)) == (404, "not_found") and program.get(ROOT).json()["data"] == []
        with acting_as_service():
            lines = AuditEvent.objects.filter(action__startswith="accounts.webhook_endpoint.").order_by("pk")
            deeds = [line.action.rpartition(".")[2] for line in lines]
            assert deeds == ["made", "changed", "disabled", "changed", "enabled", "deleted"]
            assert all(line.data["by_api_key"] and line.actor_id is None for line in lines)
            assert secret not in str([line.data for line in lines])
            assert WebhookEndpoint.objects.get().secret == ""

    def test_a_repeat_gets_the_same_answer_and_the_secret_is_kept_nowhere_in_clear(self, ada, firm):
        program = by_key(firm, ada)
        first = send(program, "post", ROOT, ORDER, key="once")
        again = send(program, "post", ROOT, ORDER, key="once")
        assert again.json() == first.json() and again["Idempotent-Replayed"] == "true"
        assert code(send(program, "post", ROOT, {**ORDER, "url": URL + "2"}, key="once")) == (
            422,
            "idempotency_key_reused",
        )
        secret, endpoint = first.json()["secret"], f"{ROOT}/{first.json()['id']}"
        with acting_as_service():
            assert secret not in str(list(IdempotencyKey.objects.values()))
            assert secret not in str(list(WebhookEndpoint.objects.values()))
        rolled = send(program, "post", f"{endpoint}/roll-secret", {"overlap_hours": 1}, key="roll")
        assert rolled.json()["secret"] not in (secret, None) and rolled.json()["previous_secret_until"]
        assert send(program, "post", f"{endpoint}/roll-secret", {"overlap_hours": 1}, key="roll").json() == (
            rolled.json()
        )
        # The first answer's secret has been replaced, and the new one is no answer to that request.
        assert send(program, "post", ROOT, ORDER, key="once").json()["secret"] is None

    @pytest.mark.parametrize(
        ("changes", "where"),
        [
            ({"url": "http://hooks.example/"}, None),
            ({"url": "https://10.0.0.1/"}, None),
            ({"url": "https://user:pw@hooks.example/"}, None),
            ({"event_types": ["no.such"]}, None),
            ({"event_types": []}, "/event_types"),
            ({"event_types": "*"}, "/event_types"),
            ({"url": 5}, "/url"),
            ({"url": "https://h.example/" + "x" * 500}, "/url"),
            ({"description": "x" * 121}, "/description"),
            ({"secret": "mine"}, "/secret"),
        ],
    )
    def test_what_cannot_be_is_refused_by_name(self, ada, firm, changes, where):
        answer = send(by_key(firm, ada), "post", ROOT, {**ORDER, **changes})
        if where:
            assert answer.status_code == 400 and answer.json()["errors"][0]["pointer"] == where
        else:
            assert code(answer) == (422, "webhook_endpoint_invalid")
            assert answer.json()["data"]["field"] == next(iter(changes))

    def test_the_eleventh_is_refused(self, ada, firm):
        for _ in range(10):
            make_endpoint(firm, ada)
        assert code(send(by_key(firm, ada), "post", ROOT, ORDER)) == (409, "too_many_webhook_endpoints")

    def test_a_test_key_rehearses(self, ada, firm):
        program = by_key(firm, ada, mode="TEST")
        with receiver() as server:
            endpoint = make_endpoint(firm, ada, url=server.url).endpoint
            made = send(program, "post", ROOT, ORDER)
            assert made.status_code == 201 and made.json()["secret"].startswith("whsec_")
            assert made["Alajo-Mode"] == "test"
            assert send(program, "post", at(endpoint, "test")).status_code == 201
            assert send(program, "delete", at(endpoint)).status_code == 204
            assert server.received == [] and deliveries() == []
        assert len(program.get(ROOT).json()["data"]) == 1

    def test_a_persons_app_names_the_organisation_and_proves_a_second_factor(self, ada, firm):
        person = by_person(ada, proven=False)
        order = {**ORDER, "organization": ids.encode("org", firm.pk)}
        assert code(send(person, "post", ROOT, order)) == (403, "mfa_enrolment_required")
        prove_factor(ada)
        unnamed = send(person, "post", ROOT, ORDER)
        assert unnamed.status_code == 400 and unnamed.json()["errors"][0]["pointer"] == "/organization"
        made = send(person, "post", ROOT, order).json()
        assert made["organization"] == order["organization"]
        with acting_as_service():
            assert AuditEvent.objects.get(action="accounts.webhook_endpoint.made").actor_id == ada.pk
        other = make_organization(make_person(name="Bola Ade"), name="Other")
        theirs = {**ORDER, "organization": ids.encode("org", other.pk)}
        assert code(send(person, "post", ROOT, theirs)) == (404, "not_found")
        assert code(send(by_key(firm, ada), "post", ROOT, theirs)) == (404, "not_found")

    @pytest.mark.parametrize("role", ["MEMBER", None])
    def test_a_plain_member_and_a_stranger_find_nothing(self, ada, firm, role):
        with receiver() as server:
            endpoint = make_endpoint(firm, ada, url=server.url).endpoint
            plan(firm, "member.joined")
            send_all()
            sent = ids.encode("whd", deliveries()[0].pk)
            bola = make_person(name="Bola Ade")
            if role:
                join(firm, ada, bola, role)
            program, heard = by_person(bola), len(server.received)
            assert program.get(ROOT).json()["data"] == []
            assert program.get("/api/v1/webhook-deliveries").json()["data"] == []
            unknown = WebhookEndpoint(pk=uuid4())
            stretch = {"since": "2026-01-01T00:00:00Z", "until": "2026-01-02T00:00:00Z"}
            for one in (endpoint, unknown):
                for method, rest, body in (
                    ("get", (), None),
                    ("patch", (), {"state": "DISABLED"}),
                    ("delete", (), None),
                    ("post", ("roll-secret",), {}),
                    ("post", ("test",), None),
                    ("post", ("resend",), stretch),
                ):
                    assert code(send(program, method, at(one, *rest), body)) == (404, "not_found")
            for address in (f"/api/v1/webhook-deliveries/{sent}", "/api/v1/webhook-deliveries/whd_x"):
                assert code(program.get(address)) == (404, "not_found")
                assert code(send(program, "post", f"{address}/resend")) == (404, "not_found")
            order = {**ORDER, "organization": ids.encode("org", firm.pk)}
            wanted = (403, "webhooks_not_managed") if role else (404, "not_found")
            assert code(send(program, "post", ROOT, order)) == wanted
            assert len(server.received) == heard and fresh(endpoint).is_enabled

    @pytest.mark.parametrize(
        ("method", "rest", "scope"),
        [
            ("get", (), "webhooks:read"),
            ("patch", (), "webhooks:write"),
            ("delete", (), "webhooks:write"),
            ("post", ("test",), "webhooks:write"),
            ("post", ("roll-secret",), "webhooks:write"),
            ("post", ("resend",), "webhooks:write"),
        ],
    )
    def test_reading_and_writing_are_scopes_apart(self, ada, firm, method, rest, scope):
        endpoint = make_endpoint(firm, ada).endpoint
        answer = send(
            by_key(firm, ada, *({*ALL} - {scope})), method, at(endpoint, *rest), {} if rest else None
        )
        assert code(answer) == (403, "scope_missing") and answer.json()["data"]["scope"] == scope

    def test_what_is_posted_needs_an_idempotency_key(self, ada, firm):
        endpoint, program = make_endpoint(firm, ada).endpoint, by_key(firm, ada)
        for address in (ROOT, at(endpoint, "test"), at(endpoint, "roll-secret")):
            body = ORDER if address == ROOT else {}
            answer = program.post(address, json.dumps(body), content_type="application/json")
            assert code(answer) == (400, "idempotency_key_missing")

    def test_a_closed_organisations_are_unknown(self, ada, firm):
        endpoint, person = make_endpoint(firm, ada).endpoint, by_person(ada)
        organizations.close(organization_id=firm.pk, by=ada, at=timezone.now())
        assert code(person.get(at(endpoint))) == (404, "not_found")


class TestDeliveries:
    def test_one_sees_each_try_and_sends_again(self, ada, firm):
        program = by_key(firm, ada)
        with receiver((503, {"Content-Type": "text/plain"}, b"back soon"), 200) as server:
            endpoint = make_endpoint(firm, ada, url=server.url).endpoint
            [told] = plan(firm, "member.joined")
            send_all()
            [listed] = program.get("/api/v1/webhook-deliveries").json()["data"]
            assert listed["event"] == ids.encode("evt", told.id) and listed["state"] == "WAITING"
            assert listed["message"] == ids.encode("msg", told.id) and listed["attempts"] == 1
            assert listed["next_try_at"] and listed["delivered_at"] is None
            address = f"/api/v1/webhook-deliveries/{listed['id']}"
            full = program.get(address).json()
            [tried] = full.pop("attempt_list")
            assert full == listed
            assert (tried["status"], tried["error"], tried["response_body"]) == (503, None, "back soon")
            assert tried["request_headers"]["webhook-id"] == listed["message"] and not tried["manual"]
            again = send(program, "post", f"{address}/resend", key="again")
            assert again.json()["state"] == "WAITING"
            assert send(program, "post", f"{address}/resend", key="again")["Idempotent-Replayed"] == "true"
            assert len(server.received) == 2
            full = program.get(address).json()
            assert full["state"] == "DELIVERED" and full["attempt_list"][0]["manual"]
            stretch = {
                "since": (timezone.now() - timedelta(hours=1)).isoformat(),
                "until": (timezone.now() + timedelta(hours=1)).isoformat(),
                "only_failed": False,
            }
            resent = send(program, "post", at(endpoint, "resend"), stretch)
            assert resent.json()["object"] == "resend" and resent.json()["sent"] >= 1
            assert len(server.received) >= 3

    def test_they_are_filtered_and_walked(self, ada, firm):
        program = by_key(firm, ada)
        one, two = (make_endpoint(firm, ada).endpoint for _ in range(2))
        told = plan(firm, "member.joined", "member.left", "member.joined")
        with acting_as_service():
            WebhookDelivery.objects.filter(endpoint=two).update(state="DELIVERED", next_try_at=None)
        address = "/api/v1/webhook-deliveries"

        def found(**wanted: str) -> int:
            return len(program.get(address, wanted).json()["data"])

        assert found() == 6 and found(state="DELIVERED") == 3 and found(event_type="member.left") == 2
        assert found(endpoint=ids.encode("whe", one.pk)) == 3
        assert found(event=ids.encode("evt", told[0].id)) == 2
        assert found(organization=ids.encode("org", uuid4())) == 0
        seen, after = [], ""
        while True:
            page = program.get(f"{address}?limit=4{after}").json()
            seen += [each["id"] for each in page["data"]]
            if not page["has_more"]:
                break
            after = f"&starting_after={seen[-1]}"
            plan(firm, "member.left")
        assert len(seen) == len(set(seen)) == 6 and seen == sorted(seen, reverse=True)
        for wrong in ("state=NONE", "endpoint=x", "page=2", "limit=101", "starting_after=whe_x"):
            assert program.get(f"{address}?{wrong}").status_code == 400

    def test_a_page_costs_the_same_with_many(self, ada, firm):
        program = by_key(firm, ada)
        make_endpoint(firm, ada)

        def cost() -> int:
            with CaptureQueriesContext(connection) as found:
                assert program.get("/api/v1/webhook-deliveries?limit=100").status_code == 200
            return len(found)

        plan(firm, "member.joined")
        cost()
        alone = cost()
        plan(firm, *["member.joined"] * 30)
        assert cost() == alone
