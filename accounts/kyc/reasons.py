"""Why staff decide as they do: codes with a label for colleagues, and words for the customer with what puts it right.

Words for customers name no list, no other person and no suspicion.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts.kyc import steps
from accounts.models.kyc import KycApplication, KycDecision, KycDocument

Words = str | Promise
Kind, Outcome = KycDocument.Kind, KycDecision.Outcome
OVERRIDE = "OVERRIDE_"
BY_HAND = "SEEN_BY_HAND"
LEASE_RAN_OUT, LET_GO = "LEASE_RAN_OUT", "LET_GO"


@dataclass(frozen=True)
class Reason:
    """`words` and `fix` are for the customer; a reason that is only for colleagues has neither.

    A customer may read the code of a reason in the history of their application, unless it is `discreet`.
    """

    code: str
    label: Words
    words: Words = ""
    fix: Words = ""
    discreet: bool = False

    @property
    def overrides(self) -> bool:
        """Whether it approves although a check found something."""
        return self.code.startswith(OVERRIDE)


@dataclass(frozen=True)
class Asked:
    """One thing asked for again: a step by its code or a document by its id, what it is called, why, and the fix."""

    item: str
    title: str
    reason: Reason
    fix: str = ""

    @property
    def words(self) -> str:
        return f"{self.title}: {self.reason.words} {self.fix or self.reason.fix}".strip()

    @property
    def kept(self) -> dict[str, str]:
        """As it stands in `asked_again`."""
        what = "step" if self.item in STEPS else "document"
        return {what: self.item, "reason": self.reason.code, "fix": self.fix or str(self.reason.fix)}


_APPROVE = (
    Reason("ALL_IN_ORDER", _("Everything agrees")),
    Reason(BY_HAND, _("A check is missing or could not decide: seen by hand")),
    Reason(f"{OVERRIDE}NAME", _("Override: the name differs, and why is known")),
    Reason(f"{OVERRIDE}CHECK", _("Override: the check is wrong")),
    Reason(f"{OVERRIDE}NOT_LISTED", _("Override: not the person on the list")),
)
_NOT_NOW = _("We cannot raise your tier. This decision is not about how you use your account.")
_WRITE = _("If you think that this is a mistake, write to us from the help page.")
OF_OUTCOME: dict[str, tuple[Reason, ...]] = {
    Outcome.APPROVE: _APPROVE,
    Outcome.RECOMMEND: _APPROVE,
    Outcome.REJECT: (
        Reason(
            "NOT_THE_SAME_PERSON",
            _("The documents are another person's"),
            _("The documents do not show the person whom the account belongs to."),
            _("Apply again with documents of your own."),
        ),
        Reason(
            "NUMBER_OF_ANOTHER",
            _("The identity number is another person's"),
            _("We could not confirm that the identity number is yours."),
            _("Ask your bank or NIMC how it is registered, and apply again."),
        ),
        Reason(
            "UNDER_AGE",
            _("Under 18"),
            _("This tier is for people of 18 years and more."),
            _("Apply again when you are 18."),
        ),
        Reason(
            "NOT_ANSWERED",
            _("What was asked for did not come, or came wrong again"),
            _("What we asked for again is still missing or cannot be read."),
            _("Apply again when you have it at hand."),
        ),
        Reason(
            "SECOND_ACCOUNT",
            _("The same person has another account"),
            _("Our records show another account of yours."),
            _("Use that one, or write to us from the help page to close it."),
        ),
        Reason("FORGED", _("A document is forged or altered"), _NOT_NOW, _WRITE, discreet=True),
        Reason("ON_A_LIST", _("On a sanctions list"), _NOT_NOW, _WRITE, discreet=True),
    ),
    Outcome.SEND_BACK: (
        Reason("LOOK_AGAIN", _("Something was overlooked")),
        Reason("REASON_TOO_THIN", _("The recommendation does not say enough")),
        Reason("SHOULD_BE_REFUSED", _("This should be rejected, or more asked for")),
        Reason("RAN_OUT", _("The recommendation is too old, or of an earlier revision")),
    ),
}
_AGAIN = _("Take the picture again in daylight, with all four corners in it and nothing covered.")
_ANY_DOCUMENT = (
    Reason("BLURRED", _("Blurred or dark"), _("The picture is too blurred or dark to read."), _AGAIN),
    Reason("CUT_OFF", _("Cut off or covered"), _("A part of the document is cut off or covered."), _AGAIN),
    Reason("GLARE", _("Glare"), _("Light hides a part of the document."), _AGAIN),
    Reason(
        "WRONG_KIND",
        _("Not the document it says"),
        _("This is not the document that it was sent as."),
        _("Send the document that we name here."),
    ),
    Reason(
        "NOT_THE_ORIGINAL",
        _("A copy or a screen"),
        _("This is a picture of a copy or of a screen."),
        _("Take a picture of the document itself."),
    ),
    Reason(
        "NAME_DIFFERS",
        _("Another name than declared"),
        _("The name on it is not the name that you gave us."),
        _("Send a document with that name, or correct the name."),
    ),
)
_OUT_OF_DATE = Reason(
    "OUT_OF_DATE",
    _("No longer valid"),
    _("This document is no longer valid."),
    _("Send one that is valid today."),
)
_TOO_OLD = Reason(
    "TOO_OLD", _("Older than three months"), _("It is older than three months."), _("Send a newer one.")
)
_OTHER_ADDRESS = Reason(
    "ADDRESS_DIFFERS",
    _("Another address than declared"),
    _("The address on it is not the address that you gave us."),
    _("Send a document with that address, or correct the address."),
)
_FACE = (
    Reason(
        "FACE_HIDDEN",
        _("The face is hidden"),
        _("Your face cannot be seen well."),
        _("Take it again without hat, mask or dark glasses, looking at the camera."),
    ),
    Reason(
        "FACE_DIFFERS",
        _("Another face than on the document"),
        _("We could not match the photograph with your document."),
        _("Take a new photograph of yourself in good light."),
    ),
    *(reason for reason in _ANY_DOCUMENT if reason.code in ("BLURRED", "NOT_THE_ORIGINAL")),
)
_PROOFS_OF_ADDRESS = (Kind.UTILITY_BILL, Kind.BANK_STATEMENT)
OF_A_STEP = (
    Reason(
        "INCOMPLETE",
        _("Not complete"),
        _("Something is missing here."),
        _("Complete it as it stands in your documents."),
    ),
    Reason(
        "DOES_NOT_AGREE",
        _("Does not agree with the documents"),
        _("What you gave us does not agree with your documents."),
        _("Correct it as it stands in your documents."),
    ),
)
# What a customer can be asked to fill in again, by the codes of their task list; of documents, each by itself.
STEPS = frozenset({steps.PERSONAL, *steps.NUMBERS, steps.ADDRESS, steps.BANK_ACCOUNT})


def of_document(kind: str) -> tuple[Reason, ...]:
    """Return why a document of this kind may be needed again."""
    if kind == Kind.SELFIE:
        return _FACE
    if kind in _PROOFS_OF_ADDRESS:
        return (*_ANY_DOCUMENT, _TOO_OLD, _OTHER_ADDRESS)
    return (*_ANY_DOCUMENT, _OUT_OF_DATE)


def shown_code(outcome: str, code: str) -> str:
    """Return what a customer may read of a decision's reason: nothing of what colleagues tell each other."""
    if outcome == Outcome.ASK_MORE:
        return code
    reason = reason_of(OF_OUTCOME[outcome], code)
    return code if outcome == Outcome.REJECT and reason and not reason.discreet else ""


def reason_of(reasons: Sequence[Reason], code: str) -> Reason | None:
    return next((reason for reason in reasons if reason.code == code), None)


def message_of(
    *, outcome: str, application: KycApplication, reason: Reason | None = None, asked: Sequence[Asked] = ()
) -> str:
    """Return what the customer is told unless the agent writes something else; nothing where they are told nothing."""
    if outcome == Outcome.APPROVE:
        return _now("Your account is at tier %(tier)d now. The higher limits count from this moment.") % {
            "tier": application.target_tier
        }
    if outcome == Outcome.ASK_MORE:
        lines = [f"– {one.words}" for one in asked]
        return "\n".join([_now("To go on we need this from you, and nothing else:"), *lines])
    if outcome == Outcome.REJECT and reason:
        return f"{reason.words} {reason.fix}".strip()
    return ""
