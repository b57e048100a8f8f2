"""How alike two names of a person are, whatever the spelling, the order and the titles. Pure: no database, no clock.

A name becomes words: case, accents and marks are folded (`Ọlá` is `ola`, `Ɓala` is `bala`), punctuation parts words but
for apostrophes, which join them, and titles are left out while other words remain. Two words are compared by the
similarity of Jaro and Winkler; an initial agrees with what it begins. The words of the shorter name are assigned to
words of the longer one, each to another, so that the sum is the greatest, and

    score = sum / words of the shorter name - 0.05 for each word that only the longer one has

Where one name is a single word and the other is not, the score is halved: a first name alone says little.

Sources: M. A. Jaro, "Advances in record-linkage methodology", JASA 84 (1989); W. E. Winkler, "String comparator metrics
and enhanced decision rules in the Fellegi-Sunter model of record linkage" (1990); comparing names as sets of words:
W. W. Cohen, P. Ravikumar, S. E. Fienberg, "A comparison of string distance metrics for name-matching tasks" (2003).
"""

import re
import unicodedata
from functools import lru_cache

# One word in thirty-odd letters misspelt, an initial, or one middle name left out still agrees.
MATCH = 0.93
# Half of what is there agrees well: another surname after a wedding, another middle name. A person must look.
PARTIAL = 0.65

LONGEST = 200  # letters of a name that are looked at, before and after folding
MOST_WORDS = 8
_ALIKE = 0.8  # below it two words have nothing to do with each other
_INITIAL = 0.88
_LEFT_OUT = 0.05

# Letters that Unicode does not take apart. The hooked ones are those of Hausa.
_LETTERS = str.maketrans(
    {
        **{"ɓ": "b", "ɗ": "d", "ƙ": "k", "ƴ": "y", "ŋ": "n", "ə": "e", "ǝ": "e", "ɛ": "e", "ɔ": "o"},
        **{"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"},
    }
)
_JOINING = re.compile("['’ʼ‘`´ˈʹ]")
_WORDS = re.compile(r"[^\W_]+")
TITLES = frozenset(
    {
        *("mr", "mrs", "ms", "miss", "mister", "master", "madam", "dr", "doctor", "prof", "professor"),
        *("engr", "eng", "arc", "barr", "barrister", "esq", "pharm", "capt", "captain", "col", "gen"),
        *(
            "major",
            "cpl",
            "sgt",
            "rev",
            "revd",
            "reverend",
            "pastor",
            "bishop",
            "apostle",
            "evangelist",
            "fr",
        ),
        *("sr", "jr", "snr", "jnr", "sir", "lady", "dame", "lord", "hon", "honourable", "senator"),
        *(
            "justice",
            "chief",
            "oba",
            "otunba",
            "high",
            "prince",
            "princess",
            "alh",
            "alhaji",
            "alhaja",
            "hajia",
        ),
        *("hajiya", "haj", "mallam", "malam", "imam", "sheikh", "sheik"),
    }
)


def words(name: str) -> tuple[str, ...]:
    """Return the words of a name in their folded form and in alphabetical order, without titles."""
    text = unicodedata.normalize("NFKD", name[:LONGEST])[:LONGEST].casefold().translate(_LETTERS)
    text = "".join(letter for letter in text if unicodedata.category(letter)[0] != "M")
    found = _WORDS.findall(_JOINING.sub("", text))
    plain = [word for word in found if word not in TITLES] or found
    # Where there are too many, the longest say most.
    return tuple(sorted(sorted(plain, key=lambda word: (-len(word), word))[:MOST_WORDS]))


def score(one: str, other: str) -> float:
    """Return how alike two names are, from 0 to 1. A name without a letter is like none."""
    return score_of_words(words(one), words(other))


def score_of_words(one: tuple[str, ...], other: tuple[str, ...]) -> float:
    """As `score`, of names already taken apart by `words`."""
    if not one or not other:
        return 0.0
    if one == other:
        return 1.0
    one, other = _joined(one, other), _joined(other, one)
    few, many = sorted((one, other), key=lambda names: (len(names), names))
    found = _best(few, many) / len(few) - _LEFT_OUT * (len(many) - len(few))
    if len(few) == 1 < len(many):
        found /= 2
    return min(max(found, 0.0), 1.0)


@lru_cache(maxsize=4096)
def alike(one: str, other: str) -> float:
    """Return how alike two words are: 1 for the same, 0 for words that have nothing to do with each other."""
    if one == other:
        return 1.0
    if len(one) == 1 or len(other) == 1:
        return _INITIAL if one[0] == other[0] else 0.0
    found = jaro_winkler(one, other)
    return found if found >= _ALIKE else 0.0


def jaro_winkler(one: str, other: str) -> float:
    """Return the similarity of Jaro, raised by a tenth of what is missing for each first letter shared, to four."""
    found = _jaro(one, other)
    shared = 0
    for mine, theirs in zip(one[:4], other[:4], strict=False):
        if mine != theirs:
            break
        shared += 1
    return found + shared * 0.1 * (1 - found)


def _jaro(one: str, other: str) -> float:
    # Letters are taken from the left, so it would matter who comes first.
    one, other = sorted((one, other))
    reach = max(max(len(one), len(other)) // 2 - 1, 0)
    taken, mine = [False] * len(other), []
    for place, letter in enumerate(one):
        for there in range(max(0, place - reach), min(len(other), place + reach + 1)):
            if not taken[there] and other[there] == letter:
                taken[there] = True
                mine.append(letter)
                break
    if not mine:
        return 0.0
    theirs = [letter for letter, is_taken in zip(other, taken, strict=True) if is_taken]
    swapped = sum(a != b for a, b in zip(mine, theirs, strict=True)) / 2
    common = len(mine)
    return (common / len(one) + common / len(other) + (common - swapped) / common) / 3


def _joined(names: tuple[str, ...], others: tuple[str, ...]) -> tuple[str, ...]:
    """Write as one word what the other name writes as one: `Abdul Rahman` beside `Abdulrahman`."""
    wanted, left = set(others) - set(names), list(names)
    for word in sorted(wanted):
        pair = next(
            ((a, b) for a in left for b in left if a != b and a + b == word),
            None,
        )
        if pair:
            left.remove(pair[0])
            left.remove(pair[1])
            left.append(word)
    return tuple(sorted(left))


def _best(few: tuple[str, ...], many: tuple[str, ...]) -> float:
    """The greatest sum of likenesses when each word of `few` gets another of `many`; which are taken stands in bits."""
    sums = {0: 0.0}
    for word in few:
        after: dict[int, float] = {}
        for taken, so_far in sums.items():
            for place, other in enumerate(many):
                bit = 1 << place
                if not taken & bit:
                    total = so_far + alike(word, other)
                    if total > after.get(taken | bit, -1.0):
                        after[taken | bit] = total
        sums = after
    return max(sums.values())
