"""The life of an application in its customer's hands: begun, agreed to, sent, withdrawn."""

from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from accounts import audit
from accounts.kyc import consent, steps
from accounts.kyc.requirements import required_of
from accounts.models import BankAccountClaim, Customer, KycApplication, KycStateChange, User
from accounts.services.kyc import checks, overview, sealing
from accounts.services.kyc.disposal import forget_unsent
from accounts.services.kyc.moving import WAITS_FOR, WrongState, locked, move
from accounts.services.kyc.telling import tell
from core.actors import acting_as_service
from core.errors import DomainError

State = KycApplication.State
COPIED = ("first_name", "middle_name", "last_name", "date_of_birth", "address", "city", "region", "country")
WITHDRAWN, CLOSED = "withdrawn", "account_closed"


class NotACustomer(DomainError):
    code = "kyc_not_a_customer"
    kind = "not_found"
    message = _("Only customers have a tier.")


class NoHigherTier(DomainError):
    code = "kyc_no_higher_tier"
    kind = "conflict"
    message = _("Your tier is that high already.")


class AlreadyOpen(DomainError):
    """`data["tier"]` is the tier of the application that is open."""

    code = "kyc_already_open"
    kind = "conflict"
    message = _("Another application of yours is open. Withdraw it first, or wait until it is decided.")
    public = ("tier",)


class NoApplication(DomainError):
    code = "kyc_no_application"
    kind = "not_found"
    message = _("You have no open application.")


class NotEditable(DomainError):
    """`data["state"]` says where the application stands."""

    code = "kyc_not_editable"
    kind = "conflict"
    message = _("This cannot be changed now. We are looking at what you sent, or have accepted it already.")
    public = ("state",)


class ChangedElsewhere(DomainError):
    """`data["revision"]` is the one that counts."""

    code = "kyc_changed_elsewhere"
    kind = "conflict"
    message = _(
        "You changed your application somewhere else meanwhile. Check what stands here, and save it again."
    )
    public = ("revision",)


class Incomplete(DomainError):
    """`data["missing"]` names the steps."""

    code = "kyc_incomplete"
    message = _("Some steps are not done yet.")
    public = ("missing",)


def start(*, user: User, tier: int, at: datetime) -> KycApplication:
    """Begin an application for a higher tier, with what was declared in the last one; one that is open is returned.

    Raises NotACustomer, NoHigherTier, AlreadyOpen.
    """
    with acting_as_service(on_behalf_of=user):
        customer = Customer.objects.select_for_update().filter(pk=user.pk).first()
        if customer is None or customer.status == Customer.Status.CLOSED:
            raise NotACustomer
        found = KycApplication.objects.filter(customer=customer).order_by("-id").first()
        if found is not None and found.is_open:
            if found.target_tier != tier:
                raise AlreadyOpen(tier=found.target_tier)
            return found
        if not customer.tier < tier <= overview.HIGHEST:
            raise NoHigherTier
        times = {"created_at": at, "updated_at": at, "expires_at": at + WAITS_FOR}
        before = {name: getattr(found, name) for name in COPIED} if found else {}
        made = KycApplication.objects.create(customer=customer, target_tier=tier, **before, **times)
        if found is not None:
            _copy_bank_account(found, made)
        KycStateChange.objects.create(application=made, to_state=State.DRAFT, by=user, at=at)
        audit.record(action="kyc.application.started", target=made, tier=tier)
    return made


def edited(*, user: User, at: datetime, step: str, revision: int | None = None) -> KycApplication:
    """Lock the customer's open application for a change of this step, and count the change; the caller saves.

    Raises NoApplication, NotEditable, and ChangedElsewhere where `revision` is not the one that counts.
    """
    application = open_of(user)
    given = overview.given_of(application)
    if not application.is_editable or not steps.is_open_to_change(step, given):
        raise NotEditable(state=application.state)
    if revision is not None and revision != application.revision:
        raise ChangedElsewhere(revision=application.revision)
    touch(application, at=at)
    again = [steps.item_of(item) for item in application.asked_again]
    application.asked_again = [
        {**item, "done": True} if steps.answers(step, item) else item for item in again
    ]
    return application


