"""What people may do in and to an organisation, and what they try beyond that."""

from functools import partial

import pytest
from django.core import mail

from accounts.models import ApiKey, AuditEvent, Membership, Notification, Organization, User
from accounts.services import invitations, organizations
from accounts.services.organizations import (
    LastOwner,
    MemberNotFound,
    MembersRemain,
    NameRefused,
    OrganizationNotFound,
    RoleNotEnough,
    TooManyOrganizations,
)
from accounts.tests.factories import make_person
from accounts.tests.organizations import ADMIN, MEMBER, NOW, OWNER, join, key_of, make_organization, role_of
from core.actors import acting_as, acting_as_service
from wallet.tests.ledger import at_once, errors

pytestmark = pytest.mark.django_db(transaction=True)


def deeds(prefix: str) -> list[str]:
    with acting_as_service():
        found = AuditEvent.objects.filter(action__startswith=prefix).order_by("recorded_at", "id")
        return list(found.values_list("action", flat=True))


def notices_of(user: User) -> list[str]:
    with acting_as(user):
        return list(Notification.objects.order_by("id").values_list("event", flat=True))


def change(organization: Organization, by: User, person: User, role: str) -> Membership:
    key = key_of(organization, person)
    return organizations.change_role(
        organization_id=organization.pk, membership_id=key, by=by, role=role, at=NOW
    )


def remove(organization: Organization, by: User, person: User) -> None:
    key = key_of(organization, person)
    organizations.remove(organization_id=organization.pk, membership_id=key, by=by, at=NOW)


def leave(organization: Organization, by: User) -> None:
    organizations.leave(organization_id=organization.pk, by=by, at=NOW)


def close(organization: Organization, by: User) -> None:
    organizations.close(organization_id=organization.pk, by=by, at=NOW)


class TestFounding:
    def test_whoever_founds_it_owns_it_and_the_trail_says_so(self, bola):
        firm = organizations.create(owner=bola, name="  Kasuwa \n Stores ")
        assert (firm.name, firm.slug) == ("Kasuwa Stores", "kasuwa-stores")
        assert role_of(firm, bola) == OWNER
        assert deeds("accounts.organization") == ["accounts.organization.created"]
        with acting_as_service():
            event = AuditEvent.objects.get(action="accounts.membership.created")
            assert event.actor_id == bola.pk and event.data["organization"] == str(firm.pk)

    @pytest.mark.parametrize(
        ("name", "slug"),
        [
            ("Ọjà Àdúgbò & Sons", "oja-adugbo-sons"),
            ("株式会社", "org-"),
            ("🍊 A", "org-a"),
            ("7up", "org-7up"),
            ("Join", "org-join"),
            ("current", "org-current"),
            ("x" * 80, "x" * 32),
            ("a" * 31 + " b", "a" * 31),
        ],
    )
    def test_a_slug_is_made_from_any_name(self, bola, name, slug):
        made = organizations.create(owner=bola, name=name)
        assert made.slug.startswith(slug)
        made.clean_fields(exclude=["closed_at"])

    def test_a_taken_slug_gets_digits_also_when_taken_at_once(self, bola, ada):
        found = at_once(
            *[partial(organizations.create, owner=each, name="Kasuwa") for each in (bola, ada, bola, ada)]
        )
        slugs = sorted(each.slug for each in found)
        assert slugs[0] == "kasuwa" and len(set(slugs)) == 4
        assert all(slug.startswith("kasuwa-") for slug in slugs[1:])

    @pytest.mark.parametrize(
        "name",
        [
            "",
            "   ",
            "—",
            "x" * 81,
            "Kasuwa\u202estores",
            "Kasu\u200bwa",
            "https://evil.example",
            "Win at evil.example",
            "evil．example",
            "www.kasuwa",
            "pay@evil",
            "a/b",
        ],
    )
    def test_a_name_that_poses_or_carries_a_link_is_refused(self, bola, name):
        with pytest.raises(NameRefused):
            organizations.create(owner=bola, name=name)

    @pytest.mark.parametrize("name", ["J. P. Ojo & Co.", "St. Mary's", "O'Neil - Lagos", "Ẹgbẹ́ 3.5"])
    def test_ordinary_names_are_taken(self, bola, name):
        assert organizations.create(owner=bola, name=name).name == name

    def test_nobody_owns_more_than_so_many_even_when_founding_at_once(self, bola, monkeypatch):
        monkeypatch.setattr(organizations, "MOST_OWNED", 2)
        found = at_once(*[partial(organizations.create, owner=bola, name="Kasuwa")] * 4)
        assert errors(found) == {TooManyOrganizations: 2}

    def test_a_name_changes_and_the_address_does_not(self, bola, ada):
        firm = make_organization(bola, admin=ada)
        with pytest.raises(RoleNotEnough):
            organizations.rename(organization_id=firm.pk, by=ada, name="Ada's")
        made = organizations.rename(organization_id=firm.pk, by=bola, name="Kasuwa & Sons")
        assert (made.name, made.slug) == ("Kasuwa & Sons", "kasuwa-stores")


