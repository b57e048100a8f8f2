"""API keys as their organisation keeps them: who makes, rolls, changes and revokes them, and what stays of them."""

import zlib
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from django.core import mail
from django.db import connection
from django.utils import timezone

from accounts import api_keys as keys
from accounts import audit, audit_admin
from accounts.models import ApiKey, AuditEvent, Membership, Organization, User
from accounts.services import api_keys
from accounts.services.api_keys import (
    KeyAlreadyMade,
    KeyAlreadyRolled,
    KeyEnded,
    KeyInvalid,
    KeyNotFound,
    Made,
    NotAManager,
    TooManyKeys,
)
from accounts.tests.factories import make_organization, make_person
from core.actors import OrganizationCaller, acting_as, acting_as_service
from core.api import ids
from core.ids import BASE62, uuid7

pytestmark = pytest.mark.usefixtures("transactional_db")
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def ada() -> User:
    return make_person(name="Ada Obi", email="ada@alajo.test")


@pytest.fixture
def firm(ada: User) -> Organization:
    return make_organization(owner=ada)


def join(firm: Organization, role: str) -> User:
    user = make_person(name="Bola Ade")
    with acting_as_service():
        Membership.objects.create(organization=firm, user=user, role=role)
    return user


def make(firm: Organization, by: User, **changes: object) -> Made:
    order = {"name": "Shop", "mode": "TEST", "scopes": ["accounts:read"], "at": AT}
    return api_keys.make(organization_id=firm.pk, by=by, **{**order, **changes})


def stored(key: ApiKey) -> ApiKey:
    with acting_as_service():
        return ApiKey.objects.get(pk=key.pk)


def deeds() -> list[str]:
    with acting_as_service():
        found = AuditEvent.objects.filter(action__startswith="accounts.api_key.").order_by("id")
        return [event.action.rpartition(".")[2] for event in found]


class TestForm:
    @pytest.mark.parametrize(("mode", "prefix"), [("TEST", "alj_test_"), ("LIVE", "alj_live_")])
    def test_a_key_says_its_mode_and_carries_its_check(self, mode: str, prefix: str) -> None:
        key = keys.new_key(mode)
        body, check = key[:-6], key[-6:]
        value = 0
        for letter in check:
            value = value * 62 + BASE62.index(letter)
        assert key.startswith(prefix) and len(body) - len(prefix) >= 30 and value == zlib.crc32(body.encode())
        assert keys.is_ours(key) and keys.is_well_formed(key) and keys.new_key(mode) != key

    def test_every_changed_letter_is_noticed(self) -> None:
        key = keys.new_key("LIVE")
        for place in range(len("alj_live_"), len(key)):
            other = "a" if key[place] != "a" else "b"
            assert not keys.is_well_formed(key[:place] + other + key[place + 1 :])

    @pytest.mark.parametrize("change", ["{}x", "{}\n", " {}", "x{}", "{}{}"])
    def test_what_is_longer_or_shorter_is_none(self, change: str) -> None:
        key = keys.new_key("LIVE")
        assert not keys.is_well_formed(change.format(key, key)) and not keys.is_well_formed(key[:-1])

    def test_a_test_key_cannot_be_made_a_live_one(self) -> None:
        assert not keys.is_well_formed(keys.new_key("TEST").replace("test", "live"))


