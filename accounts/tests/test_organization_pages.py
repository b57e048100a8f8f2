"""The pages of organisations: empty, full and in error; who sees what; a link that only a press follows."""

import re
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.test import Client, RequestFactory
from django.urls import reverse

from accounts.models import AuditEvent, Invitation, Organization, User
from accounts.organizations import current_organization
from accounts.services import invitations, organizations
from accounts.tests.factories import prove_factor, sign_in
from accounts.tests.organizations import ADMIN, MEMBER, NOW, OWNER, join, key_of, make_organization, role_of
from core.actors import acting_as, acting_as_service

pytestmark = pytest.mark.django_db(transaction=True)


def browser_of(user: User) -> Client:
    client = Client()
    sign_in(client, user)
    return client


def text(response: Any) -> str:
    """The words of the page's main part, without tags."""
    main = re.search(r"<main.*</main>", response.content.decode(), re.DOTALL)
    bare = re.sub(r"<[^>]+>", " ", main[0] if main else "")
    return re.sub(r"\s+", " ", bare).replace("&#x27;", "'")


def page(name: str, *args: object) -> str:
    return reverse(name, args=args)


def link() -> str:
    """The path in the newest mail."""
    found = re.search(r"http://testserver(\S+)", mail.outbox[-1].body)
    assert found
    return found[1]


class TestFounding:
    def test_at_first_there_is_none_and_one_can_be_founded(self, ada):
        client = browser_of(ada)
        assert "You belong to no organisation yet" in text(client.get("/organizations/"))
        answer = client.post("/organizations/", {"name": "Ada's Kitchen"})
        assert answer["Location"] == "/organizations/ada-s-kitchen/"
        shown = text(client.get(answer["Location"]))
        assert "Ada's Kitchen is ready" in shown and "Owner" in shown and "Nobody is invited" in shown
        assert "Ada's Kitchen" in text(client.get("/organizations/"))

    @pytest.mark.parametrize("name", ["", " ", "see evil.example", "x" * 81])
    def test_a_name_that_cannot_be_is_asked_for_again(self, ada, name):
        answer = browser_of(ada).post("/organizations/", {"name": name})
        assert answer.status_code == 422 and "Please check what you entered" in text(answer)
        with acting_as_service():
            assert not Organization.objects.exists()

    def test_a_name_is_words_and_not_markup(self, ada):
        client = browser_of(ada)
        client.post("/organizations/", {"name": "<script>x"})
        for address in ("/organizations/", "/organizations/script-x/"):
            assert b"<script>x" not in client.get(address).content

    def test_strangers_are_asked_to_log_in_and_foreign_forms_are_refused(self, firm):
        for address in ("/organizations/", "/organizations/kasuwa-stores/", "/organizations/join/x/"):
            assert Client().get(address)["Location"].startswith("/accounts/login/?next=/organizations/")
        strict = Client(enforce_csrf_checks=True)
        assert strict.post("/organizations/", {"name": "x"}).status_code in (302, 403)


PAGES = ["organization", "organization_rename", "organization_leave", "organization_close"]


