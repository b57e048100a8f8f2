"""The pages about webhooks: who gets to them, what is shown once, filters in the address, sending again."""

import html
import re
from datetime import timedelta

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from standardwebhooks import Webhook

from accounts.event_types import all_event_types
from accounts.models import Membership, Organization, User, WebhookDelivery, WebhookEndpoint
from accounts.services.webhooks import endpoints
from accounts.tests.factories import make_person, prove_factor, sign_in
from accounts.tests.organizations import make_organization
from accounts.tests.receivers import deliveries, fresh, make_endpoint, plan, receiver, send_all
from core.actors import acting_as_service
from core.api.ids import encode
from core.ids import uuid7

pytestmark = pytest.mark.usefixtures("transactional_db")
SECRET = re.compile(r"whsec_[A-Za-z0-9+/=]{44}")
STATE = WebhookDelivery.State


@pytest.fixture
def ada() -> User:
    return make_person(name="Ada Obi")


@pytest.fixture
def firm(ada: User) -> Organization:
    return make_organization(ada)


@pytest.fixture
def client(client: Client, ada: User) -> Client:
    sign_in(client, ada)
    prove_factor(ada)
    return client


def address(firm: Organization, page: str = "") -> str:
    return f"/organizations/{firm.slug}/webhooks/{page}"


def text(answer: HttpResponse) -> str:
    return html.unescape(answer.content.decode())


def form_key(client: Client, firm: Organization) -> str:
    found = re.search(r'name="form_key" value="([^"]+)"', text(client.get(address(firm, "new/"))))
    assert found
    return found[1]


def send(client: Client, firm: Organization, **changes: object) -> HttpResponse:
    order = {"url": "https://hooks.example/in", "description": "Till", "event_types": ["member.joined"]}
    if "form_key" not in changes:
        changes["form_key"] = form_key(client, firm)
    return client.post(address(firm, "new/"), {**order, **changes})


def all_endpoints() -> list[WebhookEndpoint]:
    with acting_as_service():
        return list(WebhookEndpoint.objects.order_by("pk"))


class TestMake:
    def test_the_secret_is_shown_once_and_signs(self, client: Client, firm: Organization) -> None:
        with receiver() as server:
            answer = send(client, firm, url=server.url, event_types=["*", "member.left"])
            [secret] = set(SECRET.findall(text(answer)))
            [endpoint] = all_endpoints()
            assert answer.status_code == 200 and "no-store" in answer["Cache-Control"]
            assert endpoint.event_types == ["*"] and endpoint.description == "Till"
            for page in ("", "new/", f"{endpoint.pk}/", f"{endpoint.pk}/change/", f"{endpoint.pk}/roll/"):
                shown = text(client.get(address(firm, page)))
                assert not SECRET.search(shown) and endpoint.secret not in shown
            tested = client.post(address(firm, f"{endpoint.pk}/test/"))
            [delivery] = deliveries()
            assert tested["Location"] == address(firm, f"{endpoint.pk}/deliveries/{delivery.pk}/")
            assert server.received[0].verified_by(secret)["type"] == "webhook.test"
            page = text(client.get(tested["Location"]))
            assert "Delivered" in page and encode("msg", delivery.message_id) in page and "204" in page

    def test_a_form_sent_twice_makes_one_endpoint(self, client: Client, firm: Organization) -> None:
        once = form_key(client, firm)
        assert send(client, firm, form_key=once).status_code == 200
        second = send(client, firm, form_key=once)
        assert second["Location"] == address(firm) and len(all_endpoints()) == 1
        assert "was sent before" in text(client.get(address(firm)))

    def test_a_keys_form_makes_no_endpoint(self, client: Client, firm: Organization) -> None:
        page = text(client.get(f"/organizations/{firm.slug}/keys/new/"))
        keys = re.search(r'name="form_key" value="([^"]+)"', page)[1]
        assert send(client, firm, form_key=keys).status_code == 422 and all_endpoints() == []

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"url": ""}, "This field is required"),
            ({"url": "http://hooks.example/"}, "Give an https address"),
            ({"url": "https://169.254.169.254/"}, "Give an https address"),
            ({"url": "https://hooks.example:25/"}, "above 1023"),
            ({"url": '"><script>alert(1)</script>'}, "Give an https address"),
            ({"event_types": []}, "This field is required"),
            ({"event_types": ["no.such"]}, "not one of the available choices"),
        ],
    )
    def test_what_cannot_be_is_said_at_its_field(
        self, client: Client, firm: Organization, changes: dict, words: str
    ) -> None:
        answer = send(client, firm, **changes)
        assert answer.status_code == 422 and words in text(answer) and all_endpoints() == []
        assert "<script>alert" not in answer.content.decode()

    def test_the_eleventh_is_refused(self, client: Client, firm: Organization, ada: User) -> None:
        for _ in range(10):
            make_endpoint(firm, ada)
        page = text(client.get(address(firm)))
        assert "All 10 endpoints are in use" in page and "webhooks/new/" not in page
        answer = send(client, firm)
        assert answer.status_code == 422 and "10 webhook endpoints" in text(answer)


