"""What an applicant agrees to, in the words they see. Pure.

A text never changes once somebody could have agreed to it: other words are another version, added below the old one.
What is kept of a consent is the version and the hash of its words, and from these the words are found again.
"""

from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

from credit.models import Consent

Kind = Consent.Kind
# Without these nothing can be decided, and nobody can offer.
NEEDED = (Kind.SOFT_SEARCH, Kind.SCORING, Kind.SHARE_FILE)


@dataclass(frozen=True)
class ConsentText:
    """`lasts` is for how long the consent stands where it is not taken back sooner."""

    kind: str
    version: str
    lasts: timedelta
    title: str
    text: str

    @property
    def sha256(self) -> str:
        return sha256(f"{self.title}\n{self.text}".encode()).hexdigest()


TEXTS = (
    ConsentText(
        Kind.SOFT_SEARCH,
        "2026-12-en",
        timedelta(days=90),
        "Alajo may look me up at two credit bureaux",
        "Alajo asks two licensed credit bureaux what they hold about me: loans, how they were paid, and earlier "
        "searches. This is a soft search: other lenders do not see it and it does not lower my score. Alajo uses "
        "the answer only to decide about this application.",
    ),
    ConsentText(
        Kind.SCORING,
        "2026-12-en",
        timedelta(days=90),
        "Alajo may score what it knows of my account",
        "Alajo works out a score from this application, from how money comes into and leaves my wallet and my "
        "savings, and from how I paid back earlier loans here. It never looks at my contacts, my messages, my "
        "pictures or the calls I make. A score alone never declines me: a person looks first. A fixed rule may, "
        "and then I am told which one it was. Either way I may ask for a person to look again.",
    ),
    ConsentText(
        Kind.SHARE_FILE,
        "2026-12-en",
        timedelta(days=90),
        "Lenders on Alajo may see what I release",
        "While this application is open, lenders that are licensed and admitted on Alajo see the details that I "
        "chose to release, without my name, and no others. Each look is written down. If I take this back, no "
        "lender sees them from then on.",
    ),
    ConsentText(
        Kind.HARD_SEARCH,
        "2026-12-en",
        timedelta(days=90),
        "A full credit search once I accept an offer",
        "When I have accepted an offer, and not before, Alajo makes a full search at the credit bureaux for the "
        "lender. Other lenders see that search for up to twelve months, and several of them may lower my score.",
    ),
    ConsentText(
        Kind.COLLECTION,
        "2026-12-en",
        timedelta(days=3660),
        "Instalments are taken from my wallet on their day",
        "On the day an instalment is due, Alajo takes it from my Alajo wallet, never more than is due, and tells "
        "me. Where there is too little it tries again after one, three and five days. I may take this back at any "
        "time and pay myself; that changes neither what I owe nor what it costs.",
    ),
)
# The words that are shown now, by kind: of each kind the last.
CURRENT = {text.kind: text for text in TEXTS}


def words_of(consent: Consent) -> ConsentText:
    """Return the words that somebody agreed to. Raises KeyError where there are none with that hash."""
    return _BY_HASH[consent.kind, consent.sha256]


_BY_HASH = {(text.kind, text.sha256): text for text in TEXTS}