class TestWhoSeesWhat:
    @pytest.mark.parametrize("name", PAGES)
    def test_anothers_is_the_same_404_as_one_that_is_not_there(self, firm, chidi, name):
        client = browser_of(chidi)
        there = client.get(page(name, firm.slug))
        nowhere = client.get(page(name, "nothing-here"))
        assert there.status_code == nowhere.status_code == 404
        without_address = [
            re.sub(r"kasuwa-stores|nothing-here|req_\w+|nonce\S+|csrf\S+|value=\"\w{64}\"", "", body)
            for body in (there.content.decode(), nowhere.content.decode())
        ]
        assert without_address[0] == without_address[1]

    @pytest.mark.parametrize("way", ["left", "closed"])
    def test_so_is_one_that_was_ones_own(self, firm, bola, ada, way):
        join(firm, bola, ada)
        client = browser_of(ada)
        assert client.get("/organizations/kasuwa-stores/").status_code == 200
        organizations.leave(organization_id=firm.pk, by=ada, at=NOW)
        if way == "closed":
            organizations.close(organization_id=firm.pk, by=bola, at=NOW)
            client = browser_of(bola)
        assert client.get("/organizations/kasuwa-stores/").status_code == 404
        assert "You belong to no organisation yet" in text(client.get("/organizations/"))

    def test_a_member_sees_names_and_neither_addresses_nor_invitations_nor_what_they_may_not_press(
        self, firm, bola, ada
    ):
        join(firm, bola, ada)
        invitations.invite(organization_id=firm.pk, by=bola, email="x@alajo.test", role=MEMBER, at=NOW)
        client = browser_of(ada)
        shown = client.get("/organizations/kasuwa-stores/").content.decode()
        assert "Bola Adeyemi" in shown and "@bola_adeyemi" in shown
        for hidden in (
            "bola@alajo.test",
            "x@alajo.test",
            "Invite someone",
            "Rename",
            "Close the organisation",
        ):
            assert hidden not in shown
        member = client.get(page("organization_member", firm.slug, key_of(firm, bola))).content.decode()
        for hidden in ("bola@alajo.test", "Change the role", "Remove"):
            assert hidden not in member
        for name in ("organization_rename", "organization_close"):
            assert client.get(page(name, firm.slug)).status_code == 404
            assert client.post(page(name, firm.slug), {"name": "Mine"}).status_code == 404

    def test_an_administrator_sees_people_and_invitations_and_may_press_on_some(self, firm, bola, ada, chidi):
        join(firm, bola, ada, ADMIN)
        join(firm, bola, chidi)
        invitations.invite(organization_id=firm.pk, by=bola, email="high@alajo.test", role=OWNER, at=NOW)
        client = browser_of(ada)
        shown = client.get("/organizations/kasuwa-stores/").content.decode()
        assert "bola@alajo.test" in shown and "high@alajo.test" in shown and "Withdraw<span" not in shown
        assert 'value="MEMBER"' in shown and 'value="OWNER"' not in shown and 'value="ADMIN"' not in shown
        pages = {
            person: client.get(page("organization_member", firm.slug, key_of(firm, person))).content.decode()
            for person in (bola, chidi)
        }
        assert "Remove" in pages[chidi] and "Remove" not in pages[bola]
        assert "Change the role" not in pages[chidi]


