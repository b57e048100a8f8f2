"""The states of an application and of the loan it becomes, and the only ways between them. Pure.

One machine holds both, from a draft to a loan that is paid off. Each way names who may take it and what must hold
first; whoever takes it finds out whether that holds and says so. A fact that changes no state is here only where it
leaves a row of history: arrears, a new schedule, a recovery.
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from core.errors import DomainError


class State(TextChoices):
    DRAFT = "DRAFT", _("Not sent")
    SUBMITTED = "SUBMITTED", _("Sent")
    INCOMPLETE = "INCOMPLETE", _("Waiting for your answer")
    DECLINED = "DECLINED", _("Declined")
    LISTED = "LISTED", _("Open to lenders")
    OFFERED = "OFFERED", _("Offers to choose from")
    EXPIRED = "EXPIRED", _("Expired")
    WITHDRAWN = "WITHDRAWN", _("Withdrawn")
    ACCEPTED = "ACCEPTED", _("Offer accepted")
    SIGNED = "SIGNED", _("Signed")
    CANCELLED = "CANCELLED", _("Cancelled")
    ACTIVE = "ACTIVE", _("Active")
    CLOSED_MET = "CLOSED_MET", _("Paid off")
    OVERPAID = "OVERPAID", _("Overpaid")
    CHARGED_OFF = "CHARGED_OFF", _("Charged off")
    WRITTEN_OFF = "WRITTEN_OFF", _("Written off")
    CLOSED_REFINANCED = "CLOSED_REFINANCED", _("Replaced by a new loan")


class Event(TextChoices):
    """What happens to an application or a loan, in staff's words."""

    SUBMIT = "submit", _("Sent")
    ASK = "ask", _("Asked for more")
    ANSWER = "answer", _("Answered")
    DECLINE = "decline", _("Declined")
    OPEN = "open", _("Opened to lenders")
    OFFER = "offer", _("First offer made")
    EXPIRE = "expire", _("Expired")
    WITHDRAW = "withdraw", _("Withdrawn")
    ACCEPT = "accept", _("Offer accepted")
    FAIL_CHECK = "fail_check", _("Last check failed")
    SIGN = "sign", _("Signed by all")
    CANCEL = "cancel", _("Cancelled")
    DISBURSE = "disburse", _("Paid out")
    REPAY = "repay", _("Payment")
    FALL_BEHIND = "fall_behind", _("Fell behind")
    RESCHEDULE = "reschedule", _("Due days or instalments changed")
    RE_AGE = "re_age", _("Arrears asked for anew")
    CHARGE_OFF = "charge_off", _("Charged off")
    WRITE_OFF = "write_off", _("Written off")
    RECOVER = "recover", _("Recovery")
    UNDO_WRITE_OFF = "undo_write_off", _("Write-off undone")
    REVERSE_PAYMENT = "reverse_payment", _("Payment taken back")
    REFUND = "refund", _("Given back what was too much")
    REFINANCE = "refinance", _("Replaced by a new loan")
    UNDO_DISBURSAL = "undo_disbursal", _("Payout undone")
    REOPEN = "reopen", _("Opened again")


class Actor(TextChoices):
    BORROWER = "borrower", _("Borrower")
    PROVIDER = "provider", _("Lender")
    OFFICER = "officer", _("Officer")
    CHECKER = "checker", _("Second officer")
    SYSTEM = "system", _("Alajo")


