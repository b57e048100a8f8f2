"""The steps of an application: which there are, which are done, which may be changed. Pure: no rows, no clock."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models.kyc import KycApplication, KycDocument

PERSONAL, ADDRESS, BANK_ACCOUNT = "PERSONAL", "ADDRESS", "BANK_ACCOUNT"
BVN, NIN, BVN_OR_NIN = "BVN", "NIN", "BVN_OR_NIN"
DOCUMENT, SELFIE, PROOF_OF_ADDRESS = "DOCUMENT", "SELFIE", "PROOF_OF_ADDRESS"
CONSENT = "CONSENT"

MISSING, GIVEN, IN_REVIEW, MET, REJECTED = "MISSING", "GIVEN", "IN_REVIEW", "MET", "REJECTED"

Kind, Side, State = KycDocument.Kind, KycDocument.Side, KycApplication.State
Slot = tuple[str, str]


@dataclass(frozen=True)
class Step:
    """One thing that a customer is asked for; `slug` is its part of an address."""

    code: str
    title: str | Promise
    text: str | Promise
    icon: str
    slug: str


_ALL = (
    Step(
        PERSONAL, _("Your details"), _("Your name as your BVN has it, and your birthday"), "user", "details"
    ),
    Step(BVN_OR_NIN, _("BVN or NIN"), _("Either of the two, 11 digits"), "fingerprint-pattern", "bvn-or-nin"),
    Step(BVN, _("BVN"), _("11 digits: dial *565*0# to see yours"), "fingerprint-pattern", "bvn"),
    Step(NIN, _("NIN"), _("11 digits: dial *346# to see yours"), "id-card", "nin"),
    Step(ADDRESS, _("Where you live"), _("Street, town and state"), "map-pin", "address"),
    Step(BANK_ACCOUNT, _("A bank account of yours"), _("We compare its name with yours"), "landmark", "bank"),
    Step(
        DOCUMENT,
        _("Identity document"),
        _("Passport, licence, NIN slip or voter’s card"),
        "book-user",
        "document",
    ),
    Step(
        SELFIE, _("Photograph of yourself"), _("So that we see the document is yours"), "scan-face", "selfie"
    ),
    Step(
        PROOF_OF_ADDRESS,
        _("Proof of address"),
        _("A utility bill or bank statement of the last three months"),
        "file-text",
        "proof-of-address",
    ),
    Step(CONSENT, _("Your consent"), _("What we check, and who sees it"), "signature", "consent"),
)
STEPS: dict[str, Step] = {step.code: step for step in _ALL}
BY_SLUG: dict[str, Step] = {step.slug: step for step in _ALL}

# What each kind of document consists of, and which kinds a step takes: one of them.
SIDES: dict[str, tuple[str, ...]] = {
    Kind.PASSPORT: (Side.WHOLE,),
    Kind.DRIVERS_LICENCE: (Side.FRONT, Side.BACK),
    Kind.NIN_SLIP: (Side.WHOLE,),
    Kind.VOTERS_CARD: (Side.FRONT, Side.BACK),
    Kind.UTILITY_BILL: (Side.WHOLE,),
    Kind.BANK_STATEMENT: (Side.WHOLE,),
    Kind.SELFIE: (Side.WHOLE,),
}
KINDS: dict[str, tuple[str, ...]] = {
    DOCUMENT: (Kind.PASSPORT, Kind.DRIVERS_LICENCE, Kind.NIN_SLIP, Kind.VOTERS_CARD),
    SELFIE: (Kind.SELFIE,),
    PROOF_OF_ADDRESS: (Kind.UTILITY_BILL, Kind.BANK_STATEMENT),
}
STEP_OF_KIND: dict[str, str] = {kind: step for step, kinds in KINDS.items() for kind in kinds}
# How staff name all steps of numbers at once.
ALL_NUMBERS = "NUMBERS"
NUMBERS: dict[str, tuple[str, ...]] = {BVN: (BVN,), NIN: (NIN,), BVN_OR_NIN: (BVN, NIN)}


@dataclass(frozen=True)
class Given:
    """What a customer has given, as plain facts: `numbers` by kind -> verified, `documents` by slot -> state."""

    state: str = State.DRAFT
    personal: bool = False
    address: bool = False
    bank_account: bool = False
    consent: bool = False
    numbers: Mapping[str, bool] = field(default_factory=dict)
    documents: Mapping[Slot, str] = field(default_factory=dict)
    # The steps and slots that staff ask for again, and whether that was done.
    steps_asked: Mapping[str, bool] = field(default_factory=dict)
    slots_asked: Mapping[Slot, bool] = field(default_factory=dict)

    @property
    def is_asked_again(self) -> bool:
        return self.state == State.MORE_NEEDED


def asked_for(requirements: Iterable[str]) -> list[str]:
    """The codes of these requirements in the order of the pages, and consent, which every application needs."""
    wanted = {*requirements, CONSENT}
    return [code for code in STEPS if code in wanted]


def is_given(code: str, given: Given) -> bool:
    """Whether everything of a step is there, whatever staff think of it."""
    if code in NUMBERS:
        return any(kind in given.numbers for kind in NUMBERS[code])
    if code in KINDS:
        return any(all((kind, side) in given.documents for side in SIDES[kind]) for kind in KINDS[code])
    plain = {
        PERSONAL: given.personal,
        ADDRESS: given.address,
        BANK_ACCOUNT: given.bank_account,
        CONSENT: given.consent,
    }
    return plain[code]


def asked(code: str, given: Given) -> list[bool]:
    """For each thing of a step that staff ask for again, whether it was done."""
    if not given.is_asked_again:
        return []
    of_slots = [done for (kind, _side), done in given.slots_asked.items() if STEP_OF_KIND.get(kind) == code]
    return [*([given.steps_asked[code]] if code in given.steps_asked else []), *of_slots]


def state_of(code: str, given: Given) -> str:
    if _is_confirmed(code, given):
        return MET
    if not all(asked(code, given)):
        return REJECTED
    if not is_given(code, given):
        return MISSING
    if given.state == State.APPROVED:
        return MET
    return GIVEN if given.state in (State.DRAFT, State.MORE_NEEDED) else IN_REVIEW


def is_open_to_change(code: str, given: Given) -> bool:
    """Whether the customer may change something of a step now."""
    if _is_confirmed(code, given):
        return False
    if given.state == State.MORE_NEEDED:
        return bool(asked(code, given)) or not is_given(code, given)
    return given.state == State.DRAFT


def is_slot_open(slot: Slot, given: Given) -> bool:
    """Whether a picture may be put there now: of what staff ask for again, or of anything in a draft."""
    code = STEP_OF_KIND[slot[0]]
    if given.state == State.MORE_NEEDED and code not in given.steps_asked and is_given(code, given):
        return slot in given.slots_asked
    return is_open_to_change(code, given)


def missing(codes: Iterable[str], given: Given) -> list[str]:
    """Which of these steps stand in the way of sending the application."""
    return [code for code in codes if state_of(code, given) in (MISSING, REJECTED)]


def _is_confirmed(code: str, given: Given) -> bool:
    """Whether a service confirmed a number: it stays as it is."""
    return any(given.numbers.get(kind) for kind in NUMBERS.get(code, ()))


def item_of(asked: str | Mapping[str, Any]) -> dict[str, Any]:
    """One thing of `KycApplication.asked_again`: a step's code or a document's id, with `done` once it was answered."""
    if isinstance(asked, str):
        return {"step": asked} if asked in (*STEPS, ALL_NUMBERS) else {"document": asked}
    return dict(asked)


def answers(step: str, item: Mapping[str, Any]) -> bool:
    """Whether a step is what an item asks for."""
    return item.get("step") == step or (item.get("step") == ALL_NUMBERS and step in NUMBERS)


def read_asked(items: Iterable[Mapping[str, Any]], slots: Mapping[str, Slot]) -> dict[str, dict[Any, bool]]:
    """Read what staff ask for again; `slots` says where each document that is named lies."""
    items = list(items)
    steps_asked = {code: bool(item.get("done")) for item in items for code in STEPS if answers(code, item)}
    named = [item for item in items if item.get("document") in slots]
    slots_asked = {slots[item["document"]]: bool(item.get("done")) for item in named}
    return {"steps_asked": steps_asked, "slots_asked": slots_asked}
