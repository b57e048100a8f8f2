"""Invitations: who may send how many, and that a link joins the one it went to, once, while it stands."""

import re
from datetime import timedelta
from functools import partial

import pytest
from allauth.account.models import EmailAddress
from django.core import mail

from accounts.models import AuditEvent, Invitation, Notification, Organization
from accounts.services import invitations, organizations
from accounts.services.invitations import (
    AlreadyMember,
    InvitationExpired,
    InvitationForAnother,
    InvitationNotFound,
    InvitationUsed,
    InvitationWithdrawn,
    OrganizationFull,
    TooManyInvitationMails,
    TooManyInvitations,
)
from accounts.services.organizations import OrganizationNotFound, RoleNotEnough
from accounts.tests.factories import make_person
from accounts.tests.organizations import ADMIN, MEMBER, NOW, OWNER, join, make_organization, role_of
from core.actors import acting_as, acting_as_service
from wallet.tests.ledger import at_once, errors

pytestmark = pytest.mark.django_db(transaction=True)
A_WEEK = timedelta(days=7)


def invite(firm, by, email="new@alajo.test", role=MEMBER, at=NOW):
    return invitations.invite(organization_id=firm.pk, by=by, email=email, role=role, at=at)


def accept(token, by, at=NOW):
    return invitations.accept(token=token, by=by, at=at)


def standing(firm) -> int:
    with acting_as_service():
        return firm.invitations.standing().count()


class TestSending:
    def test_the_mail_carries_the_link_and_nothing_else_does(self, firm, bola):
        offer, token = invite(firm, bola, "  New@Alajo.TEST ")
        [letter] = mail.outbox
        assert letter.to == ["new@alajo.test"] and offer.email == "new@alajo.test"
        assert f"http://testserver/organizations/join/{token}/" in letter.body
        assert "Bola Adeyemi (bola@alajo.test)" in letter.body and "Kasuwa Stores" in letter.subject
        html = letter.alternatives[0][0]
        assert token in html
        with acting_as_service():
            kept = Invitation.objects.get()
            assert token not in str(vars(kept)) and re.fullmatch("[0-9a-f]{64}", kept.digest)
            for event in AuditEvent.objects.all():
                assert token not in str(event.data) and kept.digest not in str(event.data)
            assert AuditEvent.objects.get(action="accounts.invitation.sent").actor_id == bola.pk
        assert kept.expires_at == NOW + A_WEEK

    def test_markup_in_a_name_stays_words_and_a_link_in_the_inviters_name_stays_out(self):
        crook = make_person(name="Prize at evil.example", email="crook@alajo.test")
        firm = make_organization(crook, name="<b>Bold</b>".replace("/", ""))
        invite(firm, crook)
        html = mail.outbox[-1].alternatives[0][0]
        assert "<b>Bold" not in html and "&lt;b&gt;Bold" in html
        assert "evil.example" not in html + mail.outbox[-1].body

    def test_what_is_rolled_back_is_not_mailed(self, firm, bola):
        with pytest.raises(RuntimeError), acting_as_service():
            invite(firm, bola)
            raise RuntimeError
        assert mail.outbox == [] and standing(firm) == 0

    def test_a_second_one_to_the_same_address_replaces_the_first(self, firm, bola, chidi):
        _first, old = invite(firm, bola, chidi.email, MEMBER)
        _second, new = invite(firm, bola, chidi.email.upper(), ADMIN)
        assert standing(firm) == 1
        with pytest.raises(InvitationWithdrawn):
            accept(old, chidi)
        assert accept(new, chidi).role == ADMIN

    def test_one_sent_again_has_a_new_link_and_a_new_week(self, firm, bola, chidi):
        first, old = invite(firm, bola, chidi.email, ADMIN)
        later = NOW + timedelta(days=8)
        again, new = invitations.resend(organization_id=firm.pk, invitation_id=first.pk, by=bola, at=later)
        assert (again.role, again.expires_at) == (ADMIN, later + A_WEEK)
        with pytest.raises(InvitationWithdrawn):
            accept(old, chidi, later)
        accept(new, chidi, later)

    def test_someone_who_belongs_already_is_not_invited(self, firm, bola):
        with pytest.raises(AlreadyMember):
            invite(firm, bola, bola.email.upper())

    def test_two_at_once_to_one_address_leave_one_open(self, firm, bola):
        for _ in range(3):
            at_once(*[partial(invite, firm, bola)] * 3)
            assert standing(firm) == 1


