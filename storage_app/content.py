"""What a file is, told by its content: what its sender or its name says of it is only a wish.

`content_type_of` gives the type under which a file is kept and served. What a browser would run from our own origin,
such as a page or a picture that holds scripts, is never served as what it is (`is_active`).
"""

import filetype

SNIFFED = 4096
UNKNOWN = "application/octet-stream"
_PLAIN = "text/plain"
# Types whose content a browser runs, or that it may take for such.
_ACTIVE = frozenset(
    {
        "text/html",
        "application/xhtml+xml",
        "image/svg+xml",
        "text/xml",
        "application/xml",
        "application/javascript",
        "text/javascript",
        "application/x-shockwave-flash",
        "multipart/related",
        "message/rfc822",
        "text/cache-manifest",
    }
)
# How what a browser would take for a page begins, whatever it is called.
_MARKUP = (b"<!doctype", b"<html", b"<head", b"<body", b"<script", b"<iframe", b"<svg", b"<?xml", b"<!--")


def content_type_of(*, head: bytes, declared: str) -> str:
    """Return the media type of a file that begins with `head`: by content where that tells, else as declared.

    A text that says it is a picture is kept as text; a picture that says it is a text is kept as a picture.
    """
    declared = media_type(declared)
    if looks_like_markup(head):
        return declared if declared in _ACTIVE else "text/html"
    found = _by_magic(head)
    if found is None:
        return declared if _may_lack_magic(declared) else UNKNOWN
    return declared if _is_kind_of(declared, found) else found


def is_active(content_type: str) -> bool:
    """Whether a browser may run something in a file of this type: any document in XML can hold scripts."""
    kind = media_type(content_type)
    return kind in _ACTIVE or kind.endswith(("+xml", "/xml", "/xsl", "javascript", "ecmascript"))


def looks_like_markup(head: bytes) -> bool:
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n\x00").lower()
    return start.startswith(_MARKUP)


def media_type(text: str) -> str:
    """`text/plain` of `Text/Plain; charset=utf-8`; what is no media type is unknown."""
    found = text.partition(";")[0].strip().lower()
    kind, slash, name = found.partition("/")
    fits = slash and kind and name and all(c.isalnum() or c in "!#$&-^_.+" for c in kind + name)
    return found if fits and found.isascii() and len(found) <= 127 else UNKNOWN


def matches(content_type: str, allowed: list[str]) -> bool:
    """Whether a media type is one of these: `image/png`, `image/*` or `*/*`."""
    found = media_type(content_type)
    kind = found.partition("/")[0]
    return any(wish in (found, f"{kind}/*", "*/*", "*") for wish in (one.strip().lower() for one in allowed))


def _by_magic(head: bytes) -> str | None:
    """The type of a file that begins like no other kind of file does, else None."""
    found: str | None = filetype.guess_mime(head) if head else None
    return found


def _may_lack_magic(declared: str) -> bool:
    """Types that have no fixed beginning: text, and what is made of it."""
    return not declared.startswith(("image/", "video/", "audio/", "font/")) and declared != "application/pdf"


def _is_kind_of(declared: str, found: str) -> bool:
    """Whether a file found to be `found` may well be `declared`: an office document is a zip archive, say."""
    zipped = declared.startswith(("application/vnd.", "application/epub", "application/java-archive"))
    return declared == found or (found in ("application/zip", "application/x-zip-compressed") and zipped)
