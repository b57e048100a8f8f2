"""What somebody wants to be told: the page, what cannot be switched off, and the link in a mail."""

import re
from datetime import time, timedelta

import pytest
import time_machine
from django.core import mail, signing
from django.db import Error, IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from accounts import unsubscribing
from accounts.models import AuditEvent, NotificationPreference, NotificationSettings, User
from accounts.notice_kinds import KINDS, Kind, kind_of, kinds_for, register, wants
from accounts.services import preferences
from accounts.services.preferences import LockedOn, NoSuchNotice
from accounts.tests.factories import sign_in
from accounts.tests.noticing import choose, give_phone, states, take_all, tell
from accounts.unsubscribing import ALL, BadLink, Wish
from core.actors import acting_as, acting_as_service

pytestmark = pytest.mark.django_db(transaction=True)
PAGE = "/notices/preferences/"
TIMING = {"zone": "Africa/Lagos", "digest": "OFF", "digest_hour": "8"}
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def as_ada(ada: User) -> Client:
    client = Client()
    sign_in(client, ada)
    return client


def ticked(client: Client) -> dict[str, str]:
    """What the page's form would send as it stands."""
    html = client.get(PAGE).content.decode()
    boxes = re.findall(r'<input type="checkbox" name="([\w-]+)"[^>]*?( checked)?>', html)
    return {**TIMING, **{name: "on" for name, on in boxes if on}}


def chosen(user: User) -> dict[tuple[str, str], bool]:
    with acting_as_service():
        return preferences.chosen_by(user_ids=[user.pk]).get(user.pk, {})


def lines(action: str) -> list[AuditEvent]:
    with acting_as_service():
        return list(AuditEvent.objects.filter(action=action).order_by("pk"))


class TestPage:
    def test_it_shows_each_kind_by_each_channel_and_what_is_locked(self, ada, as_ada):
        give_phone(ada)
        html = as_ada.get(PAGE).content.decode()
        theirs = kinds_for(staff=False)
        for kind in KINDS.values():
            assert (str(kind.title) in html) == (kind in theirs)
        assert html.count("Always on</span>") == 4
        assert "SECURITY-EMAIL" not in html and "SECURITY-SMS" in html
        assert html.count('type="checkbox"') == len(theirs) * 4 - 4

    def test_saving_it_as_it_stands_stores_nothing(self, ada, as_ada):
        assert as_ada.post(PAGE, ticked(as_ada)).status_code == 302
        with acting_as_service():
            assert not NotificationPreference.objects.exists() and not NotificationSettings.objects.exists()
        assert lines("accounts.notices.chosen") == [] == lines("accounts.notices.timed")

    def test_only_departures_are_stored_and_going_back_deletes_them(self, ada, as_ada):
        form = ticked(as_ada)
        del form["MONEY_OUT-EMAIL"]
        saved = as_ada.post(PAGE, {**form, "NEWS-EMAIL": "on"}, follow=True)
        assert "This is how we reach you from now on." in saved.content.decode()
        assert chosen(ada) == {("MONEY_OUT", "EMAIL"): False, ("NEWS", "EMAIL"): True}
        (line,) = lines("accounts.notices.chosen")
        assert line.actor_id == ada.pk
        assert line.data == {"changed": {"MONEY_OUT.EMAIL": False, "NEWS.EMAIL": True}, "via": "page"}
        form["MONEY_OUT-EMAIL"] = "on"
        as_ada.post(PAGE, form)
        assert chosen(ada) == {}

    def test_what_is_locked_stays_on_whatever_is_sent(self, ada, as_ada):
        as_ada.post(PAGE, {**ticked(as_ada), "SECURITY-EMAIL": "", "LEGAL-IN_APP": "off"})
        assert chosen(ada) == {}

    def test_quiet_hours_and_the_daily_mail_are_stored(self, ada, as_ada):
        form = {**ticked(as_ada), "quiet_from": "22:00", "quiet_until": "06:30", "zone": "Europe/London"}
        as_ada.post(PAGE, {**form, "digest": "DAILY", "digest_hour": "18"})
        with acting_as_service():
            stored = NotificationSettings.objects.get(user=ada)
        assert (stored.quiet_from, stored.quiet_until, stored.zone) == (
            time(22),
            time(6, 30),
            "Europe/London",
        )
        assert (stored.digest, stored.digest_hour) == ("DAILY", 18)
        html = as_ada.get(PAGE).content.decode()
        assert 'value="22:00"' in html and '<option value="Europe/London" selected>' in html
        assert len(lines("accounts.notices.timed")) == 1

    @pytest.mark.parametrize(
        ("wrong", "words"),
        [
            ({"quiet_from": "22:00"}, "Say both when quiet hours begin"),
            ({"quiet_from": "22:00", "quiet_until": "22:00"}, "at two different times"),
            ({"quiet_from": "25:00", "quiet_until": "07:00"}, "Enter a valid time"),
            ({"zone": "Mars/Base"}, "Select a valid choice"),
            ({"zone": "../../etc/passwd"}, "Select a valid choice"),
            ({"digest": "HOURLY"}, "Select a valid choice"),
            ({"digest_hour": "24"}, "Select a valid choice"),
        ],
    )
    def test_what_cannot_be_is_said_and_nothing_is_stored(self, ada, as_ada, wrong, words):
        form = ticked(as_ada)
        del form["MONEY_OUT-EMAIL"]
        refused = as_ada.post(PAGE, {**form, **wrong})
        assert refused.status_code == 422 and words in refused.content.decode()
        assert chosen(ada) == {}

    def test_texts_ask_for_a_number_first(self, ada, as_ada):
        html = as_ada.get(PAGE).content.decode()
        assert "Add a phone number to get texts" in html and "MONEY_IN-SMS" not in html
        as_ada.post(PAGE, {**ticked(as_ada), "MONEY_IN-SMS": "on"})
        assert chosen(ada) == {}
        give_phone(ada)
        assert "MONEY_IN-SMS" in as_ada.get(PAGE).content.decode()

    def test_a_channel_that_is_not_offered_has_no_column_and_keeps_what_was_chosen(
        self, ada, as_ada, settings
    ):
        choose(ada, "NEWS", "PUSH", True)
        settings.NOTICE_CHANNELS = {"EMAIL": "accounts.channels.mail.Mail"}
        html = as_ada.get(PAGE).content.decode()
        assert "Text message" not in html and "phone number" not in html
        as_ada.post(PAGE, ticked(as_ada))
        assert chosen(ada) == {("NEWS", "PUSH"): True}