class TestChange:
    def test_all_that_can_be_done_to_one(self, client: Client, firm: Organization, ada: User) -> None:
        made = make_endpoint(firm, ada)
        here = address(firm, f"{made.endpoint.pk}/")
        order = {"url": "https://other.example/", "description": "Now", "event_types": ["member.left"]}
        assert "127.0.0.1:9" in text(client.get(f"{here}change/"))
        assert client.post(f"{here}change/", order)["Location"] == here
        after = fresh(made.endpoint)
        assert (after.url, after.description, after.event_types) == (
            "https://other.example/",
            "Now",
            ["member.left"],
        )
        assert client.post(f"{here}change/", {**order, "url": "ftp://x"}).status_code == 422
        client.post(f"{here}switch/", {"to": "off"})
        assert fresh(made.endpoint).reason == "BY_OWNER" and "is disabled" in text(client.get(here))
        assert f"{here}test/" not in text(client.get(here))
        assert "Enable it first" in text(client.post(f"{here}test/", follow=True))
        client.post(f"{here}switch/", {"to": "on"})
        assert fresh(made.endpoint).is_enabled
        rolled = client.post(f"{here}roll/", {"overlap": "24"})
        [secret] = set(SECRET.findall(text(rolled)))
        assert secret != made.secret and Webhook(secret) and "signs as well until" in text(rolled)
        assert "the one before signs as well" in text(client.get(here))
        assert client.post(f"{here}roll/", {"overlap": "9999"}).status_code == 422
        assert "for good" in text(client.get(f"{here}delete/")) and fresh(made.endpoint).deleted_at is None
        assert client.post(f"{here}delete/")["Location"] == address(firm)
        assert client.get(here).status_code == 404 and "No endpoints yet" in text(client.get(address(firm)))

    def test_making_changing_and_rolling_ask_for_a_second_factor(self, firm: Organization, ada: User) -> None:
        endpoint, client = make_endpoint(firm, ada).endpoint, Client()
        sign_in(client, ada)
        for page in ("new/", f"{endpoint.pk}/change/", f"{endpoint.pk}/roll/"):
            for answer in (
                client.get(address(firm, page)),
                client.post(address(firm, page), {"overlap": "0"}),
            ):
                assert answer.status_code == 302 and "/2fa/" in answer["Location"]
        assert fresh(endpoint).secret == endpoint.secret
        # What protects does not ask.
        assert client.post(address(firm, f"{endpoint.pk}/switch/"), {"to": "off"}).status_code == 302
        assert client.post(address(firm, f"{endpoint.pk}/delete/")).status_code == 302
        assert fresh(endpoint).deleted_at