class Guard(StrEnum):
    """What must hold before a way is taken."""

    KYC_TIER = "kyc_tier"  # the person is known well enough for what they ask
    CONSENT = "consent"
    COMPLETE_FILE = "complete_file"
    WRITTEN_NOTICE = "written_notice"  # only that stops the clock of an adverse action
    HARD_RULE_HIT = "hard_rule_hit"
    REASONS_STORED = "reasons_stored"
    NOTICE_QUEUED = "notice_queued"
    SCORED = "scored"
    SOFT_SEARCHED = "soft_searched"
    WITHIN_PROVIDER_LIMITS = "within_provider_limits"
    PAST_DEADLINE = "past_deadline"
    OFFER_UNEXPIRED = "offer_unexpired"
    MAY_LIST_AGAIN = "may_list_again"  # never listed again before
    MAY_NOT_LIST_AGAIN = "may_not_list_again"
    SAME_TERMS = "same_terms"  # the hash signed is the offer's
    BOTH_SIGNED = "both_signed"
    COOLING_OFF = "cooling_off"  # within the legal window
    PRINCIPAL_BACK = "principal_back"  # all that was paid out, and no fee kept
    FUNDING_SETTLED = "funding_settled"
    BANK_NAME_MATCHES = "bank_name_matches"
    POSTING_ID_STORED = "posting_id_stored"
    STILL_OWED = "still_owed"  # something is owed or pending
    ALL_SETTLED = "all_settled"  # each part is zero, nothing is pending, what accrued is what was posted
    PAID_TOO_MUCH = "paid_too_much"
    DAYS_PAST_DUE = "days_past_due"
    MAKER_IS_NOT_CHECKER = "maker_is_not_checker"
    POLICY_DAYS_PASSED = "policy_days_passed"
    APPROVED = "approved"
    RECOVERY_ENTERED = "recovery_entered"
    SAME_PERIOD = "same_period"
    REPLAYED = "replayed"  # from the day of the payment that came back
    TO_ITS_SOURCE = "to_its_source"  # the money goes to the account it came from
    NEW_LOAN_LINKED = "new_loan_linked"
    SAME_DAY = "same_day"
    NO_REPAYMENT = "no_repayment"
    BOTH_SIDES_REVERSED = "both_sides_reversed"
    BELOW_CUT_OFF = "below_cut_off"  # and an officer looked at it
    OVERRIDE_LOGGED = "override_logged"
    REVIEW_UPHELD = "review_upheld"  # a person looked again, as was asked, and found otherwise


class StateRefused(DomainError):
    """`data` names the state that the application or loan is in and the event that does not fit it."""

    code = "credit_state_refused"
    kind = "conflict"
    message = _("This cannot be done with an application or a loan in its state.")
    public = ("state", "event")


class ActorRefused(DomainError):
    """The event fits the state, and is somebody else's to bring about."""

    code = "credit_actor_refused"
    kind = "forbidden"
    message = _("This is not yours to do.")
    public = ("state", "event")


class GuardUnmet(DomainError):
    """`data["unmet"]` names what does not hold; where there are several ways, of the one that lacks least."""

    code = "credit_guard_unmet"
    kind = "conflict"
    message = _("Something is missing before this can be done.")
    public = ("state", "event", "unmet")


@dataclass(frozen=True)
class Way:
    start: State
    event: Event
    who: frozenset[Actor]
    end: State
    guards: frozenset[Guard] = frozenset()


def _way(start: State, event: Event, who: set[Actor], end: State, *guards: Guard) -> Way:
    return Way(start, event, frozenset(who), end, frozenset(guards))