class TestRights:
    def test_an_administrator_offers_membership_and_no_more(self, firm, bola, ada):
        join(firm, bola, ada, ADMIN)
        invite(firm, ada)
        for role in (ADMIN, OWNER):
            with pytest.raises(RoleNotEnough):
                invite(firm, ada, "other@alajo.test", role)

    def test_an_administrator_can_neither_replace_nor_withdraw_nor_resend_what_is_above_them(
        self, firm, bola, ada, chidi
    ):
        join(firm, bola, ada, ADMIN)
        offer, token = invite(firm, bola, chidi.email, OWNER)
        where = {"organization_id": firm.pk, "invitation_id": offer.pk, "by": ada, "at": NOW}
        for attempt in (
            partial(invite, firm, ada, chidi.email, MEMBER),
            partial(invitations.withdraw, **where),
            partial(invitations.resend, **where),
        ):
            with pytest.raises(RoleNotEnough):
                attempt()
        assert accept(token, chidi).role == OWNER

    def test_a_member_invites_and_withdraws_nobody(self, firm, bola, ada):
        join(firm, bola, ada)
        offer, _token = invite(firm, bola)
        where = {"organization_id": firm.pk, "invitation_id": offer.pk, "by": ada, "at": NOW}
        for attempt in (
            partial(invite, firm, ada, "other@alajo.test"),
            partial(invitations.withdraw, **where),
            partial(invitations.resend, **where),
        ):
            with pytest.raises(RoleNotEnough):
                attempt()

    def test_a_stranger_and_someone_who_left_find_no_organisation(self, firm, bola, ada, chidi):
        join(firm, bola, ada, OWNER)
        organizations.leave(organization_id=firm.pk, by=ada, at=NOW)
        for person in (ada, chidi):
            with pytest.raises(OrganizationNotFound):
                invite(firm, person)

    def test_an_invitation_is_not_reached_through_another_organisation(self, firm, bola, ada):
        other = make_organization(ada, name="Other")
        offer, _token = invite(firm, bola)
        for service in (invitations.withdraw, invitations.resend):
            with pytest.raises(InvitationNotFound):
                service(organization_id=other.pk, invitation_id=offer.pk, by=ada, at=NOW)
        assert standing(firm) == 1


class TestLimits:
    def test_no_more_are_open_than_may_be_and_a_replacement_is_no_addition(self, firm, bola, monkeypatch):
        monkeypatch.setattr(invitations, "MOST_OPEN", 3)
        for number in range(3):
            invite(firm, bola, f"p{number}@alajo.test")
        with pytest.raises(TooManyInvitations):
            invite(firm, bola, "p3@alajo.test")
        invite(firm, bola, "p0@alajo.test")
        invite(firm, bola, "p3@alajo.test", at=NOW + A_WEEK)

    def test_mails_in_an_hour_count_also_when_withdrawn_or_sent_again(self, firm, bola):
        last = None
        for number in range(10):
            last, _token = invite(firm, bola, f"p{number}@alajo.test")
            invitations.withdraw(organization_id=firm.pk, invitation_id=last.pk, by=bola, at=NOW)
        offer, _token = invite(firm, bola, "again@alajo.test", at=NOW + timedelta(minutes=30))
        for _ in range(9):
            offer, _token = invitations.resend(
                organization_id=firm.pk, invitation_id=offer.pk, by=bola, at=NOW + timedelta(minutes=30)
            )
        late = NOW + timedelta(minutes=59)
        with pytest.raises(TooManyInvitationMails) as refused:
            invite(firm, bola, "one.more@alajo.test", at=late)
        assert refused.value.data["retry_after"] == 60
        with pytest.raises(TooManyInvitationMails):
            invitations.resend(organization_id=firm.pk, invitation_id=offer.pk, by=bola, at=late)
        invite(firm, bola, "one.more@alajo.test", at=NOW + timedelta(hours=1))

    def test_the_limit_of_a_person_holds_over_all_they_found(self, bola, monkeypatch):
        monkeypatch.setattr(invitations, "MAILS_OF_PERSON", 3)
        firms = [make_organization(bola, name=f"Firm {number}") for number in range(4)]
        for firm in firms[:3]:
            invite(firm, bola)
        with pytest.raises(TooManyInvitationMails):
            invite(firms[3], bola)

    def test_many_at_once_do_not_pass_the_limit(self, firm, bola, monkeypatch):
        monkeypatch.setattr(invitations, "MAILS_OF_ORGANIZATION", 3)
        results = at_once(*[partial(invite, firm, bola, f"p{number}@alajo.test") for number in range(6)])
        assert errors(results) == {TooManyInvitationMails: 3}
        assert len(mail.outbox) == 3