class TestMake:
    def test_the_key_is_kept_only_as_a_keyed_hash(self, firm: Organization, ada: User, settings) -> None:
        made = make(firm, ada)
        row = stored(made.key)
        assert row.digest == keys.digest_of(made.secret) and row.last_four == made.secret[-4:]
        assert made.secret not in repr(row.__dict__)
        settings.BLIND_INDEX_KEY = "another key of the server"
        assert keys.digest_of(made.secret) != row.digest

    def test_no_trace_of_the_key_in_the_audit_trail_or_the_mail(self, firm: Organization, ada: User) -> None:
        made = make(firm, ada, mode="LIVE")
        with acting_as_service():
            event = AuditEvent.objects.get(action="accounts.api_key.made")
        assert event.actor_id == ada.pk and event.target_id == str(made.key.pk)
        assert event.data["mode"] == "LIVE" and event.data["organization"] == str(firm.pk)
        [letter] = [one for one in mail.outbox if "live API key" in one.subject]
        for text in (repr(event.data), letter.body, letter.alternatives[0][0]):
            assert made.secret not in text and made.secret[9:30] not in text

    def test_every_owner_is_told_of_a_live_key_and_nobody_of_a_test_key(
        self, firm: Organization, ada: User
    ) -> None:
        other, admin = join(firm, "OWNER"), join(firm, "ADMIN")
        mail.outbox.clear()
        make(firm, admin, name="Quiet")
        assert mail.outbox == []
        made = make(firm, admin, mode="LIVE", name="<b>Till</b>")
        assert {tuple(letter.to) for letter in mail.outbox} == {(ada.email,), (other.email,)}
        letter = mail.outbox[0]
        assert admin.email in letter.body and made.key.last_four in letter.body
        assert "<b>Till" not in letter.alternatives[0][0]

    @pytest.mark.parametrize("role", ["MEMBER", None])
    def test_who_does_not_manage_the_organisation_makes_changes_and_ends_nothing(
        self, firm: Organization, ada: User, role: str | None
    ) -> None:
        bola = join(firm, role) if role else make_person(name="Bola Ade")
        refusal = NotAManager if role else KeyNotFound
        key = make(firm, ada).key
        with pytest.raises(refusal):
            make(firm, bola)
        with pytest.raises(refusal):
            api_keys.roll(key_id=key.pk, by=bola, overlap=timedelta(0), at=AT)
        with pytest.raises(refusal):
            api_keys.change(key_id=key.pk, by=bola, name="x", scopes=[], networks=[], at=AT)
        with pytest.raises(refusal):
            api_keys.revoke(key_id=key.pk, by=bola, at=AT)
        assert stored(key).revoked_at is None and deeds() == ["made"]

    def test_a_closed_organisation_makes_none(self, firm: Organization, ada: User) -> None:
        with acting_as_service():
            Organization.objects.update(closed_at=AT)
        with pytest.raises(KeyNotFound):
            make(firm, ada)

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"name": "  "}, "name"),
            ({"name": "n" * 61}, "name"),
            ({"mode": "BOTH"}, "mode"),
            ({"scopes": ["accounts:read", "accounts:write"]}, "scopes"),
            ({"scopes": ["*"]}, "scopes"),
            ({"expires_at": AT}, "expires_at"),
            ({"networks": ["here"]}, "networks"),
            ({"networks": ["203.0.113.0/33"]}, "networks"),
            ({"networks": [""]}, "networks"),
            ({"networks": [f"203.0.113.{n}" for n in range(21)]}, "networks"),
        ],
    )
    def test_what_a_key_cannot_have_is_refused_by_field(
        self, firm: Organization, ada: User, changes: dict, field: str
    ) -> None:
        with pytest.raises(KeyInvalid) as refused:
            make(firm, ada, **changes)
        assert refused.value.public_data == {"field": field} and deeds() == []

    def test_networks_are_kept_in_their_plain_form_and_once(self, firm: Organization, ada: User) -> None:
        typed = [
            "203.0.113.7",
            "203.0.113.9/24",
            " 203.0.113.0/24 ",
            "2001:DB8::/32",
            "::ffff:198.51.100.0/120",
        ]
        kept = stored(make(firm, ada, networks=typed).key).allowed_networks
        assert kept == ["203.0.113.7/32", "203.0.113.0/24", "2001:db8::/32", "198.51.100.0/24"]

    def test_a_form_sent_twice_makes_one_key(self, firm: Organization, ada: User) -> None:
        wish = uuid7()
        make(firm, ada, key_id=wish)
        with pytest.raises(KeyAlreadyMade):
            make(firm, ada, key_id=wish)
        assert deeds() == ["made"]

    def test_forms_sent_at_once_make_one_key(self, firm: Organization, ada: User) -> None:
        wish, barrier = uuid7(), Barrier(4)

        def one(_n: int) -> str:
            try:
                barrier.wait(10)
                return make(firm, ada, key_id=wish).secret
            except KeyAlreadyMade:
                return ""
            finally:
                connection.close()

        with ThreadPoolExecutor(4) as pool:
            secrets = [secret for secret in pool.map(one, range(4)) if secret]
        assert len(secrets) == 1 and deeds() == ["made"]

    def test_fifty_keys_are_enough(self, firm: Organization, ada: User) -> None:
        for number in range(49):
            make(firm, ada, name=f"Key {number}")
        last = make(firm, ada, expires_at=AT + DAY).key
        with pytest.raises(TooManyKeys):
            make(firm, ada)
        with pytest.raises(TooManyKeys):
            api_keys.roll(key_id=last.pk, by=ada, overlap=DAY, at=AT)
        api_keys.roll(key_id=last.pk, by=ada, overlap=timedelta(0), at=AT)
        with pytest.raises(TooManyKeys):
            make(firm, ada)
        other = make_organization(owner=ada)
        assert make(other, ada)
        make(firm, ada, at=AT + DAY * 2)