class TestLocked:
    @pytest.mark.parametrize("kind", ["SECURITY", "LEGAL"])
    @pytest.mark.parametrize("channel", ["IN_APP", "EMAIL"])
    def test_the_service_refuses(self, ada, kind, channel):
        with pytest.raises(LockedOn):
            preferences.choose(user=ada, choices={("NEWS", "EMAIL"): True, (kind, channel): False})
        assert chosen(ada) == {}

    @pytest.mark.parametrize("kind", ["SECURITY", "LEGAL"])
    @pytest.mark.parametrize("channel", ["IN_APP", "EMAIL"])
    def test_the_database_refuses_whoever_asks(self, ada, kind, channel):
        statement = (
            "insert into accounts_notificationpreference (id, user_id, kind, channel, wanted) "
            "values (uuidv7(), %s, %s, %s, {})"
        )
        with acting_as_service(), connection.cursor() as cursor:
            with pytest.raises(IntegrityError, match="locked_on"), transaction.atomic():
                cursor.execute(statement.format("false"), [ada.pk, kind, channel])
            cursor.execute(statement.format("true"), [ada.pk, kind, channel])
            with pytest.raises(IntegrityError, match="locked_on"), transaction.atomic():
                cursor.execute("update accounts_notificationpreference set wanted = false")

    def test_whatever_was_chosen_it_comes(self):
        for kind in (KINDS["SECURITY"], KINDS["LEGAL"]):
            assert wants(kind, "EMAIL", {(kind.code, "EMAIL"): False})
            assert not wants(kind, "SMS", {(kind.code, "SMS"): False})

    def test_texts_of_them_are_ones_own_choice(self, ada):
        choose(ada, "SECURITY", "PUSH", False)
        assert chosen(ada) == {("SECURITY", "PUSH"): False}

    @pytest.mark.parametrize(("kind", "channel"), [("WEATHER", "EMAIL"), ("NEWS", "FAX"), ("ALL", "EMAIL")])
    def test_what_there_is_not_cannot_be_chosen(self, ada, kind, channel):
        with pytest.raises(NoSuchNotice):
            choose(ada, kind, channel, True)


