"""Whether a picture of a document can be read, by what was measured of it (storage_app/pixels.py).

The bounds were found on drawn cards, slips, bills and faces, sharp and ever more blurred: they refuse what nobody could
read. What passes may still be refused by a person.
"""

from collections.abc import Mapping
from typing import Any

from accounts.models.kyc import KycDocument

# Pixels of the shorter side.
SHORTEST, SHORTEST_SELFIE = 600, 480
# Brightness from 0 (black) to 255 (white); paper fills a scan with white, so only white without ink is too bright.
DARKEST, BRIGHTEST, FLATTEST_WHITE, FLATTEST = 45.0, 215.0, 20.0, 10.0
# The variance of the Laplacian on a picture of 1000 pixels. A face is smoother than letters.
LEAST_SHARP, LEAST_SHARP_SELFIE = 35.0, 8.0

TOO_SMALL, TOO_DARK, TOO_BRIGHT = "picture_too_small", "picture_too_dark", "picture_too_bright"
WASHED_OUT, BLURRED = "picture_washed_out", "picture_blurred"


def fault_of(measured: Mapping[str, Any], *, kind: str) -> str | None:
    """Return the code of the first thing that makes a picture useless, None for a good one."""
    is_selfie = kind == KycDocument.Kind.SELFIE
    shortest, sharp = (SHORTEST_SELFIE, LEAST_SHARP_SELFIE) if is_selfie else (SHORTEST, LEAST_SHARP)
    if min(measured["taken"]) < shortest:
        return TOO_SMALL
    brightness, spread = measured["brightness"], measured["spread"]
    if brightness < DARKEST:
        return TOO_DARK
    if brightness > BRIGHTEST and spread < FLATTEST_WHITE:
        return TOO_BRIGHT
    if spread < FLATTEST:
        return WASHED_OUT
    return BLURRED if measured["sharpness"] < sharp else None