S, E, A, G = State, Event, Actor, Guard
# Beyond the table that these rules follow: nobody is declined by a score alone, an officer does that or lists all the
# same; a human review may open an application again; what nobody answers or signs expires, and a borrower may withdraw
# before anything is accepted; money may come in parts, as it is asked for (what nobody asks for in time expires), and
# go back in the cooling-off time; a payment may be taken back whatever became of the loan; what was charged off may be
# written off; an officer ends what is signed and cannot be paid.
# Where a state and an event have several ways for one actor, a guard of each excludes the others. That nothing is
# withdrawn once an offer is accepted needs no guard: there is no way.
WAYS: tuple[Way, ...] = (
    _way(S.DRAFT, E.SUBMIT, {A.BORROWER}, S.SUBMITTED, G.KYC_TIER, G.CONSENT, G.COMPLETE_FILE),
    _way(S.DRAFT, E.WITHDRAW, {A.BORROWER}, S.WITHDRAWN),
    _way(S.SUBMITTED, E.WITHDRAW, {A.BORROWER}, S.WITHDRAWN),
    _way(S.INCOMPLETE, E.WITHDRAW, {A.BORROWER}, S.WITHDRAWN),
    _way(S.INCOMPLETE, E.EXPIRE, {A.SYSTEM}, S.EXPIRED, G.PAST_DEADLINE, G.NOTICE_QUEUED),
    _way(S.SUBMITTED, E.ASK, {A.OFFICER}, S.INCOMPLETE, G.WRITTEN_NOTICE),
    _way(S.INCOMPLETE, E.ANSWER, {A.BORROWER}, S.SUBMITTED),
    _way(S.SUBMITTED, E.DECLINE, {A.SYSTEM}, S.DECLINED, G.HARD_RULE_HIT, G.REASONS_STORED, G.NOTICE_QUEUED),
    _way(S.SUBMITTED, E.DECLINE, {A.OFFICER}, S.DECLINED, G.BELOW_CUT_OFF, G.REASONS_STORED, G.NOTICE_QUEUED),
    _way(S.SUBMITTED, E.OPEN, {A.SYSTEM}, S.LISTED, G.SCORED, G.SOFT_SEARCHED),
    _way(S.SUBMITTED, E.OPEN, {A.OFFICER}, S.LISTED, G.SCORED, G.SOFT_SEARCHED, G.OVERRIDE_LOGGED),
    _way(S.DECLINED, E.REOPEN, {A.OFFICER}, S.SUBMITTED, G.REVIEW_UPHELD),
    _way(S.LISTED, E.OFFER, {A.PROVIDER, A.SYSTEM}, S.OFFERED, G.WITHIN_PROVIDER_LIMITS),
    _way(S.LISTED, E.EXPIRE, {A.SYSTEM}, S.EXPIRED, G.PAST_DEADLINE, G.NOTICE_QUEUED),
    _way(S.OFFERED, E.EXPIRE, {A.SYSTEM}, S.EXPIRED, G.PAST_DEADLINE, G.NOTICE_QUEUED),
    _way(S.LISTED, E.WITHDRAW, {A.BORROWER}, S.WITHDRAWN),
    _way(S.OFFERED, E.WITHDRAW, {A.BORROWER}, S.WITHDRAWN),
    _way(S.OFFERED, E.ACCEPT, {A.BORROWER}, S.ACCEPTED, G.OFFER_UNEXPIRED),
    _way(S.ACCEPTED, E.FAIL_CHECK, {A.PROVIDER}, S.LISTED, G.REASONS_STORED, G.MAY_LIST_AGAIN),
    _way(S.ACCEPTED, E.FAIL_CHECK, {A.PROVIDER}, S.DECLINED, G.REASONS_STORED, G.MAY_NOT_LIST_AGAIN),
    _way(S.ACCEPTED, E.EXPIRE, {A.SYSTEM}, S.EXPIRED, G.PAST_DEADLINE, G.NOTICE_QUEUED),
    _way(S.ACCEPTED, E.SIGN, {A.BORROWER, A.PROVIDER}, S.SIGNED, G.SAME_TERMS, G.BOTH_SIGNED),
    _way(S.SIGNED, E.CANCEL, {A.BORROWER}, S.CANCELLED, G.COOLING_OFF, G.PRINCIPAL_BACK),
    _way(S.SIGNED, E.CANCEL, {A.OFFICER}, S.CANCELLED, G.PRINCIPAL_BACK),
    _way(S.SIGNED, E.EXPIRE, {A.SYSTEM}, S.EXPIRED, G.PAST_DEADLINE, G.NOTICE_QUEUED),
    _way(
        S.SIGNED,
        E.DISBURSE,
        {A.SYSTEM},
        S.ACTIVE,
        G.FUNDING_SETTLED,
        G.BANK_NAME_MATCHES,
        G.POSTING_ID_STORED,
    ),
    _way(
        S.ACTIVE,
        E.DISBURSE,
        {A.SYSTEM},
        S.ACTIVE,
        G.FUNDING_SETTLED,
        G.BANK_NAME_MATCHES,
        G.POSTING_ID_STORED,
    ),
    _way(S.ACTIVE, E.CANCEL, {A.BORROWER}, S.CANCELLED, G.COOLING_OFF, G.PRINCIPAL_BACK),
    _way(S.ACTIVE, E.REPAY, {A.BORROWER, A.SYSTEM}, S.ACTIVE, G.STILL_OWED),
    _way(S.ACTIVE, E.REPAY, {A.BORROWER, A.SYSTEM}, S.CLOSED_MET, G.ALL_SETTLED),
    _way(S.ACTIVE, E.REPAY, {A.BORROWER, A.SYSTEM}, S.OVERPAID, G.PAID_TOO_MUCH),
    _way(S.ACTIVE, E.FALL_BEHIND, {A.SYSTEM}, S.ACTIVE, G.DAYS_PAST_DUE),
    _way(S.ACTIVE, E.RESCHEDULE, {A.OFFICER}, S.ACTIVE, G.MAKER_IS_NOT_CHECKER),
    _way(S.ACTIVE, E.RE_AGE, {A.OFFICER}, S.ACTIVE, G.MAKER_IS_NOT_CHECKER),
    _way(S.ACTIVE, E.CHARGE_OFF, {A.OFFICER}, S.CHARGED_OFF, G.POLICY_DAYS_PASSED, G.APPROVED),
    _way(S.ACTIVE, E.WRITE_OFF, {A.OFFICER}, S.WRITTEN_OFF, G.POLICY_DAYS_PASSED, G.APPROVED),
    _way(S.CHARGED_OFF, E.WRITE_OFF, {A.OFFICER}, S.WRITTEN_OFF, G.POLICY_DAYS_PASSED, G.APPROVED),
    _way(S.CHARGED_OFF, E.RECOVER, {A.BORROWER, A.OFFICER, A.SYSTEM}, S.CHARGED_OFF, G.RECOVERY_ENTERED),
    _way(S.WRITTEN_OFF, E.RECOVER, {A.BORROWER, A.OFFICER, A.SYSTEM}, S.WRITTEN_OFF, G.RECOVERY_ENTERED),
    _way(S.WRITTEN_OFF, E.UNDO_WRITE_OFF, {A.CHECKER}, S.ACTIVE, G.SAME_PERIOD),
    _way(S.ACTIVE, E.REVERSE_PAYMENT, {A.OFFICER, A.SYSTEM}, S.ACTIVE, G.REPLAYED),
    _way(S.CLOSED_MET, E.REVERSE_PAYMENT, {A.OFFICER, A.SYSTEM}, S.ACTIVE, G.REPLAYED),
    _way(S.OVERPAID, E.REVERSE_PAYMENT, {A.OFFICER, A.SYSTEM}, S.ACTIVE, G.REPLAYED),
    _way(S.OVERPAID, E.REFUND, {A.BORROWER, A.OFFICER, A.SYSTEM}, S.CLOSED_MET, G.TO_ITS_SOURCE),
    _way(S.ACTIVE, E.REFINANCE, {A.SYSTEM}, S.CLOSED_REFINANCED, G.NEW_LOAN_LINKED),
    _way(
        S.ACTIVE,
        E.UNDO_DISBURSAL,
        {A.OFFICER},
        S.SIGNED,
        G.SAME_DAY,
        G.NO_REPAYMENT,
        G.BOTH_SIDES_REVERSED,
    ),
)
# No way leads out of these.
ENDED = frozenset(State) - {way.start for way in WAYS}


def ways_from(state: str, event: Event) -> tuple[Way, ...]:
    """Return the ways that an event may lead from a state; none where it does not fit."""
    return tuple(way for way in WAYS if (way.start, way.event) == (state, event))


def following(state: str, event: Event, *, who: Actor, holding: Collection[Guard] = ()) -> State:
    """Return the state that an event leads to, given everything that was found to hold.

    Raises StateRefused, ActorRefused, GuardUnmet; ValueError where what is said to hold excludes itself.
    """
    found = ways_from(state, event)
    facts = {"state": str(state), "event": str(event)}
    if not found:
        raise StateRefused(**facts)
    allowed = [way for way in found if who in way.who]
    if not allowed:
        raise ActorRefused(**facts)
    held = frozenset(holding)
    open_ways = [way for way in allowed if way.guards <= held]
    if not open_ways:
        unmet = min((sorted(way.guards - held) for way in allowed), key=len)
        raise GuardUnmet(**facts, unmet=[str(guard) for guard in unmet])
    if len(open_ways) > 1:
        raise ValueError(f"{event} leads from {state} to only one of {[str(way.end) for way in open_ways]}.")
    return open_ways[0].end