class TestRoles:
    def test_an_owner_gives_any_role_and_the_person_hears_of_it(self, bola, ada):
        firm = make_organization(bola, member=ada)
        mail.outbox.clear()
        for role in (ADMIN, OWNER, MEMBER):
            change(firm, bola, ada, role)
            assert role_of(firm, ada) == role
        assert notices_of(ada) == ["organization.role_changed"] * 3
        assert [letter.to for letter in mail.outbox] == [[ada.email]] * 3
        assert "Owner" in mail.outbox[1].body
        assert deeds("accounts.membership.role_changed") == ["accounts.membership.role_changed"] * 3

    def test_the_same_role_again_is_no_deed(self, bola, ada):
        firm = make_organization(bola, member=ada)
        change(firm, bola, ada, MEMBER)
        assert deeds("accounts.membership.role_changed") == []

    @pytest.mark.parametrize("mine", [ADMIN, MEMBER])
    def test_nobody_else_gives_roles_not_even_to_themselves(self, bola, ada, chidi, mine):
        firm = make_organization(bola, **{mine.lower(): ada})
        join(firm, bola, chidi)
        for person, role in ((ada, OWNER), (chidi, ADMIN), (bola, MEMBER)):
            with pytest.raises(RoleNotEnough):
                change(firm, ada, person, role)
        assert role_of(firm, bola) == OWNER

    def test_a_role_that_does_not_exist_is_no_role(self, bola, ada):
        firm = make_organization(bola, member=ada)
        with pytest.raises(ValueError, match="GOD"):
            change(firm, bola, ada, "GOD")

    def test_a_stranger_is_told_that_there_is_no_such_organisation(self, bola, ada, chidi):
        firm = make_organization(bola, member=ada)
        for attempt in (
            partial(change, firm, chidi, ada, OWNER),
            partial(remove, firm, chidi, ada),
            partial(leave, firm, chidi),
            partial(close, firm, chidi),
            partial(organizations.rename, organization_id=firm.pk, by=chidi, name="Mine"),
        ):
            with pytest.raises(OrganizationNotFound):
                attempt()

    def test_a_member_of_another_organisation_cannot_be_reached_through_ones_own(self, bola, ada, chidi):
        make_organization(bola)
        other = make_organization(ada, name="Other", member=chidi)
        own = make_organization(bola, name="Own")
        key = key_of(other, chidi)
        with pytest.raises(MemberNotFound):
            organizations.remove(organization_id=own.pk, membership_id=key, by=bola, at=NOW)
        with pytest.raises(MemberNotFound):
            organizations.change_role(organization_id=own.pk, membership_id=key, by=bola, role=OWNER, at=NOW)
        assert role_of(other, chidi) == MEMBER


