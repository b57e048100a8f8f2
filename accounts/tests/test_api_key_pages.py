"""The pages about API keys: who gets to them, that a key is shown once, and that no press makes two."""

import re
from datetime import timedelta

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from django.utils.html import escape

from accounts.models import ApiKey, Membership, Organization, User
from accounts.services import api_keys
from accounts.tests.factories import make_organization, make_person, prove_factor, sign_in
from core.actors import acting_as_service
from core.ids import uuid7

pytestmark = pytest.mark.usefixtures("transactional_db")
KEY = re.compile(r"alj_(?:test|live)_[0-9A-Za-z]{38}")


@pytest.fixture
def ada() -> User:
    return make_person(name="Ada Obi")


@pytest.fixture
def firm(ada: User) -> Organization:
    return make_organization(owner=ada)


@pytest.fixture
def client(client: Client, ada: User) -> Client:
    sign_in(client, ada)
    prove_factor(ada)
    return client


def address(firm: Organization, page: str = "") -> str:
    return f"/organizations/{firm.slug}/keys/{page}"


def make(firm: Organization, by: User, **changes: object) -> api_keys.Made:
    order = {"name": "Shop", "mode": "TEST", "scopes": ["accounts:read"], "at": timezone.now()}
    return api_keys.make(organization_id=firm.pk, by=by, **{**order, **changes})


def form_key(client: Client, firm: Organization) -> str:
    page = client.get(address(firm, "new/")).content.decode()
    found = re.search(r'name="form_key" value="([^"]+)"', page)
    assert found
    return found[1]


def send(client: Client, firm: Organization, **changes: object) -> HttpResponse:
    order = {"name": "Till", "mode": "TEST", "scopes": ["accounts:read", "transfers:write"], "lifetime": "90"}
    if "form_key" not in changes:
        changes["form_key"] = form_key(client, firm)
    return client.post(address(firm, "new/"), {**order, "networks": "", **changes})


def all_keys() -> list[ApiKey]:
    with acting_as_service():
        return list(ApiKey.objects.order_by("id"))


class TestMake:
    def test_a_key_is_shown_once_and_never_again(self, client: Client, firm: Organization) -> None:
        answer = send(client, firm, networks="203.0.113.0/24\n\n 198.51.100.7 ")
        [secret] = set(KEY.findall(answer.content.decode()))
        [key] = all_keys()
        assert answer.status_code == 200 and key.last_four == secret[-4:]
        assert "no-store" in answer["Cache-Control"]
        assert (key.name, key.mode, key.scopes) == ("Till", "TEST", ["accounts:read", "transfers:write"])
        assert key.allowed_networks == ["203.0.113.0/24", "198.51.100.7/32"]
        assert timedelta(days=89) < key.expires_at - timezone.now() <= timedelta(days=90)
        assert client.get(address(firm, "new/")).context["form"]["lifetime"].value() == "90"
        for page in ("", "new/", f"{key.pk}/change/", f"{key.pk}/roll/", f"{key.pk}/revoke/"):
            text = client.get(address(firm, page)).content.decode()
            assert not KEY.search(text) and secret[9:30] not in text and key.digest not in text
        assert key.last_four in client.get(address(firm)).content.decode()
        headers = {"Authorization": f"Bearer {secret}"}
        called = Client().get("/api/v1/accounts", headers=headers, REMOTE_ADDR="203.0.113.5")
        assert called.status_code == 200

    def test_a_form_sent_twice_makes_one_key(self, client: Client, firm: Organization) -> None:
        once = form_key(client, firm)
        assert send(client, firm, form_key=once).status_code == 200
        second = send(client, firm, form_key=once, name="Other")
        assert second.status_code == 302 and second["Location"] == address(firm)
        page = client.get(address(firm)).content.decode()
        assert "was sent before" in page and not KEY.search(page)
        assert [key.name for key in all_keys()] == ["Till"]

    def test_a_forms_key_is_good_for_one_person_and_place(
        self, client: Client, firm: Organization, ada: User, time_machine
    ) -> None:
        elsewhere = form_key(client, make_organization(owner=ada))
        old = form_key(client, firm)
        for wrong in (elsewhere, "forged", str(uuid7()), ""):
            answer = send(client, firm, form_key=wrong)
            assert answer.status_code == 422
        time_machine.move_to(timezone.now() + timedelta(hours=25))
        sign_in(client, ada)
        prove_factor(ada)
        answer = send(client, firm, form_key=old)
        assert answer.status_code == 422 and "open for too long" in answer.content.decode()
        renewed = re.search(r'name="form_key" value="([^"]+)"', answer.content.decode())[1]
        assert all_keys() == [] and send(client, firm, form_key=renewed).status_code == 200

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"name": ""}, "This field is required"),
            ({"name": "<script>x</script>", "networks": "<b>here</b>"}, "is no address or network"),
            ({"networks": "203.0.113.0/40"}, "is no address or network"),
            ({"scopes": ["admin:write"]}, "not one of the available choices"),
            ({"mode": "ROOT"}, "not one of the available choices"),
            ({"lifetime": "36500"}, "not one of the available choices"),
        ],
    )
    def test_what_cannot_be_is_said_at_its_field(
        self, client: Client, firm: Organization, changes: dict, words: str
    ) -> None:
        answer = send(client, firm, **changes)
        page = answer.content.decode()
        assert (
            answer.status_code == 422 and words in page and "<script>x" not in page and "<b>here" not in page
        )
        assert all_keys() == []

    def test_the_fifty_first_is_refused(self, client: Client, firm: Organization, ada: User) -> None:
        for number in range(50):
            make(firm, ada, name=f"Key {number}")
        page = client.get(address(firm)).content.decode()
        assert "All 50 keys are in use" in page and "keys/new/" not in page
        answer = send(client, firm)
        assert answer.status_code == 422 and "50 keys in use" in answer.content.decode()


