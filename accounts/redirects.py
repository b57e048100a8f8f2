"""Where people may be sent back to after a sign-in: this site, and what the settings list. Anything else is ours.

A pattern is an address with `*` for a run of letters without `.` or `/`, `**` for any run and `?` for one letter, each
within its part: what stands for a host never reaches into a path, what stands for a path never into a host.
"""

import re
from functools import lru_cache
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

from django.conf import settings

MAX_LENGTH = 2000
# An authority that browsers and Python read alike: no userinfo, no escapes, ASCII only.
AUTHORITY = re.compile(r"(?:[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?")
PLAIN = re.compile(r"[!-\[\]-~]+")  # printable ASCII without space and backslash
# Schemes that would run or show what stands in the address itself.
NEVER = frozenset({"javascript", "data", "vbscript", "file", "blob", "about"})


def allowed(url: str) -> str:
    """Return this address, without its fragment, when people may be sent there; otherwise the site's own."""
    parts = _parts(url)
    patterns = (_own_site(), *map(str, settings.REDIRECT_ALLOW_LIST))
    if parts is None or not any(_fits(parts, pattern) for pattern in patterns):
        return str(settings.SITE_URL)
    return urlunsplit(parts)


def source_of(url: str) -> str:
    """The origin of an allowed address as a content security policy names it; of an app's own scheme, the scheme."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme in ("http", "https") else f"{parts.scheme}:"


def _parts(url: str) -> SplitResult | None:
    """The address in its parts, or None where it is not plainly one."""
    if len(url) > MAX_LENGTH or not PLAIN.fullmatch(url):
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    web = parts.scheme in ("http", "https")
    if not parts.scheme or parts.scheme in NEVER or "://" not in url or port == 0:
        return None
    if not AUTHORITY.fullmatch(parts.netloc) and (web or parts.netloc):
        return None
    if ".." in re.split(r"[/\\]", unquote(unquote(parts.path))):
        return None
    return parts._replace(netloc=parts.netloc.lower(), fragment="")


def _fits(parts: SplitResult, pattern: str) -> bool:
    scheme, host, path = _compiled(pattern)
    return (
        parts.scheme == scheme
        and bool(host.fullmatch(parts.netloc))
        and bool(path.fullmatch(parts.path or "/"))
    )


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> tuple[str, re.Pattern[str], re.Pattern[str]]:
    scheme, _separator, rest = pattern.partition("://")
    host, slash, path = rest.partition("/")
    return scheme.lower(), _regex(host.lower(), ".:"), _regex(slash + path if slash else "", "./", empty=True)


def _regex(glob: str, separators: str, *, empty: bool = False) -> re.Pattern[str]:
    one = f"[^{re.escape(separators)}]"
    tokens = {"**": ".*", "*": f"{one}*", "?": one}
    if not glob and empty:
        return re.compile("/?")
    return re.compile("".join(tokens.get(part, re.escape(part)) for part in re.split(r"(\*\*|\*|\?)", glob)))


def _own_site() -> str:
    return f"{str(settings.SITE_URL).rstrip('/')}/**"