def open_of(user: User) -> KycApplication:
    """Lock and return the customer's open application, as the service. Raises NoApplication."""
    mine = KycApplication.objects.filter(customer_id=user.pk).open()
    found = mine.select_for_update(of=("self",)).first()
    if found is None:
        raise NoApplication
    return found


def touch(application: KycApplication, *, at: datetime) -> None:
    """Count a change; a draft waits from now on. The caller saves."""
    application.revision += 1
    application.updated_at = at
    if application.state == State.DRAFT:
        application.expires_at, application.reminded_at = at + WAITS_FOR, None


def give_consent(*, user: User, version: str, at: datetime) -> KycApplication:
    """Keep that the customer agreed, to which text and in which words. Raises ConsentOutdated, and as `edited`."""
    with acting_as_service(on_behalf_of=user):
        application = edited(user=user, at=at, step=steps.CONSENT)
        if version != consent.VERSION:
            raise ConsentOutdated
        application.consent_version, application.consent_text = version, consent.text_of(version)
        application.consented_at = at
        application.save()
        audit.record(action="kyc.consent.given", target=application, version=version)
    return application


class ConsentOutdated(DomainError):
    code = "kyc_consent_outdated"
    kind = "conflict"
    message = _("The text has changed meanwhile. Please read it again.")


def submit(*, user: User, at: datetime) -> KycApplication:
    """Send an application to staff. Raises NoApplication, WrongState (sent already), Incomplete."""
    with acting_as_service(on_behalf_of=user):
        application = open_of(user)
        if not application.is_editable:
            raise WrongState(state=application.state)
        codes = steps.asked_for(required_of(application.target_tier, timezone.localdate(at)))
        missing = steps.missing(codes, overview.given_of(application))
        if missing:
            raise Incomplete(missing=missing)
        application.submitted_at, application.asked_again = at, []
        move(application=application, to=State.SUBMITTED, by=user, at=at)
        audit.record(action="kyc.application.submitted", target=application, revision=application.revision)
        checks.start(application=application, at=at)
        tell(application=application, event="kyc.submitted")
    return application


def withdraw(*, user: User, at: datetime) -> KycApplication:
    """Give up an application that nobody looks at yet. Raises NoApplication, NotEditable."""
    with acting_as_service(on_behalf_of=user):
        application = open_of(user)
        if application.state == State.IN_REVIEW:
            raise NotEditable(state=application.state)
        move(application=application, to=State.EXPIRED, by=user, at=at, reason_code=WITHDRAWN)
        forget_unsent(application=application, at=at)
        audit.record(action="kyc.application.withdrawn", target=application)
    return application


def withdraw_of_leaving(*, user: User, at: datetime) -> None:
    """End the open application of somebody who closes their account, also one that staff are looking at."""
    with acting_as_service(on_behalf_of=user):
        found = KycApplication.objects.filter(customer_id=user.pk).open().values_list("pk", flat=True).first()
        if found is None:
            return
        application = locked(found)
        if application.state == State.IN_REVIEW:
            application.claimed_by = application.leased_until = None
            move(application=application, to=State.SUBMITTED, by=user, at=at, reason_code=CLOSED)
        move(application=application, to=State.EXPIRED, by=user, at=at, reason_code=CLOSED)
        forget_unsent(application=application, at=at)
        audit.record(action="kyc.application.withdrawn", target=application, because=CLOSED)


@sensitive_variables("number")
def _copy_bank_account(before: KycApplication, made: KycApplication) -> None:
    claim = BankAccountClaim.objects.filter(application=before).first()
    if claim is not None:
        number = sealing.open_account(claim)
        sealing.save_account(application=made, bank_code=claim.bank_code, number=number)
