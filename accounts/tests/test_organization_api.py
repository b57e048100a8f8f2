"""Organisations over the API: one's own, page by page; the key's own; and writing as by the pages."""

from types import SimpleNamespace
from uuid import uuid4

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIRequestFactory, force_authenticate

from accounts.api.organizations import views
from accounts.api.organizations.scopes import ORGANIZATIONS_READ, ORGANIZATIONS_WRITE, SCOPES
from accounts.models import Organization, User
from accounts.services import api_keys, organizations
from accounts.tests.factories import bearer, make_person
from accounts.tests.organizations import ADMIN, MEMBER, NOW, OWNER, join, key_of, make_organization, role_of
from accounts.tests.test_organizations_rls import acting_with
from core.actors import acting_as_service
from core.api import ids

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = "/api/v1/organizations"


def program_of(user: User, *scopes: str) -> Client:
    """A person's app, which may do everything; or a key of another firm of theirs, with these scopes only."""
    if not scopes:
        return Client(headers=bearer(user))
    firm = make_organization(owner=user, name="Scoped")
    made = api_keys.make(
        organization_id=firm.pk, by=user, name="Test", mode="TEST", scopes=scopes, at=timezone.now()
    )
    return Client(headers={"Authorization": f"Bearer {made.secret}"})


def at(firm: Organization, *rest: str) -> str:
    return "/".join([ROOT, ids.encode("org", firm.pk), *rest])


def code(response: object) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


class TestReading:
    def test_one_sees_ones_own_and_of_it_no_more_than_is_meant(self, firm, bola, ada):
        make_organization(ada, name="Other")
        answer = program_of(bola).get(ROOT)
        assert answer.status_code == 200 and answer.json()["has_more"] is False
        [told] = answer.json()["data"]
        assert told == {
            "id": ids.encode("org", firm.pk),
            "object": "organization",
            "name": "Kasuwa Stores",
            "slug": "kasuwa-stores",
            "created_at": told["created_at"],
        }
        assert program_of(bola).get(at(firm)).json() == told

    def test_members_are_told_by_name_and_never_by_address(self, firm, bola, ada):
        join(firm, bola, ada)
        answer = program_of(ada).get(at(firm, "members"))
        assert "@alajo.test" not in answer.content.decode()
        newest, first = answer.json()["data"]
        assert first["role"] == "OWNER" and first["person"] == {
            "handle": "bola_adeyemi",
            "display_name": "Bola Adeyemi",
        }
        assert newest["id"] == ids.encode("mem", key_of(firm, ada))

    def test_members_come_page_by_page(self, firm, bola):
        for _ in range(4):
            join(firm, bola, make_person())
        program, seen, after = program_of(bola), [], ""
        for _ in range(3):
            told = program.get(at(firm, f"members?limit=2{after}")).json()
            seen += [each["id"] for each in told["data"]]
            after = f"&starting_after={seen[-1]}"
        assert len(seen) == len(set(seen)) == 5 and told["has_more"] is False
        assert code(program.get(at(firm, "members?starting_after=mem_x")))[0] == 400
        assert code(program.get(at(firm, "members?page=2")))[0] == 400

    def test_a_page_of_members_costs_the_same_with_many(self, firm, bola):
        def cost() -> int:
            with CaptureQueriesContext(connection) as found:
                assert program.get(at(firm, "members")).status_code == 200
            return len(found)

        program = program_of(bola)
        cost()  # what is read once for the process
        alone = cost()
        for _ in range(5):
            join(firm, bola, make_person())
        assert cost() == alone

    def test_staff_without_a_profile_is_a_member_without_a_person(self, firm, bola):
        with acting_as_service():
            agent = User.objects.create(email="agent@alajo.test", role="AGENT")
            firm.memberships.create(user=agent, role=MEMBER)
        [newest, _first] = program_of(bola).get(at(firm, "members")).json()["data"]
        assert newest["person"] is None

    @pytest.mark.parametrize("rest", [(), ("members",)])
    def test_anothers_is_as_unknown_as_none(self, firm, ada, rest):
        program = program_of(ada)
        for address in (
            at(firm, *rest),
            at(Organization(id=uuid4()), *rest),
            "/".join([ROOT, "org_x", *rest]),
            "/".join([ROOT, str(firm.pk), *rest]),
            "/".join([ROOT, ids.encode("acc", firm.pk), *rest]),
        ):
            assert code(program.get(address)) == (404, "not_found")

    def test_what_one_left_or_was_closed_is_unknown(self, firm, bola, ada):
        join(firm, bola, ada)
        organizations.leave(organization_id=firm.pk, by=ada, at=NOW)
        organizations.close(organization_id=firm.pk, by=bola, at=NOW)
        for person in (bola, ada):
            assert code(program_of(person).get(at(firm))) == (404, "not_found")
            assert program_of(person).get(ROOT).json()["data"] == []

    def test_it_takes_the_scope_and_somebody(self, firm, bola):
        program = program_of(bola, ORGANIZATIONS_WRITE)
        for address in (ROOT, at(firm), at(firm, "members")):
            assert code(program.get(address)) == (403, "scope_missing")
            assert Client().get(address).status_code == 401


