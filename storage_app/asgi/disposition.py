"""How a file is shown: in the browser or saved, and never so that it could act on this site's behalf. Pure."""

from urllib.parse import quote

from storage_app.content import is_active

LONGEST_FILENAME = 255
SANDBOX = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
# What a browser shows by players of its own, which a sandbox would stop.
_PLAYED = ("audio/", "video/")


def headers_for(*, content_type: str, download: str | None) -> tuple[tuple[str, str], ...]:
    """Return the type under which a file is sent, what may run in it, and whether it is saved.

    `download` is the name to save it under, empty for its own; None where nobody asked for that.
    """
    active = is_active(content_type)
    shown = "text/plain" if content_type in ("text/html", "application/xhtml+xml") else content_type
    headers = [("content-type", shown)]
    if active or not (content_type.startswith(_PLAYED) or content_type == "application/pdf"):
        headers.append(("content-security-policy", SANDBOX))
    if download:
        name = quote(download[:LONGEST_FILENAME], safe="")
        headers.append(("content-disposition", f"attachment; filename={name}; filename*=UTF-8''{name}"))
    elif active or download is not None:
        headers.append(("content-disposition", "attachment"))
    return tuple(headers)
