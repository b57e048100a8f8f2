"""Patterns that strangers send, tried on many rows: they run in an engine that never goes back (Rust's `regex`).

Its time grows with the text alone, so that `(a+)+$` does no harm. `like` is translated into it. Of regular expressions
only what means the same there and in PostgreSQL is let through: letters, `.`, classes, groups, alternatives, anchors
and quantifiers; no references, no looking round, no options.
"""

import re
from collections.abc import Callable

from pydantic_core import SchemaError, SchemaValidator, core_schema

Test = Callable[[str], bool]

LONGEST_PATTERN = 200
# Characters of a value that a regular expression is tried on. What is longer is unknown, and so matches nothing.
LONGEST_TEXT = 2_000
# The sum of a pattern's counts: what can be written out in about as many characters as a pattern may have.
MOST_REPEATS = 64

_SPECIAL = frozenset("\\.+*?()|[]{}^$#&-~")
# Classes by name, which are those of ASCII in Rust.
_NAMED = {
    "[:alpha:]": r"\p{Alphabetic}",
    "[:alnum:]": r"\p{Alphabetic}\p{Nd}",
    "[:digit:]": r"\d",
    "[:lower:]": r"\p{Lowercase}",
    "[:upper:]": r"\p{Uppercase}",
    "[:space:]": r"\s",
}
_CLASS = r"\[\^?\]?(?:\[:(?:alpha|alnum|digit|lower|upper|space):\]|\\[dws.\-\]\[\\^$]|[^\[\]\\])*\]"
_TOKENS = re.compile(
    rf"""(?P<open>\((?:\?:)?(?!\?)) | (?P<close>\)) | (?P<or>\|) | (?P<anchor>[\^$])
    | (?P<count>\{{(?P<least>\d{{1,3}})(?P<more>,(?P<most>\d{{1,3}})?)?\}}) | (?P<quantifier>[*+?])
    | (?P<atom>\\[dwsDWS] | \\[^\w\s] | {_CLASS} | [^\\()\[\]{{}}|^$*+?])""",
    re.VERBOSE | re.DOTALL,
)
_SETS = ("&&", "--", "~~")


def like(pattern: str) -> Test:
    """Compile SQL's `like`. Raises ValueError with a reason."""
    return _compiled(_of_like(pattern))


def ilike(pattern: str) -> Test:
    """Compile SQL's `ilike`. Raises ValueError with a reason."""
    test = _compiled(_of_like(lower(pattern)))
    return lambda text: test(lower(text))


def match(pattern: str, *, any_case: bool = False) -> Callable[[str], bool | None]:
    """Compile a regular expression, to be found anywhere in a text. Raises ValueError with a reason."""
    _check(pattern)
    for name, meaning in _NAMED.items():
        pattern = pattern.replace(name, meaning)
    test = _compiled(f"(?is){pattern}" if any_case else f"(?s){pattern}")
    return lambda text: test(text) if len(text) <= LONGEST_TEXT else None


def lower(text: str) -> str:
    """Letter by letter, as in PostgreSQL: a sigma at a word's end is no other, and no letter becomes two."""
    return "İ".join(part.lower() for part in text.replace("Σ", "σ").split("İ"))


def _of_like(pattern: str) -> str:
    if len(pattern) > LONGEST_PATTERN:
        raise ValueError(f"a pattern has at most {LONGEST_PATTERN} characters")
    parts, letters = [], iter(pattern)
    for letter in letters:
        if letter == "\\":
            following = next(letters, None)
            if following is None:
                raise ValueError("a pattern must not end with its escape character")
            parts.append(_literal(following))
        else:
            parts.append({"%": ".*", "_": "."}.get(letter) or _literal(letter))
    return f"(?s)^{''.join(parts)}$"


def _literal(letter: str) -> str:
    return f"\\{letter}" if letter in _SPECIAL else letter


def _compiled(expression: str) -> Test:
    schema = core_schema.str_schema(pattern=expression, regex_engine="rust-regex")
    try:
        return SchemaValidator(schema).isinstance_python
    except SchemaError as error:
        raise ValueError("this is no regular expression, or it is too large") from error


def _check(pattern: str) -> None:
    """Refuse what PostgreSQL would refuse or understand another way, and counts within counts."""
    if len(pattern) > LONGEST_PATTERN:
        raise ValueError(f"a pattern has at most {LONGEST_PATTERN} characters")
    at, before, counted, repeats = 0, "", False, 0
    # Of each open group, whether it holds a count; the last is the whole.
    groups = [False]
    while at < len(pattern):
        token = _TOKENS.match(pattern, at)
        if token is None or (token["atom"] and any(operator in token["atom"] for operator in _SETS)):
            raise ValueError(f"a pattern does not know what stands at character {at + 1}")
        kind = str(token.lastgroup)
        kind = "count" if token["count"] else kind
        if kind in ("count", "quantifier"):
            if before == "quantified" and token[0] == "?":
                kind = "lazy"
            elif before not in ("atom", "close"):
                raise ValueError(f"a pattern repeats nothing at character {at + 1}")
            else:
                repeats += _count(token, within=before == "close" and counted)
                groups[-1] = groups[-1] or kind == "count"
                kind = "quantified"
        elif kind == "open":
            groups.append(False)
        elif kind == "close":
            if len(groups) == 1:
                raise ValueError("a pattern closes a group that is not open")
            counted = groups.pop()
            groups[-1] = groups[-1] or counted
        at, before = token.end(), kind
    if len(groups) > 1:
        raise ValueError("a pattern leaves a group open")
    if repeats > MOST_REPEATS:
        raise ValueError(f"a pattern counts to at most {MOST_REPEATS} in all")


def _count(token: re.Match[str], *, within: bool) -> int:
    if not token["count"]:
        return 0
    least, most = int(token["least"]), int(token["most"] or token["least"])
    if within or least > most:
        raise ValueError("a pattern counts up, and no count stands within another")
    return most