class TestList:
    def test_an_empty_list_invites(self, client: Client, firm: Organization) -> None:
        page = client.get(address(firm)).content.decode()
        assert "No keys yet" in page and address(firm, "new/") in page

    def test_it_tells_what_a_key_may_in_plain_words(
        self, client: Client, firm: Organization, ada: User
    ) -> None:
        make(firm, ada, name="<i>Shop</i>", scopes=["transfers:write"], networks=["203.0.113.0/24"])
        page = client.get(address(firm)).content.decode()
        assert escape("<i>Shop</i>") in page and "Send money" in page and "203.0.113.0/24" in page

    def test_keys_that_others_made_are_there_too(self, client: Client, firm: Organization) -> None:
        bola = make_person(name="Bola Ade")
        with acting_as_service():
            Membership.objects.create(organization=firm, user=bola, role="ADMIN")
        make(firm, bola, name="Bola's")
        assert escape("Bola's") in client.get(address(firm)).content.decode()

    def test_those_that_ended_stand_apart(self, client: Client, firm: Organization, ada: User) -> None:
        key = make(firm, ada).key
        api_keys.revoke(key_id=key.pk, by=ada, at=timezone.now())
        page = client.get(address(firm)).content.decode()
        assert "1 key that ended" in page and "No keys yet" in page and f"{key.pk}/roll/" not in page


class TestChange:
    def test_rolling_shows_the_new_key_once(self, client: Client, firm: Organization, ada: User) -> None:
        old = make(firm, ada)
        url = address(firm, f"{old.key.pk}/roll/")
        answer = client.post(url, {"overlap": "1"})
        [secret] = set(KEY.findall(answer.content.decode()))
        assert secret != old.secret and len(all_keys()) == 2
        again = client.post(url, {"overlap": "1"}, follow=True)
        assert "was rolled before" in again.content.decode() and not KEY.search(again.content.decode())
        assert len(all_keys()) == 2
        assert client.post(address(firm, f"{all_keys()[1].pk}/roll/"), {"overlap": "9999"}).status_code == 422

    def test_revoking_asks_first(self, client: Client, firm: Organization, ada: User) -> None:
        key = make(firm, ada).key
        url = address(firm, f"{key.pk}/revoke/")
        assert "at once" in client.get(url).content.decode() and all_keys()[0].revoked_at is None
        assert client.post(url)["Location"] == address(firm) and all_keys()[0].revoked_at

    def test_name_scopes_and_networks_can_be_changed(
        self, client: Client, firm: Organization, ada: User
    ) -> None:
        key = make(firm, ada, networks=["203.0.113.0/24"]).key
        url = address(firm, f"{key.pk}/change/")
        assert "203.0.113.0/24" in client.get(url).content.decode()
        order = {"name": "Till", "scopes": ["deposits:write"], "networks": ""}
        assert client.post(url, {**order, "mode": "LIVE", "expires_at": ""}).status_code == 302
        [after] = all_keys()
        assert (after.name, after.scopes, after.allowed_networks) == ("Till", ["deposits:write"], [])
        assert after.mode == "TEST" and after.digest == key.digest
        assert client.post(url, {**order, "networks": "nowhere"}).status_code == 422