class TestRoll:
    @pytest.mark.parametrize("overlap", api_keys.OVERLAPS)
    def test_the_old_key_ends_when_the_overlap_does(
        self, firm: Organization, ada: User, overlap: timedelta
    ) -> None:
        settings = {"scopes": ["transfers:write"], "networks": ["203.0.113.0/24"], "mode": "LIVE"}
        old = make(firm, ada, **settings, expires_at=AT + DAY * 90)
        later = AT + DAY * 10
        new = api_keys.roll(key_id=old.key.pk, by=ada, overlap=overlap, at=later)
        before, after = stored(old.key), stored(new.key)
        assert before.expires_at == later + overlap and before.replaced_by_id == new.key.pk
        assert before.is_live(later) is bool(overlap) and not before.is_live(later + overlap)
        for field in ("name", "mode", "scopes", "allowed_networks"):
            assert getattr(before, field) == getattr(after, field)
        assert new.secret != old.secret and after.expires_at == later + DAY * 90
        assert deeds() == ["made", "rolled"]

    def test_rolling_never_makes_a_key_last_longer(self, firm: Organization, ada: User) -> None:
        old = make(firm, ada, expires_at=AT + timedelta(hours=2)).key
        api_keys.roll(key_id=old.pk, by=ada, overlap=timedelta(days=7), at=AT)
        assert stored(old).expires_at == AT + timedelta(hours=2)

    def test_a_key_is_rolled_once_and_only_while_it_lives(self, firm: Organization, ada: User) -> None:
        rolled, revoked, expired = (
            make(firm, ada).key,
            make(firm, ada).key,
            make(firm, ada, expires_at=AT + DAY),
        )
        api_keys.roll(key_id=rolled.pk, by=ada, overlap=DAY, at=AT)
        with pytest.raises(KeyAlreadyRolled):
            api_keys.roll(key_id=rolled.pk, by=ada, overlap=DAY, at=AT)
        api_keys.revoke(key_id=revoked.pk, by=ada, at=AT)
        for key in (revoked, expired.key):
            with pytest.raises(KeyEnded):
                api_keys.roll(key_id=key.pk, by=ada, overlap=DAY, at=AT + DAY)
        with pytest.raises(KeyInvalid):
            api_keys.roll(key_id=make(firm, ada).key.pk, by=ada, overlap=timedelta(days=365), at=AT)

    def test_the_owners_hear_of_a_live_key_that_was_rolled(self, firm: Organization, ada: User) -> None:
        key = make(firm, ada, mode="LIVE").key
        mail.outbox.clear()
        api_keys.roll(key_id=key.pk, by=ada, overlap=DAY, at=AT)
        assert [letter.to for letter in mail.outbox] == [[ada.email]]


class TestChangeAndRevoke:
    def test_a_change_is_written_down_with_what_was_before(self, firm: Organization, ada: User) -> None:
        key = make(firm, ada).key
        order = {"name": "Till", "scopes": ["accounts:read"], "networks": ["203.0.113.7"]}
        for _ in range(2):
            api_keys.change(key_id=key.pk, by=ada, at=AT, **order)
        assert (stored(key).name, stored(key).allowed_networks) == ("Till", ["203.0.113.7/32"])
        assert deeds() == ["made", "changed"]
        with acting_as_service():
            data = AuditEvent.objects.get(action="accounts.api_key.changed").data
        assert data["before"] == {"name": "Shop", "allowed_networks": []}

    def test_the_owners_hear_what_a_live_key_may_now_do_and_from_where(
        self, firm: Organization, ada: User
    ) -> None:
        admin = join(firm, "ADMIN")
        quiet = {"name": "Till", "scopes": ["accounts:read"], "networks": ["203.0.113.7"]}
        order = {**quiet, "scopes": ["accounts:read", "transfers:write"], "networks": []}
        live, test = make(firm, ada, mode="LIVE", networks=["203.0.113.7"]).key, make(firm, ada).key
        mail.outbox.clear()
        api_keys.change(key_id=test.pk, by=admin, at=AT, **order)
        api_keys.change(key_id=live.pk, by=admin, at=AT, **quiet)
        assert mail.outbox == []
        api_keys.change(key_id=live.pk, by=admin, at=AT, **order)
        [letter] = mail.outbox
        assert letter.to == [ada.email] and admin.email in letter.body
        for text in (letter.body, letter.alternatives[0][0]):
            assert "Send money" in text and "anywhere" in text

    def test_a_name_is_one_line(self, firm: Organization, ada: User) -> None:
        assert make(firm, ada, name=" Shop\n\n  backend ").key.name == "Shop backend"

    def test_what_has_ended_is_not_changed(self, firm: Organization, ada: User) -> None:
        key = make(firm, ada).key
        api_keys.revoke(key_id=key.pk, by=ada, at=AT)
        with pytest.raises(KeyEnded):
            api_keys.change(key_id=key.pk, by=ada, name="x", scopes=[], networks=[], at=AT)

    def test_revoking_again_changes_nothing(self, firm: Organization, ada: User) -> None:
        key = make(firm, ada).key
        api_keys.revoke(key_id=key.pk, by=ada, at=AT)
        api_keys.revoke(key_id=key.pk, by=ada, at=AT + DAY)
        assert stored(key).revoked_at == AT and deeds() == ["made", "revoked"]

    def test_an_unknown_key_is_not_found(self, ada: User) -> None:
        with pytest.raises(KeyNotFound):
            api_keys.revoke(key_id=uuid7(), by=ada, at=AT)