class TestDeliveries:
    def test_filters_and_pages_stand_in_the_address(
        self, client: Client, firm: Organization, ada: User
    ) -> None:
        endpoint = make_endpoint(firm, ada).endpoint
        here = address(firm, f"{endpoint.pk}/")
        assert "Nothing sent yet" in text(client.get(here))
        plan(firm, *["member.joined"] * 30)
        [left] = plan(firm, "member.left")
        with acting_as_service():
            WebhookDelivery.objects.filter(message_id=left.id).update(state=STATE.FAILED, next_try_at=None)
        first = client.get(here)
        older = re.search(r'href="(\?before=[^"]+)"', text(first))[1]
        second = client.get(here + older)
        shown = [*first.context["deliveries"], *second.context["deliveries"]]
        assert [each.pk for each in shown] == [each.pk for each in deliveries()][::-1]
        newer = re.search(r'href="(\?after=[^"]+)"', text(second))[1]
        assert client.get(here + newer).context["deliveries"] == first.context["deliveries"]
        failed = client.get(f"{here}?state=FAILED").context["deliveries"]
        assert [each.event for each in failed] == ["member.left"]
        assert len(client.get(f"{here}?state=FAILED&type=member.left").context["deliveries"]) == 1
        nothing = text(client.get(f"{here}?state=DELIVERED"))
        assert "Nothing matches" in nothing and f'href="{here}"' in nothing
        for odd in ("?state=NONE", "?before=x", "?after=x", "?type=%00", f"?before={uuid7()}"):
            assert client.get(here + odd).status_code in (200, 400)

    def test_a_try_is_shown_as_it_was_and_nothing_of_it_is_believed(
        self, client: Client, firm: Organization, ada: User
    ) -> None:
        evil = b"<script>alert(1)</script>\x00"
        with receiver(
            (500, {"Content-Type": "text/html", "Location": "javascript:alert(1)"}, evil)
        ) as server:
            endpoint = make_endpoint(firm, ada, url=server.url).endpoint
            plan(firm, "member.joined", name="<b>Chidi</b>")
            send_all()
            [delivery] = deliveries()
            here = address(firm, f"{endpoint.pk}/deliveries/{delivery.pk}/")
            raw = client.get(here).content.decode()
            assert "<script>alert" not in raw and "<b>Chidi" not in raw and 'href="javascript' not in raw
            shown = html.unescape(raw)
            assert (
                "<script>alert(1)</script>" in shown
                and "HTTP 500" in shown
                and "webhook-signature: v1," in shown
            )
            assert "1 of 10" in shown and "Next try" in shown
            server.answers = [200]
            again = client.post(f"{here}resend/", follow=True)
            assert "sent again" in text(again) and len(server.received) == 2
            assert "Try 2" in text(again) and "asked for" in text(again)
            assert len(set(server.ids)) == 1

    def test_a_stretch_of_time_is_sent_again(self, client: Client, firm: Organization, ada: User) -> None:
        with receiver() as server:
            endpoint = make_endpoint(firm, ada, url=server.url).endpoint
            plan(firm, "member.joined", "member.left")
            send_all()
            here = address(firm, f"{endpoint.pk}/resend/")
            form = client.get(here).context["form"]
            assert form["since"].value() < form["until"].value()
            local = timezone.localtime(timezone.now())
            order = {
                "since": f"{local - timedelta(hours=2):%Y-%m-%dT%H:%M}",
                "until": f"{local + timedelta(hours=2):%Y-%m-%dT%H:%M}",
            }
            nothing = client.post(here, {**order, "which": "failed"}, follow=True)
            assert "Nothing of then" in text(nothing) and len(server.received) == 2
            client.post(here, {**order, "which": "all"})
            assert len(server.received) > 2 and {*server.ids[:2]} <= {*server.ids[2:]}
            for wrong in (
                {**order, "until": order["since"]},
                {**order, "since": "2020-01-01T00:00"},
                {**order, "since": "soon"},
                {**order, "which": "none"},
                {},
            ):
                assert client.post(here, {"which": "all", **wrong}).status_code == 422

    def test_a_page_costs_the_same_with_many(self, client: Client, firm: Organization, ada: User) -> None:
        endpoint = make_endpoint(firm, ada).endpoint
        here = address(firm, f"{endpoint.pk}/")

        def cost() -> int:
            with CaptureQueriesContext(connection) as found:
                assert client.get(here).status_code == 200
            return len(found)

        plan(firm, "member.joined")
        cost()
        alone = cost()
        plan(firm, *["member.joined"] * 20)
        assert cost() == alone