class TestByKey:
    """A key's claims name an organisation and no person; row security alone answers."""

    def ask(self, view, organization: Organization, method: str = "get", data=None, **address: str):
        request = getattr(APIRequestFactory(), method)(
            "/", data=data, format="json", headers={"Idempotency-Key": "one"}
        )
        caller = SimpleNamespace(
            id=organization.pk, pk=organization.pk, is_authenticated=True, is_active=True
        )
        force_authenticate(request, caller, SimpleNamespace(pk=uuid4(), scopes=[*SCOPES]))
        with acting_with(org_id=str(organization.pk)):
            return view.as_view()(request, **address)

    def test_it_sees_its_own_organisation_and_its_members(self, firm, bola, ada):
        other = make_organization(ada, name="Other")
        [told] = self.ask(views.OrganizationList, firm).data["data"]
        assert told["name"] == "Kasuwa Stores"
        own, foreign = ids.encode("org", firm.pk), ids.encode("org", other.pk)
        assert self.ask(views.OrganizationDetail, firm, id=own).status_code == 200
        [member] = self.ask(views.MemberList, firm, id=own).data["data"]
        assert member["person"]["display_name"] == "Bola Adeyemi"
        for view in (views.OrganizationDetail, views.MemberList):
            assert self.ask(view, firm, id=foreign).status_code == 404

    def test_it_invites_and_removes_nobody(self, firm, bola, ada):
        join(firm, bola, ada)
        mail.outbox.clear()
        own, member = ids.encode("org", firm.pk), ids.encode("mem", key_of(firm, ada))
        for answer in (
            self.ask(views.InvitationCreate, firm, "post", {"email": "x@alajo.test"}, id=own),
            self.ask(views.MemberDetail, firm, "delete", id=own, member=member),
        ):
            assert answer.status_code == 403
        assert mail.outbox == [] and role_of(firm, ada) == MEMBER


class TestWriting:
    def invite(self, program: Client, firm: Organization, data: object, key: str = "one"):
        return program.post(
            at(firm, "invitations"), data, content_type="application/json", headers={"Idempotency-Key": key}
        )

    def test_an_invitation_is_mailed_once_for_a_key_and_tells_no_link(self, firm, bola):
        program = program_of(bola)
        answers = [self.invite(program, firm, {"email": "New@alajo.test"}) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [201, 201]
        told = answers[0].json()
        assert answers[1].json() == told and answers[1]["Idempotent-Replayed"] == "true"
        assert len(mail.outbox) == 1
        assert set(told) == {"id", "object", "email", "role", "created_at", "expires_at"}
        assert (told["email"], told["role"]) == ("new@alajo.test", "MEMBER")
        assert code(self.invite(program, firm, {"email": "b@alajo.test"})) == (422, "idempotency_key_reused")

    def test_roles_hold_here_as_on_the_pages(self, firm, bola, ada):
        join(firm, bola, ada, ADMIN)
        program = program_of(ada)
        owner = {"email": "x@alajo.test", "role": "OWNER"}
        assert code(self.invite(program, firm, owner)) == (403, "organization_role_not_enough")
        address = at(firm, "members", ids.encode("mem", key_of(firm, bola)))
        assert code(program.delete(address)) == (403, "organization_role_not_enough")
        stranger = program_of(make_person())
        assert code(self.invite(stranger, firm, {"email": "x@alajo.test"})) == (404, "organization_not_found")
        assert code(stranger.delete(address)) == (404, "organization_not_found")
        assert role_of(firm, bola) == OWNER

    def test_a_member_is_removed(self, firm, bola, ada):
        join(firm, bola, ada)
        address = at(firm, "members", ids.encode("mem", key_of(firm, ada)))
        program = program_of(bola)
        assert program.delete(address).status_code == 204
        assert role_of(firm, ada) == ""
        assert code(program.delete(address)) == (404, "member_not_found")
        assert code(program.delete(at(firm, "members", "mem_x"))) == (404, "not_found")
        last = at(firm, "members", ids.encode("mem", key_of(firm, bola)))
        assert code(program.delete(last)) == (409, "organization_last_owner")

    @pytest.mark.parametrize(
        "data",
        [
            {},
            {"email": "nobody"},
            {"email": "x@alajo.test", "role": "GOD"},
            {"email": "x@y.zz", "token": "x"},
        ],
    )
    def test_what_is_not_an_invitation_is_refused_by_field(self, firm, bola, data):
        answer = self.invite(program_of(bola), firm, data)
        assert answer.status_code == 400 and answer.json()["errors"]

    def test_too_many_mails_say_when_to_try_again(self, firm, bola, monkeypatch):
        monkeypatch.setattr("accounts.services.invitations.MAILS_OF_ORGANIZATION", 1)
        program = program_of(bola)
        self.invite(program, firm, {"email": "a@alajo.test"})
        answer = self.invite(program, firm, {"email": "b@alajo.test"}, "two")
        assert code(answer) == (429, "invitation_too_many_mails")
        assert 3500 < int(answer["Retry-After"]) <= 3600

    def test_it_takes_the_scope(self, firm, bola):
        program = program_of(bola, ORGANIZATIONS_READ)
        assert code(self.invite(program, firm, {"email": "x@alajo.test"})) == (403, "scope_missing")
        address = at(firm, "members", ids.encode("mem", key_of(firm, bola)))
        assert code(program.delete(address)) == (403, "scope_missing")
