"""A customer on the way to a higher tier, step by step, and the pictures that they send."""

import io
import re
from datetime import date, datetime
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from PIL import Image, ImageDraw, ImageFilter, ImageOps

from accounts.kyc import consent
from accounts.models import KycApplication, KycDocument, KycStateChange, User
from accounts.services.kyc import applications, declaring, documents, numbers
from accounts.services.kyc.moving import locked, move
from core.actors import acting_as_service

BVN, NIN, ACCOUNT = "22345678901", "33345678902", "0123456789"
Kind, Side = KycDocument.Kind, KycDocument.Side
PASSPORT, SELFIE, BILL = (
    (Kind.PASSPORT, Side.WHOLE),
    (Kind.SELFIE, Side.WHOLE),
    (Kind.UTILITY_BILL, Side.WHOLE),
)
PDF = b"%PDF-1.7\n1 0 obj<</Type/Pages/Count 2>>endobj\n2 0 obj<</Type/Page>>endobj\ntrailer<<>>\n%%EOF\n"


def card(
    size: tuple[int, int] = (1200, 800),
    *,
    blur: float = 0,
    light: float = 1,
    contrast: float = 1,
    turned: bool = False,
    kind: str = "JPEG",
    seed: int = 0,
    **options: Any,
) -> bytes:
    """A card with lines of small letters, as sharp and as light as one says."""
    found = Image.new("RGB", size, (205, 214, 196))
    drawn = ImageDraw.Draw(found)
    for line in range(20, size[1], 26):
        for column in range(20, size[0], 17):
            drawn.rectangle((column, line, column + 9, line + (line + column + seed) % 14), fill=(40, 44, 60))
    drawn.ellipse((size[0] // 20, size[1] // 5, size[0] // 3, size[1] // 5 * 4), fill=(120, 90, 70))
    if turned:
        found = ImageOps.mirror(found)
    if blur:
        found = found.filter(ImageFilter.GaussianBlur(blur))
    if light != 1:
        found = found.point(lambda value: min(255, int(value * light)))
    if contrast != 1:
        found = found.point(lambda value: int(128 + contrast * (value - 128)))
    target = io.BytesIO()
    found.save(target, kind, **options)
    return target.getvalue()


def file(content: bytes | None = None, name: str = "card.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, card() if content is None else content, content_type="image/jpeg")


def either_number(tier: int, on: date) -> tuple[str, ...]:
    """Requirements of another day: one number of two is enough (settings.KYC_REQUIREMENTS)."""
    return ("BVN_OR_NIN",)


def begin(user: User, *, tier: int = 2, at: datetime | None = None) -> KycApplication:
    return applications.start(user=user, tier=tier, at=at or timezone.now())


def declare(user: User, *, bvn: str = BVN, nin: str = NIN, at: datetime | None = None) -> KycApplication:
    """Give everything that tier 2 asks for, but the consent."""
    at = at or timezone.now()
    declaring.save_personal(
        user=user,
        first_name="Ada",
        middle_name="",
        last_name="Obi",
        date_of_birth=date(1990, 5, 17),
        at=at,
    )
    numbers.save_number(user=user, kind="BVN", number=bvn, step="BVN", at=at)
    numbers.save_number(user=user, kind="NIN", number=nin, step="NIN", at=at)
    declaring.save_address(user=user, address="12 Allen Avenue", city="Ikeja", region="LAGOS", at=at)
    return declaring.save_bank_account(user=user, bank_code="058", number=ACCOUNT, at=at)


def agree(user: User, *, at: datetime | None = None) -> KycApplication:
    return applications.give_consent(user=user, version=consent.VERSION, at=at or timezone.now())


def show(user: User, *slots: tuple[str, str], at: datetime | None = None) -> list[KycDocument]:
    """Send a picture for each of these."""
    return [
        documents.add_document(user=user, slot=slot, source=[card(seed=number)], at=at or timezone.now())
        for number, slot in enumerate(slots)
    ]


def send(user: User, *, tier: int = 2, at: datetime | None = None, **numbers_given: str) -> KycApplication:
    """A whole application, sent."""
    begin(user, tier=tier, at=at)
    declare(user, at=at, **numbers_given)
    if tier == 3:
        show(user, PASSPORT, SELFIE, BILL, at=at)
    agree(user, at=at)
    return applications.submit(user=user, at=at or timezone.now())


def take_up(application: KycApplication, *, by: User, at: datetime | None = None) -> KycApplication:
    """Let staff begin to look at it."""
    with acting_as_service():
        found = locked(application.pk)
        move(application=found, to="IN_REVIEW", by=by, at=at or timezone.now())
    return found


def ask_again(
    application: KycApplication, *asked: Any, by: User, message: str = "", at: datetime | None = None
) -> KycApplication:
    """Ask for steps and documents again, as a decision of staff does."""
    at = at or timezone.now()
    with acting_as_service():
        found = locked(application.pk)
        for document in KycDocument.objects.filter(
            pk__in=[one["document"] for one in asked if isinstance(one, dict) and "document" in one]
        ):
            document.state, document.reason_code = KycDocument.State.REJECTED, "BLURRED"
            document.fix = "Take it again in daylight."
            document.save()
        found.asked_again = list(asked)
        move(application=found, to="MORE_NEEDED", by=by, at=at, reason_code="BLURRED", message=message)
    return found


def fresh(application: KycApplication) -> KycApplication:
    with acting_as_service():
        return KycApplication.objects.get(pk=application.pk)


def latest() -> KycApplication:
    with acting_as_service():
        return KycApplication.objects.latest("id")


def words(answer: Any) -> str:
    """What a page says, without its markup."""
    bare = re.sub(r"<(script|style).*?</\1>|<[^>]+>", " ", answer.content.decode(), flags=re.DOTALL)
    return re.sub(r"\s+", " ", bare).replace("&#x27;", "'")


def states(application: KycApplication) -> list[str]:
    with acting_as_service():
        found = KycStateChange.objects.filter(application=application).order_by("id")
        return list(found.values_list("to_state", flat=True))
