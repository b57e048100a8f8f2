"""What an officer may decide on a case, by its kind, and the reasons they choose from. Pure."""

from dataclasses import dataclass

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# Above it (kobo), listing what the score would not takes two people; the database knows the figure too.
TWO_PEOPLE_ABOVE = 100_000_000


class Decision(TextChoices):
    LIST = "LIST", _("List it all the same")
    DECLINE = "DECLINE", _("Decline")
    ASK = "ASK", _("Ask for more")
    RESCORE = "RESCORE", _("Search and score again")
    UPHOLD = "UPHOLD", _("Find for the applicant, and list")
    REOPEN = "REOPEN", _("Open again, to be scored anew")
    CONFIRM = "CONFIRM", _("Confirm the decision")
    STANDS = "STANDS", _("The entry stands")
    LEFT_OUT = "LEFT_OUT", _("Leave the entry out")
    CLOSE = "CLOSE", _("Close: nothing is left to decide")
    RECOMMEND = "RECOMMEND", _("Recommend listing")
    SEND_BACK = "SEND_BACK", _("Send back")


# What of these opens an application to lenders.
LISTS = frozenset({Decision.LIST, Decision.UPHOLD})


@dataclass(frozen=True)
class CaseReason:
    code: str
    label: str | Promise


def _reasons(*pairs: tuple[str, str | Promise]) -> tuple[CaseReason, ...]:
    return tuple(CaseReason(code, label) for code, label in pairs)


_FOR = _reasons(
    ("income_proved", _("Income is proved, and higher than the score knows")),
    ("debts_settled", _("Debts on file are settled")),
    ("entry_wrong", _("An entry at a bureau is wrong")),
    ("history_here", _("Paid well here for long")),
    ("figures_wrong", _("Figures were typed wrong")),
)
REASONS: dict[str, tuple[CaseReason, ...]] = {
    Decision.LIST: _FOR,
    Decision.RECOMMEND: _FOR,
    Decision.UPHOLD: _FOR,
    Decision.REOPEN: _FOR,
    Decision.DECLINE: _reasons(
        ("score_borne_out", _("What lowered the score is borne out")),
        ("cannot_afford", _("The instalments cannot be afforded")),
        ("not_answered", _("What was asked was not shown")),
    ),
    Decision.CONFIRM: _reasons(
        ("rightly_declined", _("The facts were right, and so was the decision")),
        ("nothing_new", _("Nothing new was shown")),
    ),
    Decision.ASK: _reasons(
        ("income", _("Proof of income")),
        ("expenses", _("Expenses or debts are unclear")),
        ("identity", _("Who it is is unclear")),
        ("entry", _("An entry at a bureau is unclear")),
        ("consent", _("A consent is missing")),
    ),
    Decision.RESCORE: _reasons(
        ("bureau_back", _("The bureau answers again")), ("consent_back", _("The consent is back"))
    ),
    Decision.STANDS: _reasons(
        ("bureau_confirms", _("The bureau confirms it")), ("no_proof", _("No proof was shown"))
    ),
    Decision.LEFT_OUT: _reasons(
        ("bureau_corrects", _("The bureau corrects it")), ("proof", _("Proof was shown"))
    ),
    Decision.CLOSE: _reasons(("moved_on", _("The application has moved on"))),
    Decision.SEND_BACK: _reasons(
        ("unconvincing", _("The grounds do not convince")), ("unclear", _("It is unclear why"))
    ),
}
_LABELS = {one.code: one.label for reasons in REASONS.values() for one in reasons}


def reason_label(text: str) -> str:
    """Return a reason as people read it: in words where it is one of the codes, else as it was written."""
    return str(_LABELS.get(text, text))


# What the applicant is asked or told in the officer's own words.
ASKED_IN_WORDS = frozenset({Decision.ASK})
TOLD_IN_WORDS = frozenset(
    {Decision.UPHOLD, Decision.REOPEN, Decision.CONFIRM, Decision.STANDS, Decision.LEFT_OUT}
)