class TestWhatOnePersonMade:
    def test_it_ends_in_every_organisation_and_the_owners_are_told(
        self, firm: Organization, ada: User
    ) -> None:
        admin = join(firm, "ADMIN")
        other = make_organization(owner=admin, name="Other")
        theirs = [make(firm, admin, name="<b>Till</b>").key, make(other, admin).key]
        rolled = api_keys.roll(key_id=theirs[1].pk, by=admin, overlap=DAY, at=AT).key
        adas, ended = make(firm, ada).key, make(firm, admin).key
        api_keys.revoke(key_id=ended.pk, by=ada, at=AT)
        mail.outbox.clear()
        later = AT + timedelta(minutes=1)
        assert api_keys.revoke_made_by(user=admin, reason="reported", at=later) == 3
        assert {stored(key).revoked_at for key in (*theirs, rolled)} == {later}
        assert stored(adas).revoked_at is None and stored(ended).revoked_at == AT
        assert sorted(letter.to[0] for letter in mail.outbox) == sorted([ada.email, admin.email])
        [letter] = [one for one in mail.outbox if one.to == [ada.email]]
        assert (
            "<b>Till</b>" in letter.body and theirs[0].last_four in letter.body and admin.email in letter.body
        )
        assert "<b>Till" not in letter.alternatives[0][0]
        with acting_as_service():
            event = AuditEvent.objects.filter(action="accounts.api_key.revoked").latest("pk")
        assert event.actor_id == admin.pk and event.data["reason"] == "reported"
        assert api_keys.revoke_made_by(user=admin, reason="reported", at=later) == 0
        assert len(mail.outbox) == 2

    def test_who_left_leaves_no_key_behind_that_this_would_miss(self, firm: Organization, ada: User) -> None:
        admin = join(firm, "ADMIN")
        key = make(firm, admin).key
        with acting_as_service():
            firm.memberships.filter(user=admin).delete()
        assert api_keys.revoke_made_by(user=admin, reason="reported", at=AT) == 1
        assert stored(key).revoked_at == AT

    def test_keys_being_made_meanwhile_are_ended_or_come_after(self, firm: Organization, ada: User) -> None:
        barrier = Barrier(4)

        def one(number: int) -> object:
            try:
                barrier.wait(10)
                if number:
                    return make(firm, ada)
                return api_keys.revoke_made_by(user=ada, reason="reported", at=AT)
            finally:
                connection.close()

        with ThreadPoolExecutor(4) as pool:
            ended = next(pool.map(one, range(4)))
        with acting_as_service():
            assert ApiKey.objects.filter(revoked_at=AT).count() == ended


def test_the_trail_tells_by_which_key_a_deed_was_done_and_staff_find_it(
    firm: Organization, ada: User
) -> None:
    key, other = make(firm, ada, mode="LIVE").key, make(firm, ada, mode="LIVE").key
    for one in (key, other):
        caller = OrganizationCaller(id=firm.pk, key_id=one.pk, mode="LIVE")
        with acting_as(caller), acting_as_service():
            audit.record(action="accounts.organization.renamed", target=firm, name="x")
    with acting_as_service():
        event = AuditEvent.objects.filter(action="accounts.organization.renamed").earliest("pk")
        assert event.data == {"organization": str(firm.pk), "name": "x", "by_api_key": str(key.pk)}
        assert event.actor_id is None
        now = timezone.now()
        for text in (str(key.pk), f" {ids.encode('key', key.pk)} "):
            assert [*audit_admin.search(AuditEvent.objects.all(), {"key": text}, at=now)] == [event]
        for text in ("nonsense", "org_01bXeVJ2pTfyGNuObTnVLg", str(firm.pk)):
            assert not audit_admin.search(AuditEvent.objects.all(), {"key": text}, at=now)