class TestRows:
    def test_one_sees_ones_own_and_changes_none(self, ada, bola):
        choose(ada, "NEWS", "EMAIL", True)
        choose(bola, "NEWS", "EMAIL", True)
        with acting_as(ada):
            assert [row.user_id for row in NotificationPreference.objects.all()] == [ada.pk]
            for change in (
                "update accounts_notificationpreference set wanted = false",
                "delete from accounts_notificationpreference",
                "insert into accounts_notificationpreference values (uuidv7(), 'NEWS', 'SMS', true, '{}')",
            ):
                with pytest.raises(Error), transaction.atomic(), connection.cursor() as cursor:
                    cursor.execute(change.replace("{}", str(ada.pk)))

    @pytest.mark.parametrize(
        "facts",
        [
            {"quiet_from": time(22)},
            {"quiet_from": time(22), "quiet_until": time(22)},
            {"digest": "HOUR"},
            {"digest_hour": 24},
        ],
    )
    def test_the_database_refuses_settings_that_cannot_be(self, ada, facts):
        with acting_as_service(), pytest.raises(IntegrityError), transaction.atomic():
            NotificationSettings.objects.create(user=ada, **facts)


class TestKinds:
    def test_every_event_belongs_to_one(self):
        assert kind_of("transfer.received").code == "MONEY_IN"
        assert kind_of("deposit.held").code == "MONEY_IN"
        assert kind_of("transfer.sent").code == "MONEY_OUT"
        assert kind_of("security.anything").code == "SECURITY"
        assert kind_of("securityx").code == "OTHER"

    @pytest.mark.parametrize("name", ["deposit.succeeded", "deposit.", "transfer.", "security.frozen"])
    def test_no_two_may_name_the_same(self, name):
        with pytest.raises(ValueError, match="already"):
            register(Kind("RIVAL", "Rival", "", "bell", (name,)))
        assert "RIVAL" not in KINDS


def link_in(letter) -> str:
    return letter.extra_headers["List-Unsubscribe"].strip("<>").removeprefix("http://testserver")


def address(user: User, kind: str = "MONEY_IN", channel: str = "EMAIL") -> str:
    return unsubscribing.link(Wish(user.pk, kind, channel)).removeprefix("http://testserver")


