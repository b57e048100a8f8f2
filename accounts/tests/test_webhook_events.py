"""Events over the API, and that what is told is what the catalogue shows."""

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from accounts.event_types import all_event_types
from accounts.events import events_of
from accounts.models import Organization, User
from accounts.services import api_keys, organizations
from accounts.services.webhooks import endpoints
from accounts.tests.factories import make_person
from accounts.tests.organizations import join, make_organization
from accounts.tests.receivers import make_endpoint, told_of
from accounts.tests.test_webhook_api import by_key, by_person, code
from core.actors import acting_as, acting_as_service
from core.api import ids
from core.ids import uuid7_at
from realtime.models import Message

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


class TestEvents:
    def test_what_happened_in_an_organisation_is_told_to_its_members_and_keys(self, ada, firm):
        bola = make_person(name="Bola Ade")
        join(firm, ada, bola)
        program = by_key(firm, ada)
        [asked] = told_of(firm, "member.left", member="mem_x")
        told_of(firm, "not.declared")
        for client, query in (
            (program, ""),
            (by_person(bola), f"organization={ids.encode('org', firm.pk)}&"),
        ):
            page = client.get(f"/api/v1/events?{query}limit=2").json()
            assert page["data"][0]["type"] == "member.left" and page["has_more"]
            assert page["data"][0] == client.get(f"/api/v1/events/{page['data'][0]['id']}").json()
            assert page["data"][0]["id"] == ids.encode("evt", asked.id)
            assert page["data"][0]["data"] == {"member": "mem_x"}
            types = [each["type"] for each in client.get(f"/api/v1/events?{query}").json()["data"]]
            assert "not.declared" not in types and "member.joined" in types
            only = client.get(f"/api/v1/events?{query}type=member.invited").json()["data"]
            assert [each["type"] for each in only] == ["member.invited"]
            assert "@" not in json.dumps(page)

    def test_anothers_and_what_is_old_are_unknown(self, ada, firm):
        cleo = make_person(name="Cleo Eze")
        other = make_organization(cleo, name="Other")
        [theirs] = told_of(other, "member.left")
        with acting_as_service():
            old = Message.objects.create(
                id=uuid7_at(timezone.now() - timedelta(days=31)),
                topic=f"org:{firm.pk}",
                extension="event",
                event="member.left",
                payload={},
            )
            personal = Message.objects.create(
                topic=f"user:{ada.pk}", extension="event", event="member.left", payload={}
            )
            sent = Message.objects.create(
                topic=f"org:{firm.pk}", extension="broadcast", event="member.left", payload={}
            )
        program, person = by_key(firm, ada), by_person(ada)
        for key in (theirs.id, old.pk, personal.pk, sent.pk, uuid4()):
            assert code(program.get(f"/api/v1/events/{ids.encode('evt', key)}")) == (404, "not_found")
            assert code(person.get(f"/api/v1/events/{ids.encode('evt', key)}")) == (404, "not_found")
        listed = {each["id"] for each in program.get("/api/v1/events?limit=100").json()["data"]}
        assert not listed & {ids.encode("evt", key) for key in (theirs.id, old.pk, personal.pk, sent.pk)}
        theirs_by_name = f"/api/v1/events?organization={ids.encode('org', other.pk)}"
        assert code(program.get(theirs_by_name)) == code(person.get(theirs_by_name)) == (404, "not_found")
        unnamed = person.get("/api/v1/events")
        assert unnamed.status_code == 400 and unnamed.json()["errors"][0]["parameter"] == "organization"
        assert code(by_key(firm, ada, "webhooks:read").get("/api/v1/events")) == (403, "scope_missing")

    def test_a_page_is_read_from_an_index(self, ada, firm):
        told_of(firm, *["member.left"] * 50)
        with acting_as(ada), connection.cursor() as cursor:
            query = events_of([firm.pk], at=timezone.now()).order_by("-id")[:21]
            cursor.execute("set local enable_seqscan = off")
            found = query.explain(format="json")
        assert '"Node Type": "Index Scan"' in found and '"Node Type": "Sort"' not in found

    def test_the_catalogue_is_there_for_programs(self, ada, firm):
        told = by_key(firm, ada).get("/api/v1/event-types").json()
        assert {each["name"] for each in told["data"]} == {*all_event_types()}
        assert all(each["description"] and each["example"] for each in told["data"])


class TestCatalogue:
    def test_every_event_of_an_organisations_life_has_the_keys_of_its_example(self, ada, firm):
        """One story through all of them: what is told is what the documentation shows, and no more of a person."""
        bola = make_person(name="Bola Ade")
        member = join(firm, ada, bola)
        now = timezone.now()
        organizations.change_role(
            organization_id=firm.pk, membership_id=member.pk, by=ada, role="ADMIN", at=now
        )
        key = api_keys.make(
            organization_id=firm.pk, by=ada, name="Secret name", mode="LIVE", scopes=[], at=now
        ).key
        new = api_keys.roll(key_id=key.pk, by=ada, overlap=timedelta(hours=1), at=now).key
        api_keys.revoke(key_id=new.pk, by=ada, at=now)
        api_keys.revoke(key_id=new.pk, by=ada, at=now)
        organizations.rename(organization_id=firm.pk, by=ada, name="Kasuwa and Daughters")
        organizations.rename(organization_id=firm.pk, by=ada, name="Kasuwa and Daughters")
        endpoint = make_endpoint(firm, ada).endpoint
        endpoints.disable(endpoint_id=endpoint.pk, by=ada)
        organizations.leave(organization_id=firm.pk, by=bola, at=now)
        again = join(firm, ada, bola)
        organizations.remove(organization_id=firm.pk, membership_id=again.pk, by=ada, at=now)
        organizations.close(organization_id=firm.pk, by=ada, at=now)
        with acting_as_service():
            told = list(Message.objects.filter(topic=f"org:{firm.pk}").order_by("pk"))
        assert [each.event for each in told] == [
            *("member.invited", "member.joined", "member.role_changed", "api_key.created", "api_key.rolled"),
            *("api_key.revoked", "organization.changed", "webhook_endpoint.disabled", "member.left"),
            *("member.invited", "member.joined", "member.left", "organization.closed"),
        ]
        catalogue = all_event_types()
        for each in told:
            example = catalogue[each.event].example
            assert each.payload.keys() == example.keys(), each.event
            if "person" in example:
                assert each.payload["person"].keys() == example["person"].keys()
            assert bola.email not in str(each.payload) and "Secret name" not in str(each.payload)
            assert len(json.dumps(each.payload)) < 1000
        reasons = [each.payload["reason"] for each in told if each.event == "member.left"]
        assert reasons == ["LEFT", "REMOVED"]
        assert {each.event for each in told} | {"webhook.test"} == {
            name for name in catalogue if name.split(".")[0] in LIVES
        }

    def test_what_is_rolled_back_is_told_nobody(self, ada, firm):
        with acting_as_service():
            before = Message.objects.count()
        with pytest.raises(organizations.NameRefused):
            organizations.rename(organization_id=firm.pk, by=ada, name="see http://evil.example")
        with acting_as_service():
            assert Message.objects.count() == before


LIVES = {"member", "api_key", "organization", "webhook_endpoint", "webhook"}
