"""Whether an entry of a sanctions list may mean a person. Pure: names and dates in, a verdict out.

The score is that of `accounts.kyc.names` for the entry's name that agrees best; then
  - both dates of birth known and the same to the day: + 0.05, at most 1;
  - both years known and more than two apart: - 0.15 (lists are often a year or two out, seldom more).
From HIT on it is a hit. One word of the two names in common is never enough.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import combinations

from accounts.kyc import names

# Below MATCH, as missing somebody costs more than looking at one too many.
HIT = 0.85
SAME_BIRTH, OTHER_BIRTH = 0.05, 0.15
YEARS_OUT = 2
# Words of a customer's name that are asked about: longer ones say more.
_ASKED = 5


@dataclass(frozen=True)
class Verdict:
    score: Decimal
    same_birth: bool

    @property
    def is_hit(self) -> bool:
        return self.score >= Decimal(str(HIT))


def judge(*, name: tuple[str, ...], born: date | None, listed: Iterable[str], listed_born: str) -> Verdict:
    """Return how well a person, whose name `names.words` took apart, agrees with an entry and its names."""
    found = max((names.score_of_words(name, names.words(each)) for each in listed), default=0.0)
    same = born is not None and listed_born == born.isoformat()
    if same:
        found = min(found + SAME_BIRTH, 1.0)
    elif born is not None and listed_born and abs(born.year - int(listed_born[:4])) > YEARS_OUT:
        found = max(found - OTHER_BIRTH, 0.0)
    return Verdict(Decimal(str(round(found, 4))), same)


def questions(name: tuple[str, ...]) -> list[str]:
    """Return what an index of names holds, and is asked for: every two words of a name.

    So no word that one side leaves out, or has more, hides the others. Of long names the five longest words count.
    """
    longest = sorted(sorted(name, key=lambda word: (-len(word), word))[:_ASKED])
    return [" ".join(pair) for pair in combinations(longest, 2)] if len(longest) > 1 else longest