class TestUnsubscribing:
    """A link in a mail switches its kind off, for whoever holds it, logged in or not."""

    def test_the_whole_story_logged_out(self, ada):
        tell(ada)
        take_all()
        link, stranger = link_in(mail.outbox[0]), Client(enforce_csrf_checks=True)
        asked = stranger.get(link)
        assert asked.status_code == 200 and "Money in" in asked.content.decode()
        assert chosen(ada) == {}
        done = stranger.post(link)
        assert done.status_code == 200 and "switched off" in done.content.decode()
        assert chosen(ada) == {("MONEY_IN", "EMAIL"): False}
        tell(ada)
        take_all()
        assert len(mail.outbox) == 1
        again = stranger.post(link, {"again": "1"})
        assert "switched on again" in again.content.decode() and chosen(ada) == {}
        first, second = lines("accounts.notices.chosen")
        assert (first.actor_id, first.target_id) == (ada.pk, str(ada.pk))
        assert first.data == {"changed": {"MONEY_IN.EMAIL": False}, "via": "link"}
        assert second.data["changed"] == {"MONEY_IN.EMAIL": True}

    def test_a_mail_program_does_it_by_one_click_without_a_cookie(self, ada):
        answer = Client(enforce_csrf_checks=True).post(address(ada), ONE_CLICK)
        assert answer.status_code == 200
        assert chosen(ada) == {("MONEY_IN", "EMAIL"): False}

    def test_twice_is_once(self, ada):
        for _ in range(2):
            assert Client().post(address(ada)).status_code == 200
        assert len(lines("accounts.notices.chosen")) == 1

    def test_programs_that_follow_links_switch_nothing_off(self, ada):
        Client().get(address(ada))
        Client().head(address(ada))
        assert chosen(ada) == {}
        assert Client().put(address(ada)).status_code == 405

    def test_it_is_about_whoever_got_the_mail_whoever_is_logged_in(self, ada, bola, as_ada):
        as_ada.post(address(bola))
        assert (chosen(ada), chosen(bola)) == ({}, {("MONEY_IN", "EMAIL"): False})
        (line,) = lines("accounts.notices.chosen")
        assert line.target_id == str(bola.pk)

    def test_that_of_a_daily_mail_switches_off_all_that_can_be(self, ada):
        Client().post(address(ada, ALL))
        assert all(not wanted for wanted in chosen(ada).values())
        tell(ada)
        tell(ada, "organization.joined")
        tell(ada, "legal.terms_changed")
        take_all()
        assert [letter.subject for letter in mail.outbox] == ["There is news about your account"]
        assert {channel for _kind, channel in chosen(ada)} == {"EMAIL"}

    @pytest.mark.parametrize("kind", ["SECURITY", "LEGAL"])
    def test_a_signed_link_for_what_is_locked_is_refused(self, ada, kind):
        refused = Client().post(address(ada, kind))
        assert refused.status_code == 409 and "always come" in refused.content.decode()
        assert chosen(ada) == {}

    def test_a_link_that_is_not_ours_changes_nothing(self, ada, bola):
        token = unsubscribing.token_of(Wish(ada.pk, "MONEY_IN", "EMAIL"))
        body, stamp, signature = token.split(":")
        other_body = unsubscribing.token_of(Wish(bola.pk, "MONEY_IN", "EMAIL")).split(":")[0]
        forged = [
            f"{other_body}:{stamp}:{signature}",
            f"{body}:{stamp}:{signature[:-1]}",
            f"{body}:{stamp}",
            body,
            "x",
            ":",
            # Signed by us, for something else, or in another shape.
            signing.dumps([ada.pk.hex, "MONEY_IN", "EMAIL"]),
            signing.TimestampSigner(salt="other").sign_object([ada.pk.hex, "MONEY_IN", "EMAIL"]),
            signing.TimestampSigner(salt=unsubscribing.SALT).sign_object({"u": ada.pk.hex}),
            signing.TimestampSigner(salt=unsubscribing.SALT).sign_object(["x", "MONEY_IN", "EMAIL"]),
            signing.TimestampSigner(salt=unsubscribing.SALT).sign_object([ada.pk.hex, "MONEY_IN"]),
        ]
        for each in forged:
            assert Client().post(f"/notices/unsubscribe/{each}/", ONE_CLICK).status_code == 404, each
        for kind, channel in (("WEATHER", "EMAIL"), ("NEWS", "FAX"), (ALL, "FAX")):
            assert Client().get(address(ada, kind, channel)).status_code == 404
            assert Client().post(address(ada, kind, channel)).status_code == 404
        assert chosen(ada) == chosen(bola) == {}
        assert lines("accounts.notices.chosen") == []

    def test_a_link_holds_for_more_than_ninety_days_and_not_for_ever(self, ada):
        token = unsubscribing.token_of(Wish(ada.pk, "NEWS", "EMAIL"))
        with time_machine.travel(timezone.now() + timedelta(days=365)):
            assert unsubscribing.read(token) == Wish(ada.pk, "NEWS", "EMAIL")
        with time_machine.travel(timezone.now() + timedelta(days=401)), pytest.raises(BadLink):
            unsubscribing.read(token)

    def test_that_of_an_account_that_is_gone_does_nothing(self, ada):
        with acting_as_service():
            User.objects.filter(pk=ada.pk).update(is_active=False)
        assert Client().post(address(ada)).status_code == 404
        assert chosen(ada) == {}

    def test_guessing_is_counted_by_address_and_a_good_link_by_itself(self, ada, bola):
        stranger = Client()
        for _ in range(60):
            assert stranger.get("/notices/unsubscribe/guess/").status_code == 404
        slowed = stranger.get("/notices/unsubscribe/guess/")
        assert slowed.status_code == 429 and int(slowed["Retry-After"]) > 0
        # Mail providers press for many people from one address.
        assert stranger.post(address(ada), ONE_CLICK).status_code == 200
        for _ in range(29):
            stranger.get(address(ada))
        assert stranger.get(address(ada)).status_code == 429
        assert stranger.get(address(bola)).status_code == 200

    def test_switched_off_and_what_waited_is_not_sent(self, ada):
        choose(ada, "NEWS", "EMAIL", True)
        Client().post(address(ada, "NEWS"))
        tell(ada, "news.feature")
        take_all()
        assert states() == []