class TestGoing:
    def test_an_administrator_removes_members_and_reaches_nobody_above(self, bola, ada, chidi):
        firm = make_organization(bola, admin=ada, member=chidi)
        efe = make_person(name="Efe Okoro")
        join(firm, bola, efe, ADMIN)
        for person in (bola, efe):
            with pytest.raises(RoleNotEnough):
                remove(firm, ada, person)
        mail.outbox.clear()
        remove(firm, ada, chidi)
        assert role_of(firm, chidi) == ""
        assert notices_of(chidi) == ["organization.removed"]
        assert [letter.to for letter in mail.outbox] == [[chidi.email]]
        assert deeds("accounts.membership.removed") == ["accounts.membership.removed"]

    def test_a_member_removes_nobody(self, bola, ada, chidi):
        firm = make_organization(bola, member=ada)
        join(firm, bola, chidi)
        for person in (bola, chidi, ada):
            with pytest.raises(RoleNotEnough):
                remove(firm, ada, person)

    def test_whoever_leaves_is_gone_and_the_owners_hear_of_it(self, bola, ada):
        firm = make_organization(bola, member=ada)
        leave(firm, ada)
        assert role_of(firm, ada) == ""
        assert notices_of(bola)[-1] == "organization.left"
        assert deeds("accounts.membership.left") == ["accounts.membership.left"]
        with pytest.raises(OrganizationNotFound):
            leave(firm, ada)

    def test_the_last_owner_can_neither_leave_nor_be_removed_nor_step_down(self, bola, ada):
        firm = make_organization(bola, admin=ada)
        for attempt in (
            partial(leave, firm, bola),
            partial(remove, firm, bola, bola),
            partial(change, firm, bola, bola, ADMIN),
        ):
            with pytest.raises(LastOwner):
                attempt()
        assert role_of(firm, bola) == OWNER

    def test_an_owner_who_cannot_log_in_does_not_count(self, bola, ada):
        firm = make_organization(bola)
        join(firm, bola, ada, OWNER)
        with acting_as_service():
            User.objects.filter(pk=ada.pk).update(is_active=False)
        with pytest.raises(LastOwner):
            leave(firm, bola)

    def test_of_two_owners_who_leave_at_once_one_stays(self, bola, ada):
        for _ in range(5):
            firm = make_organization(bola)
            join(firm, bola, ada, OWNER)
            results = at_once(partial(leave, firm, bola), partial(leave, firm, ada))
            assert errors(results) == {LastOwner: 1}
            with acting_as_service():
                assert firm.memberships.filter(role=OWNER).count() == 1

    def test_of_two_owners_who_put_each_other_down_at_once_one_stays(self, bola, ada):
        for _ in range(5):
            firm = make_organization(bola)
            join(firm, bola, ada, OWNER)
            results = at_once(
                partial(change, firm, bola, ada, MEMBER),
                partial(remove, firm, ada, bola),
                partial(leave, firm, ada),
            )
            assert all(
                isinstance(each, LastOwner | RoleNotEnough | OrganizationNotFound | MemberNotFound)
                for each in results
                if isinstance(each, Exception)
            )
            with acting_as_service():
                assert firm.memberships.filter(role=OWNER).count() == 1

    @pytest.mark.parametrize("lost", ["removed", "left", "lowered"])
    def test_what_someone_offered_ends_with_their_right_to_offer_it(self, bola, ada, chidi, lost):
        """An owner about to be removed must not keep a way back in."""
        firm = make_organization(bola)
        join(firm, bola, ada, OWNER)
        offer = {"organization_id": firm.pk, "by": ada, "at": NOW}
        _owner, way_back = invitations.invite(email="ada.second@alajo.test", role=OWNER, **offer)
        _member, harmless = invitations.invite(email=chidi.email, role=MEMBER, **offer)
        match lost:
            case "removed":
                remove(firm, bola, ada)
            case "left":
                leave(firm, ada)
            case "lowered":
                change(firm, bola, ada, ADMIN)
        again = make_person(email="ada.second@alajo.test")
        with pytest.raises(invitations.InvitationWithdrawn):
            invitations.accept(token=way_back, by=again, at=NOW)
        if lost == "lowered":
            assert invitations.accept(token=harmless, by=chidi, at=NOW).role == MEMBER
        else:
            with pytest.raises(invitations.InvitationWithdrawn):
                invitations.accept(token=harmless, by=chidi, at=NOW)


class TestClosing:
    def test_it_ends_keys_invitations_and_membership(self, bola, chidi):
        firm = make_organization(bola)
        _offer, token = invitations.invite(
            organization_id=firm.pk, by=bola, email=chidi.email, role=MEMBER, at=NOW
        )
        with acting_as_service():
            key = ApiKey.objects.create(
                organization=firm, created_by=bola, name="Till", mode="LIVE", digest="d", last_four="wxyz"
            )
        close(firm, bola)
        with acting_as_service():
            key.refresh_from_db()
            assert key.revoked_at == NOW
            assert Organization.objects.get(pk=firm.pk).closed_at == NOW
            assert not firm.memberships.exists()
        with pytest.raises(invitations.InvitationWithdrawn):
            invitations.accept(token=token, by=chidi, at=NOW)
        with pytest.raises(OrganizationNotFound):
            close(firm, bola)
        with acting_as(bola):
            assert not Organization.objects.exists()
        assert deeds("accounts.organization.closed") and deeds("accounts.api_key.revoked")

    def test_nobody_is_left_behind_silently(self, bola, ada):
        firm = make_organization(bola, member=ada)
        with pytest.raises(MembersRemain):
            close(firm, bola)
        leave(firm, ada)
        close(firm, bola)

    def test_only_an_owner_closes(self, bola, ada, chidi):
        firm = make_organization(bola, admin=ada, member=chidi)
        for person in (ada, chidi):
            with pytest.raises(RoleNotEnough):
                close(firm, person)

    def test_who_joins_while_it_closes_is_in_or_refused_and_never_left_behind(self, bola, chidi):
        for _ in range(5):
            firm = make_organization(bola)
            _offer, token = invitations.invite(
                organization_id=firm.pk, by=bola, email=chidi.email, role=MEMBER, at=NOW
            )
            at_once(partial(close, firm, bola), partial(invitations.accept, token=token, by=chidi, at=NOW))
            with acting_as_service():
                closed = Organization.objects.get(pk=firm.pk).closed_at is not None
                assert closed != firm.memberships.filter(user=chidi).exists()