class TestEvents:
    def test_what_happened_is_listed_and_filtered(
        self, client: Client, firm: Organization, ada: User
    ) -> None:
        assert "Nothing happened yet" in text(client.get(address(firm, "events/")))
        plan(firm, "member.joined", member="<i>x</i>")
        [left] = plan(firm, "member.left")
        plan(firm, "not.declared")
        page = client.get(address(firm, "events/"))
        assert "<i>x</i>" in text(page) and "<i>x</i>" not in page.content.decode()
        assert "not.declared" not in text(page) and encode("evt", left.id) in text(page)
        only = text(client.get(address(firm, "events/?type=member.left")))
        assert encode("evt", left.id) in only and "<i>x</i>" not in only
        assert "Nothing of this type" in text(client.get(address(firm, "events/?type=api_key.rolled")))
        assert encode("evt", left.id) in text(client.get(address(firm, "events/?type=not.declared")))

    def test_the_catalogue_shows_every_type(self, client: Client, firm: Organization) -> None:
        page = text(client.get(address(firm, "event-types/")))
        assert all(name in page for name in all_event_types()) and "standardwebhooks" in page


class TestWhoMay:
    PAGES = (
        *("", "new/", "events/", "event-types/", "{endpoint}/", "{endpoint}/change/", "{endpoint}/roll/"),
        *("{endpoint}/delete/", "{endpoint}/resend/", "{endpoint}/deliveries/{delivery}/"),
    )
    POSTS = (
        *("new/", "{endpoint}/change/", "{endpoint}/roll/", "{endpoint}/switch/", "{endpoint}/delete/"),
        *("{endpoint}/test/", "{endpoint}/resend/", "{endpoint}/deliveries/{delivery}/resend/"),
    )

    @pytest.mark.parametrize(("role", "status"), [("ADMIN", 200), ("MEMBER", 403), (None, 404)])
    def test_members_are_refused_in_words_and_strangers_find_nothing(
        self, firm: Organization, ada: User, role: str | None, status: int
    ) -> None:
        endpoint, bola, client = make_endpoint(firm, ada).endpoint, make_person(name="Bola Ade"), Client()
        plan(firm, "member.joined")
        facts = {"endpoint": endpoint.pk, "delivery": deliveries()[0].pk}
        if role:
            with acting_as_service():
                Membership.objects.create(organization=firm, user=bola, role=role)
        sign_in(client, bola)
        if role == "ADMIN":
            prove_factor(bola)
        for page in self.PAGES:
            answer = client.get(address(firm, page.format(**facts)))
            assert answer.status_code == status, page
            assert status == 200 or "127.0.0.1:9" not in text(answer)
        if status != 200:
            for page in self.POSTS:
                body = {"url": "https://evil.example", "event_types": "*", "overlap": "0", "to": "off"}
                assert client.post(address(firm, page.format(**facts)), body).status_code == status
            assert fresh(endpoint).is_enabled and fresh(endpoint).url == endpoint.url
            assert len(all_endpoints()) == 1 and deliveries()[0].attempts == 0

    def test_one_is_found_only_under_its_own_organisation_and_endpoint(
        self, client: Client, firm: Organization, ada: User
    ) -> None:
        other = make_organization(ada, name="Other")
        theirs = make_organization(make_person(name="Bola Ade"), name="Theirs")
        mine = make_endpoint(firm, ada).endpoint
        plan(firm, "member.joined")
        sent = deliveries()[0].pk
        elsewhere = make_endpoint(other, ada).endpoint
        for endpoint, organization in ((mine, other), (elsewhere, firm), (mine, theirs)):
            for page in self.PAGES[4:]:
                facts = {"endpoint": endpoint.pk, "delivery": sent}
                assert client.get(address(organization, page.format(**facts))).status_code == 404
        assert client.get(address(other, f"{elsewhere.pk}/deliveries/{sent}/")).status_code == 404
        assert client.post(address(other, f"{elsewhere.pk}/deliveries/{sent}/resend/")).status_code == 404

    def test_a_stranger_is_asked_to_log_in(self, firm: Organization) -> None:
        answer = Client().get(address(firm))
        assert answer.status_code == 302 and "/accounts/login/" in answer["Location"]

    def test_the_organisations_page_leads_here(self, client: Client, firm: Organization, ada: User) -> None:
        assert address(firm) in text(client.get(f"/organizations/{firm.slug}/"))
        endpoints.disable(endpoint_id=make_endpoint(firm, ada).endpoint.pk, by=ada)
        assert "Disabled" in text(client.get(address(firm)))