class TestWhoMay:
    PAGES = ("", "new/", "{key}/change/", "{key}/roll/", "{key}/revoke/")

    @pytest.mark.parametrize(("role", "status"), [("ADMIN", 200), ("MEMBER", 403), (None, 404)])
    def test_members_are_refused_in_words_and_strangers_find_nothing(
        self, firm: Organization, ada: User, role: str | None, status: int
    ) -> None:
        key, bola, client = make(firm, ada).key, make_person(name="Bola Ade"), Client()
        if role:
            with acting_as_service():
                Membership.objects.create(organization=firm, user=bola, role=role)
        sign_in(client, bola)
        if role == "ADMIN":
            prove_factor(bola)
        for page in self.PAGES:
            answer = client.get(address(firm, page.format(key=key.pk)))
            assert answer.status_code == status, page
            assert status == 200 or "Shop" not in answer.content.decode()
        if status != 200:
            for page in self.PAGES[1:]:
                body = {"name": "x", "mode": "LIVE", "overlap": "0", "form_key": "x"}
                assert client.post(address(firm, page.format(key=key.pk)), body).status_code == status
            [unchanged] = all_keys()
            assert unchanged.revoked_at is unchanged.replaced_by_id is None and unchanged.name == "Shop"

    def test_a_key_is_found_only_under_its_own_organisation(
        self, client: Client, firm: Organization, ada: User
    ) -> None:
        other = make_organization(owner=ada)
        theirs = make_organization(owner=(bola := make_person(name="Bola Ade")))
        for key in (make(other, ada).key, make(theirs, bola).key):
            for page in self.PAGES[2:]:
                assert client.get(address(firm, page.format(key=key.pk))).status_code == 404
                assert client.post(address(firm, page.format(key=key.pk))).status_code == 404

    def test_who_is_not_logged_in_is_asked_to(self, firm: Organization) -> None:
        answer = Client().get(address(firm))
        assert answer.status_code == 302 and "/accounts/login/" in answer["Location"]

    def test_another_site_cannot_make_someone_revoke(self, firm: Organization, ada: User) -> None:
        key, client = make(firm, ada).key, Client(enforce_csrf_checks=True)
        sign_in(client, ada)
        assert client.post(address(firm, f"{key.pk}/revoke/")).status_code == 403
        assert all_keys()[0].revoked_at is None


@pytest.mark.parametrize("page", ["new/", "roll/", "change/"])
def test_making_and_changing_a_key_asks_for_a_second_factor_proven_just_now(
    ada: User, firm: Organization, page: str
) -> None:
    key = make(firm, ada).key
    at = address(firm, page if page == "new/" else f"{key.pk}/{page}")
    browser = Client()
    sign_in(browser, ada)
    assert browser.get(at).url == "/accounts/2fa/"
    prove_factor(ada)
    assert browser.get(at).status_code == 200
    with acting_as_service():
        session = ada.sign_ins.live().get()
        session.methods = [{**proof, "timestamp": proof["timestamp"] - 301} for proof in session.methods]
        session.save(update_fields=["methods"])
    assert browser.get(at).url.startswith("/accounts/2fa/reauthenticate/")


def test_revoking_a_key_asks_for_nothing_more(ada: User, firm: Organization) -> None:
    browser, key = Client(), make(firm, ada).key
    sign_in(browser, ada)
    url = address(firm, f"{key.pk}/revoke/")
    assert browser.get(url).status_code == 200
    assert browser.post(url).url == address(firm) and all_keys()[0].revoked_at
