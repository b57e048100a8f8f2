"""Whether files are harmful: asked of the scanner after they came, told in the state of each version.

While a version waits, and for good where it was not found clean, only who put it there has it: row security says so.
"""

import logging

from django.conf import settings

from core import audit
from core.actors import acting_as_service
from storage_app import blobs, scanner
from storage_app.models import ObjectVersion

Scan = ObjectVersion.Scan
_AT_ONCE = 50

logger = logging.getLogger(__name__)


def state_of_new() -> str:
    """The state that a version begins in."""
    return Scan.WAITING if settings.CLAMD else Scan.NOT_ASKED


def scan(*, version: ObjectVersion) -> None:
    """Ask about a version that waits, and note the answer. No transaction is held while the scanner looks.

    Raises ScannerUnavailable.
    """
    try:
        harm = scanner.harm_in(source=blobs.read(version.blob_key), address=settings.CLAMD)
        state = Scan.INFECTED if harm else Scan.CLEAN
    except (scanner.ScannerDeclined, blobs.BlobMissing) as error:
        logger.warning("version %s was not scanned: %s", version.pk, error)
        harm, state = "", Scan.DECLINED
    with acting_as_service():
        waiting = ObjectVersion.objects.filter(pk=version.pk, scan=Scan.WAITING)
        if waiting.update(scan=state) and harm:
            audit.record(action="storage.version.harmful", target=version, harm=harm, alarm=True)


def scan_waiting() -> int:
    """Ask about the versions that wait, the oldest first; return of how many there is an answer now."""
    if not settings.CLAMD:
        return 0
    with acting_as_service():
        found = list(ObjectVersion.objects.filter(scan=Scan.WAITING).order_by("id")[:_AT_ONCE])
    answered = 0
    for version in found:
        try:
            scan(version=version)
        except scanner.ScannerUnavailable as error:
            logger.warning("the scanner cannot be asked: %s", error)
            break
        answered += 1
    return answered