class TestPeople:
    def test_inviting_mails_and_shows_and_can_be_sent_again_and_withdrawn(self, firm, bola):
        client = browser_of(bola)
        data = {"email": "new@alajo.test", "role": "ADMIN"}
        assert client.post(page("organization_invite", firm.slug), data).status_code == 302
        shown = text(client.get("/organizations/kasuwa-stores/"))
        assert "new@alajo.test" in shown and "open until" in shown
        old = link()
        with acting_as_service():
            first = Invitation.objects.get()
        client.post(page("invitation_resend", firm.slug, first.pk))
        assert len(mail.outbox) == 2 and link() != old
        with acting_as_service():
            second = Invitation.objects.standing().get()
        client.post(page("invitation_withdraw", firm.slug, second.pk))
        assert "Nobody is invited" in text(client.get("/organizations/kasuwa-stores/"))
        answer = client.post(page("invitation_withdraw", firm.slug, second.pk))
        assert answer.status_code == 422 and "There is no such invitation" in text(answer)

    @pytest.mark.parametrize(
        ("data", "said"),
        [
            ({"email": "nobody", "role": "MEMBER"}, "whole e-mail address"),
            ({"email": "a@b.co\nBcc: c@d.co", "role": "MEMBER"}, "whole e-mail address"),
            ({"email": "x@alajo.test", "role": "GOD"}, "valid choice"),
            ({"email": "bola@alajo.test", "role": "MEMBER"}, "already belongs"),
        ],
    )
    def test_what_cannot_be_invited_is_said_beside_the_form(self, firm, bola, data, said):
        answer = browser_of(bola).post(page("organization_invite", firm.slug), data)
        assert answer.status_code == 422 and said in text(answer)
        assert mail.outbox == []

    def test_a_member_who_posts_what_they_are_not_shown_is_refused(self, firm, bola, ada, chidi):
        join(firm, bola, ada)
        mine, his = key_of(firm, ada), key_of(firm, bola)
        offer, _token = invitations.invite(
            organization_id=firm.pk, by=bola, email="x@alajo.test", role=MEMBER, at=NOW
        )
        client = browser_of(ada)
        for address, data in (
            (page("organization_invite", firm.slug), {"email": chidi.email, "role": "OWNER"}),
            (page("invitation_resend", firm.slug, offer.pk), {}),
            (page("invitation_withdraw", firm.slug, offer.pk), {}),
            (page("organization_member", firm.slug, mine), {"role": "OWNER"}),
            (page("organization_member", firm.slug, his), {"role": "MEMBER"}),
            (page("organization_remove", firm.slug, his), {}),
        ):
            answer = client.post(address, data)
            assert answer.status_code == 422, address
            assert "Your role in this organisation does not allow that" in text(answer)
        assert (role_of(firm, ada), role_of(firm, bola)) == (MEMBER, OWNER)

    def test_an_owner_changes_a_role_and_removes(self, firm, bola, ada):
        join(firm, bola, ada)
        client, key = browser_of(bola), key_of(firm, ada)
        client.post(page("organization_member", firm.slug, key), {"role": "ADMIN"})
        assert role_of(firm, ada) == ADMIN
        assert client.post(page("organization_member", firm.slug, key), {"role": ""}).status_code == 422
        client.post(page("organization_remove", firm.slug, key))
        assert role_of(firm, ada) == ""
        assert client.get(page("organization_member", firm.slug, key)).status_code == 404

    def test_a_member_of_another_organisation_has_no_page_in_this_one(self, firm, bola, ada, chidi):
        other = make_organization(ada, name="Other", member=chidi)
        client, key = browser_of(bola), key_of(other, chidi)
        assert client.get(page("organization_member", firm.slug, key)).status_code == 404
        assert client.post(page("organization_remove", firm.slug, key)).status_code == 404
        assert role_of(other, chidi) == MEMBER

    def test_the_last_owner_is_told_why_they_cannot_go(self, firm, bola, ada):
        join(firm, bola, ada)
        client = browser_of(bola)
        for address, data in (
            (page("organization_leave", firm.slug), {}),
            (page("organization_member", firm.slug, key_of(firm, bola)), {"role": "MEMBER"}),
        ):
            answer = client.post(address, data)
            assert answer.status_code == 422 and "needs an owner" in text(answer)
        prove_factor(bola)
        answer = client.post(page("organization_close", firm.slug))
        assert answer.status_code == 422 and "Others still belong" in text(answer)

    def test_leaving_and_closing_take_a_press(self, firm, bola, ada):
        join(firm, bola, ada)
        client = browser_of(ada)
        assert "Leave Kasuwa Stores?" in text(client.get(page("organization_leave", firm.slug)))
        assert role_of(firm, ada) == MEMBER
        client.post(page("organization_leave", firm.slug))
        assert role_of(firm, ada) == ""
        client = browser_of(bola)
        assert client.get(page("organization_close", firm.slug)).url == "/accounts/2fa/"
        prove_factor(bola)
        client.get(page("organization_close", firm.slug))
        client.post(page("organization_rename", firm.slug), {"name": "Kasuwa & Sons"})
        client.post(page("organization_close", firm.slug))
        with acting_as_service():
            found = Organization.objects.get()
            assert found.closed_at and found.name == "Kasuwa & Sons"


