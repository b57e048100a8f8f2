"""Whether a file is a PDF that staff can open: whole, not locked, not endless, and with nothing that runs.

Told by a search of its bytes, without a reader of PDFs: what is hidden in compressed parts is not seen. So a PDF is
never shown by our pages; it is given out as a file, under a policy that lets nothing run.
"""

import re

MOST_PAGES = 20
BROKEN, LOCKED, TOO_LONG, ACTIVE = "pdf_broken", "pdf_locked", "pdf_too_long", "pdf_active"
_PAGE = re.compile(rb"/Type\s*/Page(?![A-Za-z])")
_COUNT = re.compile(
    rb"/Type\s*/Pages\b[^>]{0,200}?/Count\s+(\d{1,9})|/Count\s+(\d{1,9})[^>]{0,200}?/Type\s*/Pages\b"
)
_ACTIVE = re.compile(rb"/(?:JavaScript|JS|Launch|EmbeddedFiles?|RichMedia|XFA)\b")
_ENCRYPTED = re.compile(rb"/Encrypt\b")
# A reader looks for the end in the last kilobyte.
_TAIL = 1024


def fault_of(content: bytes) -> str | None:
    """Return the code of the first thing that makes a PDF useless to us, None for a good one."""
    if not content.startswith(b"%PDF-") or b"%%EOF" not in content[-_TAIL:]:
        return BROKEN
    if _ENCRYPTED.search(content):
        return LOCKED
    if _ACTIVE.search(content):
        return ACTIVE
    return TOO_LONG if pages(content) > MOST_PAGES else None


def pages(content: bytes) -> int:
    """How many pages there are, as far as that stands there uncompressed."""
    counted = [int(first or second) for first, second in _COUNT.findall(content)]
    return max([len(_PAGE.findall(content)), *counted])