class TestJoining:
    def test_the_link_joins_whom_it_went_to_and_the_managers_hear_of_it(self, firm, bola, ada, chidi):
        join(firm, bola, ada, ADMIN)
        _offer, token = invite(firm, ada, chidi.email)
        assert accept(token, chidi).role == MEMBER
        with acting_as_service():
            event = AuditEvent.objects.filter(action="accounts.invitation.accepted").latest("id")
            assert event.actor_id == chidi.pk and event.data == {"organization": str(firm.pk)}
            told = Notification.objects.filter(event="organization.joined", data__name="Chidi Eze")
            assert set(told.values_list("user_id", flat=True)) == {bola.pk, ada.pk}

    def test_it_joins_nobody_else_until_the_address_is_theirs_and_confirmed(self, firm, bola, chidi):
        _offer, token = invite(firm, bola, "shop@alajo.test")
        for _unconfirmed in range(2):
            with pytest.raises(InvitationForAnother) as refused:
                accept(token, chidi)
            assert refused.value.public_data == {"address": "s•••@alajo.test"}
            with acting_as_service():
                EmailAddress.objects.update_or_create(user=chidi, email="shop@alajo.test", verified=False)
        with acting_as_service():
            EmailAddress.objects.filter(email="shop@alajo.test").update(verified=True)
        assert accept(token, chidi).role == MEMBER
        with pytest.raises(AlreadyMember):
            invite(firm, bola, "shop@alajo.test")

    def test_an_address_that_is_main_but_not_confirmed_joins_nobody(self, firm, bola, chidi):
        _offer, token = invite(firm, bola, chidi.email)
        with acting_as_service():
            EmailAddress.objects.filter(user=chidi).update(verified=False)
        with pytest.raises(InvitationForAnother):
            accept(token, chidi)
        assert role_of(firm, chidi) == ""

    def test_it_works_once(self, firm, bola, chidi, ada):
        _offer, token = invite(firm, bola, chidi.email)
        accept(token, chidi)
        for person in (chidi, ada):
            with pytest.raises(InvitationUsed):
                accept(token, person)
        assert role_of(firm, ada) == ""

    def test_pressed_many_times_at_once_it_joins_once(self, firm, bola, chidi):
        _offer, token = invite(firm, bola, chidi.email)
        results = at_once(*[partial(accept, token, chidi)] * 4)
        assert errors(results) == {InvitationUsed: 3}
        with acting_as_service():
            assert firm.memberships.count() == 2

    def test_two_links_at_once_make_one_member_of_a_person(self, firm, bola, chidi):
        with acting_as_service():
            EmailAddress.objects.create(user=chidi, email="shop@alajo.test", verified=True)
        tokens = [invite(firm, bola, email)[1] for email in (chidi.email, "shop@alajo.test")]
        results = at_once(*[partial(accept, token, chidi) for token in tokens])
        assert errors(results) == {AlreadyMember: 1}

    def test_withdrawn_while_it_is_accepted_it_is_one_or_the_other(self, firm, bola, chidi):
        for _ in range(5):
            offer, token = invite(firm, bola, chidi.email)
            where = {"organization_id": firm.pk, "invitation_id": offer.pk, "by": bola, "at": NOW}
            results = at_once(partial(accept, token, chidi), partial(invitations.withdraw, **where))
            assert sum(errors(results).values()) == 1
            with acting_as_service():
                offer.refresh_from_db()
                joined = firm.memberships.filter(user=chidi)
                assert bool(offer.accepted_at) == joined.exists() != bool(offer.withdrawn_at)
                joined.delete()

    def test_a_week_later_it_has_expired_to_the_second(self, firm, bola, chidi):
        _offer, token = invite(firm, bola, chidi.email)
        with pytest.raises(InvitationExpired):
            accept(token, chidi, NOW + A_WEEK)
        accept(token, chidi, NOW + A_WEEK - timedelta(seconds=1))

    @pytest.mark.parametrize("change", ["", "x", "\x00", "ę"])
    def test_an_unknown_token_is_unknown(self, firm, bola, chidi, change):
        offer, token = invite(firm, bola, chidi.email)
        for guess in (token + change if change else "", token[:-1], offer.digest, str(offer.pk)):
            with pytest.raises(InvitationNotFound):
                accept(guess, chidi)

    def test_a_member_does_not_become_another_by_a_link_for_someone_else(self, firm, bola, ada, chidi):
        join(firm, bola, ada)
        _offer, token = invite(firm, bola, chidi.email, OWNER)
        with pytest.raises(InvitationForAnother):
            accept(token, ada)
        assert role_of(firm, ada) == MEMBER
        assert accept(token, chidi).role == OWNER

    def test_no_more_belong_to_it_than_may(self, firm, bola, chidi, monkeypatch):
        monkeypatch.setattr(invitations, "MOST_MEMBERS", 1)
        _offer, token = invite(firm, bola, chidi.email)
        with pytest.raises(OrganizationFull):
            accept(token, chidi)

    def test_services_do_their_work_from_a_persons_own_page_too(self, firm, bola, chidi):
        """Where row security applies and a person may write nothing."""
        with acting_as(bola):
            _offer, token = invite(firm, bola, chidi.email)
        with acting_as(chidi):
            accept(token, chidi)
            assert Organization.objects.get().pk == firm.pk
