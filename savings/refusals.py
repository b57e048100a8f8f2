"""What can be refused about savings, by name. Amounts in `data` are minor units (kobo)."""

from django.utils.translation import gettext_lazy as _

from core.errors import DomainError


class SavingNotFound(DomainError):
    code = "saving_not_found"
    kind = "not_found"
    message = _("There is no such saving.")


class SavingNotParked(DomainError):
    code = "saving_not_parked"
    kind = "conflict"
    message = _("This saving is not parked: its days are closed as all others are.")


class SavingIdReused(DomainError):
    code = "saving_id_reused"
    kind = "conflict"
    message = _("This saving was already opened with other details.")


class SavingInvalid(DomainError):
    """`data["field"]` names what is wrong."""

    code = "saving_invalid"
    message = _("A saving cannot be opened so.")
    public = ("field",)


class TooManySavings(DomainError):
    code = "too_many_savings"
    kind = "conflict"
    message = _("You have 100 savings. End one that you no longer need.")


class PlanClosed(DomainError):
    code = "savings_plan_closed"
    kind = "conflict"
    message = _("This plan takes no new savings. Choose another one.")


class TermsChanged(DomainError):
    code = "savings_terms_changed"
    kind = "conflict"
    message = _("The terms of this plan have changed. Look at them again before you go on.")


class StateRefused(DomainError):
    """`data` names the state that the saving is in and the event that does not fit it."""

    code = "saving_state_refused"
    kind = "conflict"
    message = _("This cannot be done with a saving in its state.")
    public = ("state", "event")


class SavingFrozen(DomainError):
    code = "saving_frozen"
    kind = "forbidden"
    message = _("This saving is frozen: nothing moves until that is lifted. Write to our support.")


class SavingOver(DomainError):
    code = "saving_over"
    kind = "conflict"
    message = _("This saving has come to its end and takes no more money. Open a new one.")


class TakesMoneyOnce(DomainError):
    code = "saving_takes_money_once"
    kind = "conflict"
    message = _("This plan takes money once, on its first day. Open another saving for more.")


class TooLittle(DomainError):
    code = "saving_too_little"
    message = _("That is less than this plan takes at a time.")
    public = ("minimum",)


class TooMuch(DomainError):
    code = "saving_too_much"
    message = _("That is more than this plan holds.")
    public = ("maximum", "left")


class TierCapExceeded(DomainError):
    code = "saving_tier_cap_exceeded"
    message = _("Your wallet and your savings together would hold more than your tier may. Raise your tier.")
    public = ("cap",)


class Locked(DomainError):
    code = "saving_locked"
    kind = "conflict"
    message = _("This saving is locked until its end. You may break it, and see first what that costs.")
    public = ("matures_on",)


class NotEnoughSaved(DomainError):
    code = "saving_not_enough"
    message = _("There is not that much in this saving.")
    public = ("available", "fee")


class CostChanged(DomainError):
    """`data["fee"]` says what it costs now."""

    code = "saving_cost_changed"
    kind = "conflict"
    message = _("What taking money out costs has changed. Look at it again before you go on.")
    public = ("expected", "fee")


class BeingLookedInto(DomainError):
    code = "saving_parked"
    kind = "unavailable"
    message = _("We are looking into the interest of this saving. Your money is safe; try again later today.")


class QuoteOver(DomainError):
    code = "closing_quote_over"
    kind = "conflict"
    message = _("This quote no longer holds. Look at what ending the saving comes to now.")


class MovementReused(DomainError):
    code = "movement_id_reused"
    kind = "conflict"
    message = _("This was already done with other details.")


class GroupNotFound(DomainError):
    code = "savings_group_not_found"
    kind = "not_found"
    message = _("There is no such group, or its link no longer works. Ask whoever invited you for a new one.")


class GroupIdReused(DomainError):
    code = "savings_group_id_reused"
    kind = "conflict"
    message = _("This group was already made with other details.")


