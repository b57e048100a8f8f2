"""What can be refused about credit, by name. Amounts in `data` are minor units (kobo)."""

from django.utils.translation import gettext_lazy as _

from core.errors import DomainError


class ApplicationNotFound(DomainError):
    code = "credit_application_not_found"
    kind = "not_found"
    message = _("There is no such application.")


class LoanNotFound(DomainError):
    code = "loan_not_found"
    kind = "not_found"
    message = _("There is no such loan.")


class LoanParked(DomainError):
    code = "loan_parked"
    kind = "unavailable"
    message = _("We are looking into this loan. Nothing is charged for the wait; try again later today.")


class LoanNotParked(DomainError):
    code = "loan_not_parked"
    kind = "conflict"
    message = _("This loan is not parked: its days are closed as all others are.")


class DayGone(DomainError):
    """`data["since"]` is the first day that can still be entered."""

    code = "loan_day_gone"
    kind = "conflict"
    message = _("This day is before the last thing that happened to the loan.")
    public = ("since",)


class NotPossible(DomainError):
    """The arithmetic of the loan does not allow it; `data["why"]` says why."""

    code = "loan_not_possible"
    kind = "conflict"
    message = _("This cannot be done with the loan as it stands.")
    public = ("why",)


class ProviderNotFound(DomainError):
    code = "lender_not_found"
    kind = "not_found"
    message = _("There is no such lender.")


class ProviderNotActive(DomainError):
    code = "lender_not_active"
    kind = "conflict"
    message = _("This lender may not lend now: it is not active, or its licence has run out.")


class IdReused(DomainError):
    """`data["field"]` names what differs from the first time."""

    code = "credit_id_reused"
    kind = "conflict"
    message = _("This was already done with other details.")
    public = ("field",)


class NotOnMarket(DomainError):
    """It is not listed, or its applicant no longer shows it to lenders."""

    code = "credit_not_on_market"
    kind = "conflict"
    message = _("This application takes no offers now.")


class BidNotFound(DomainError):
    code = "credit_bid_not_found"
    kind = "not_found"
    message = _("There is no such offer.")


class BidOver(DomainError):
    """`data["state"]` says what became of it."""

    code = "credit_bid_over"
    kind = "conflict"
    message = _("This offer is no longer open.")
    public = ("state",)


class OfferBarred(DomainError):
    """`data["bars"]` names all that bars the offer (`credit/matching.py`), `data["bid"]` which it is, once made."""

    code = "credit_offer_barred"
    kind = "conflict"
    message = _("This offer cannot be made, or not be accepted, as things stand.")
    public = ("bars", "bid")
