"""Inviting by mail. Of the address we keep a keyed hash, to know it again, and a masked form to show."""

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from accounts import audit, letters
from accounts.models import Customer, Referral, User
from accounts.services.referrals.codes import CodeNoLongerValid, code_of
from accounts.services.referrals.joining import index_of, last_moment
from accounts.services.referrals.programs import in_force
from core.actors import acting_as_service
from core.errors import DomainError
from core.masking import masked_email

MAILS_A_DAY = 10
DAY = timedelta(days=1)


class NoProgram(DomainError):
    code = "referral_no_program"
    kind = "conflict"
    message = _("No programme is running at the moment, so nobody can be invited.")


class InvitesThemselves(DomainError):
    code = "referral_invites_themselves"
    message = _("This is your own address. Invite somebody else.")


class AlreadyInvited(DomainError):
    code = "referral_already_invited"
    kind = "conflict"
    message = _("You have invited this address already. Send them your link, if they lost the mail.")


class TooManyInvitationMails(DomainError):
    code = "referral_too_many_mails"
    kind = "limited"
    message = _("You can invite 10 people a day by mail. Share your link, or come back tomorrow.")


def invite(*, user: User, email: str, at: datetime) -> Referral:
    """Mail somebody a customer's link. Whether the address has an account is told to nobody.

    Raises NoProgram, InvitesThemselves, AlreadyInvited, TooManyInvitationMails, CodeNoLongerValid.
    """
    email = email.strip().lower()
    with acting_as_service():
        customer = Customer.objects.select_for_update().get(pk=user.pk)
        program = in_force(at=at)
        if customer.status != Customer.Status.ACTIVE:
            raise CodeNoLongerValid
        if program is None:
            raise NoProgram
        if email == user.email:
            raise InvitesThemselves
        sent = Referral.objects.filter(referrer=user, invited_at__gt=at - DAY)
        if sent.count() >= MAILS_A_DAY:
            raise TooManyInvitationMails
        try:
            with transaction.atomic():
                referral = Referral.objects.create(
                    program=program,
                    referrer=user,
                    state=Referral.State.INVITED,
                    shown_as=masked_email(email)[:100],
                    email_index=index_of(email),
                    invited_at=at,
                    qualify_by=last_moment(at, program.attribution_days),
                    changed_at=at,
                )
        except IntegrityError:
            raise AlreadyInvited from None
        audit.record(action="accounts.referral.invited", target=referral, actor_id=user.pk)
        code = code_of(user=user, at=at)
        letters.send(
            template="referrals/mail/invitation",
            to=email,
            name=user.display_name,
            link=letters.page("referral_link", code.code),
            program=program,
        )
    return referral