class GroupInvalid(DomainError):
    """`data["field"]` names what is wrong."""

    code = "savings_group_invalid"
    message = _("A group cannot be made so.")
    public = ("field",)


class TooManyGroups(DomainError):
    code = "savings_group_too_many"
    kind = "limited"
    message = _("You have made 20 groups that go on. Make another when one of them has come to its end.")


class GroupFull(DomainError):
    code = "savings_group_full"
    kind = "conflict"
    message = _("This group has 50 people, and takes no more.")


class GroupClosed(DomainError):
    code = "savings_group_closed"
    kind = "conflict"
    message = _("This group takes no new people any more: it was closed, or its day is too near.")


class AlreadyInGroup(DomainError):
    """`data["saving"]` is one's own saving in it."""

    code = "savings_group_joined"
    kind = "conflict"
    message = _("You save in this group already.")
    public = ("saving",)


class TooManyGroupLookups(DomainError):
    """`data["retry_after"]` says in how many seconds the next try is free."""

    code = "savings_group_lookups"
    kind = "limited"
    message = _("You have followed many invitations in a short time. Please wait a little.")
    public = ("retry_after",)


class DaysInvalid(DomainError):
    """`data["field"]` names what is wrong."""

    code = "savings_paper_days"
    message = _("Choose days of this saving, at most a year of them.")
    public = ("field",)


class TooManyPapers(DomainError):
    code = "savings_paper_too_many"
    kind = "limited"
    message = _("You have made many papers today. The ones you have stay as they are; come back tomorrow.")


class AutomaticInvalid(DomainError):
    """`data["field"]` names what is wrong."""

    code = "automatic_saving_invalid"
    message = _("This cannot be saved automatically so.")
    public = ("field",)


class AutomaticNotFound(DomainError):
    code = "automatic_saving_not_found"
    kind = "not_found"
    message = _("There is no such automatic saving.")


class AutomaticIdReused(DomainError):
    code = "automatic_saving_id_reused"
    kind = "conflict"
    message = _("This automatic saving was already set up with other details.")


class AutomaticGoesOn(DomainError):
    code = "automatic_saving_goes_on"
    kind = "conflict"
    message = _("This saving has one of that sort already. Change its amount, or stop it first.")


class AutomaticOver(DomainError):
    code = "automatic_saving_over"
    kind = "conflict"
    message = _("This automatic saving has ended. Set up a new one.")


class TooManyAutomatic(DomainError):
    code = "too_many_automatic_savings"
    kind = "conflict"
    message = _("You have set up automatic saving 100 times here. Change one that goes on instead.")


class NothingToSkip(DomainError):
    code = "nothing_to_skip"
    kind = "conflict"
    message = _("It is paused, so there is no day to skip.")


class DaysOfSavingsOpen(DomainError):
    """`data["day"]` is the first day of savings that is not closed."""

    code = "savings_days_open"
    kind = "conflict"
    message = _(
        "Not every day of this month is closed for all savings yet. Wait for the daily roll, or run it."
    )
    public = ("day",)


class SavingsParked(DomainError):
    """`data["savings"]` is how many are parked, `data["day"]` the first day of theirs that is not closed."""

    code = "savings_parked"
    kind = "conflict"
    message = _(
        "Savings are parked with days of this month that are not closed. Mend them and try them again."
    )
    public = ("savings", "day")


class BeforeOpening(DomainError):
    code = "entry_before_opening"
    message = _("The saving had not begun on that day. Choose a later one.")
    public = ("opened_on",)


class DayToCome(DomainError):
    code = "entry_in_future"
    message = _("That day is still to come. Choose today or one before.")
    public = ("today",)


class NotEnoughThatDay(DomainError):
    """`data["day"]` is the first day on which the saving would have held less than nothing."""

    code = "saving_not_enough_that_day"
    message = _("There was not that much in the saving on every day since. Enter less, or a later day.")
    public = ("day",)