class TestJoining:
    def invited(self, firm: Organization, bola: User, email: str) -> str:
        invitations.invite(organization_id=firm.pk, by=bola, email=email, role=MEMBER, at=NOW)
        return link()

    @pytest.fixture(autouse=True)
    def _that_day(self):
        with time_machine.travel(NOW, tick=False):
            yield

    def test_opening_the_link_shows_who_would_join_and_joins_nobody(self, firm, bola, ada):
        address = self.invited(firm, bola, ada.email)
        client = browser_of(ada)
        for _ in range(2):
            shown = text(client.get(address))
            assert "Join Kasuwa Stores?" in shown and "Bola Adeyemi" in shown and "Ada Obi" in shown
        client.head(address)
        assert role_of(firm, ada) == ""
        assert client.post(address)["Location"] == "/organizations/kasuwa-stores/"
        assert role_of(firm, ada) == MEMBER
        with acting_as_service():
            event = AuditEvent.objects.get(action="accounts.invitation.accepted")
            assert event.actor_id == ada.pk and event.data["organization"] == str(firm.pk)

    def test_another_account_is_told_whose_it_is_and_how_to_go_on(self, firm, bola, chidi):
        address = self.invited(firm, bola, "someone@alajo.test")
        client = browser_of(chidi)
        for answer in (client.get(address), client.post(address)):
            shown = text(answer)
            assert answer.status_code == 403
            assert "s•••@alajo.test" in shown and "chidi@alajo.test" in shown
            assert "someone@" not in answer.content.decode() and "Kasuwa" not in shown
        assert role_of(firm, chidi) == ""
        left = client.post("/accounts/logout/", {"next": address})
        assert left.url == address
        assert client.get(address).url == f"/accounts/login/?next={address}"

    def test_a_stranger_comes_back_to_the_link_after_logging_in(self, firm, bola):
        address = self.invited(firm, bola, "someone@alajo.test")
        answer = Client().post(address)
        assert answer["Location"] == f"/accounts/login/?next={address}"

    @pytest.mark.parametrize("why", ["used", "withdrawn", "expired", "unknown"])
    def test_a_link_that_does_not_work_says_why(self, firm, bola, chidi, ada, why):
        address = self.invited(firm, bola, chidi.email)
        said = {
            "used": "was accepted already",
            "withdrawn": "was withdrawn",
            "expired": "has expired",
            "unknown": "There is no such invitation",
        }
        with acting_as_service():
            match why:
                case "used":
                    Invitation.objects.update(accepted_at=NOW)
                case "withdrawn":
                    Invitation.objects.update(withdrawn_at=NOW)
                case "expired":
                    Invitation.objects.update(expires_at=NOW)
                case "unknown":
                    address = page("organization_join", "x" * 43)
        client = browser_of(chidi)
        for answer in (client.get(address), client.post(address)):
            assert answer.status_code == (404 if why == "unknown" else 410)
            assert said[why] in text(answer) and "Kasuwa" not in text(answer)
        assert role_of(firm, chidi) == ""


class TestSwitching:
    def current(self, client: Client, user: User) -> Organization | None:
        request = RequestFactory().get("/")
        request.session, request.user = dict(client.session.items()), user
        with acting_as(user):
            return current_organization(request)

    def test_the_browser_remembers_and_forgets(self, firm, bola):
        client = browser_of(bola)
        assert self.current(client, bola) is None
        client.post("/organizations/current/", {"organization": firm.slug})
        assert self.current(client, bola) == firm
        assert "You now act for Kasuwa Stores" in text(client.get("/organizations/"))
        client.post("/organizations/current/", {"organization": ""})
        assert self.current(client, bola) is None

    def test_one_cannot_choose_anothers_and_loses_what_one_left(self, firm, bola, ada, chidi):
        stranger = browser_of(chidi)
        assert stranger.post("/organizations/current/", {"organization": firm.slug}).status_code == 404
        join(firm, bola, ada)
        client = browser_of(ada)
        client.post("/organizations/current/", {"organization": firm.slug})
        organizations.leave(organization_id=firm.pk, by=ada, at=NOW)
        assert self.current(client, ada) is None
        session = stranger.session
        session["organization"] = str(firm.pk)
        session.save()
        assert self.current(stranger, chidi) is None

    def test_it_takes_a_post(self, firm, bola):
        assert browser_of(bola).get("/organizations/current/").status_code == 405


def test_notices_say_what_happened_in_words(firm, bola, ada):
    member = join(firm, bola, ada)
    who = {"organization_id": firm.pk, "membership_id": member.pk, "by": bola, "at": NOW}
    organizations.change_role(**who, role=ADMIN)
    organizations.remove(**who)
    browser = browser_of(ada)
    shown = browser.get("/notices/").content.decode()
    assert "Your role in Kasuwa Stores has changed" in shown
    opened = re.search(r'href="([^"]+)">Your role in', shown)[1]
    assert browser.get(opened).url == "/organizations/kasuwa-stores/"
    assert "You no longer belong to Kasuwa Stores" in shown
    join(firm, bola, ada)
    organizations.leave(organization_id=firm.pk, by=ada, at=NOW)
    shown = browser_of(bola).get("/notices/").content.decode()
    assert "Ada Obi joined Kasuwa Stores" in shown and "Ada Obi left Kasuwa Stores" in shown
