"""The second factor: allauth keeps and checks it, django-otp's `user.is_verified()` tells who has passed it.

`Factor` shows allauth's rows to django-otp as its devices. Whoever proves one in this session is verified in
it; once the factor is removed, nobody is verified by it any more.
"""

from datetime import timedelta
from typing import Any, NoReturn

from allauth.mfa import app_settings
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added, authenticator_used
from django.conf import settings
from django.db import models
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_otp import DEVICE_ID_SESSION_KEY
from django_otp.models import Device

from accounts import totp
from accounts.models import PendingFactor, User
from accounts.services import factors
from core.actors import acting_as_service
from core.errors import DomainError

STEP = timedelta(seconds=app_settings.TOTP_PERIOD)


class NotEnrolled(DomainError):
    code = "not_enrolled"
    message = _("This person has no authenticator app set up.")


class FactorQuerySet(models.QuerySet["Factor"]):
    """Read as the service: django-otp asks before anyone is acting."""

    def _fetch_all(self) -> None:
        with acting_as_service():
            super()._fetch_all()

    def devices_for_user(self, user: User, confirmed: bool | None = None) -> "FactorQuerySet":
        return self.none() if confirmed is False else self.filter(user=user)


class Factor(Device):
    """One authenticator of a person, as django-otp sees it: read-only, and confirmed as soon as it exists."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )
    name = models.CharField(max_length=20, db_column="type")
    confirmed = True

    objects = FactorQuerySet.as_manager()

    class Meta:
        managed = False
        db_table = "mfa_authenticator"
        verbose_name = _("second factor")
        verbose_name_plural = _("second factors")

    def verify_token(self, token: str) -> bool:
        with acting_as_service():
            row = Authenticator.objects.get(pk=self.pk)
        return factors.accept(row=row, code=token, at=timezone.now())

    def save(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("allauth writes the second factors; this is a way to read them")

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("allauth removes the second factors; this is a way to read them")


@receiver(authenticator_used, dispatch_uid="accounts.verified_by_use")
def verified_by_use(request: HttpRequest, authenticator: Authenticator, **_kwargs: Any) -> None:
    """Mark the session as verified: a code, a recovery code or a passkey was right just now."""
    request.session[DEVICE_ID_SESSION_KEY] = Factor(pk=authenticator.pk).persistent_id


@receiver(authenticator_added, dispatch_uid="accounts.verified_by_enrolment")
def verified_by_enrolment(request: HttpRequest, authenticator: Authenticator, **_kwargs: Any) -> None:
    """Mark the session as verified by a new factor, which was proven. Recovery codes prove nothing."""
    if authenticator.type in factors.KINDS:
        verified_by_use(request, authenticator)


def enrol_totp(*, user: User, secret: str | None = None) -> None:
    """Give `user` an authenticator app without asking for a code: for people whom a command makes.

    Leaves one that is there already as it is.
    """
    try:
        name = factors.free_name(user=user, wanted=str(_("Authenticator app")))
        factors.add_app(user=user, name=name, secret=secret or totp.new_secret())
    except factors.AppAlreadySetUp:
        return


def current_code(*, user: User) -> str:
    """Return a code that is good now, of the user's app or of the one that they are setting up; raises NotEnrolled.

    It is the one that the app shows, or, where that was used, the next one.
    """
    at = timezone.now()
    with acting_as_service():
        row = Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).first()
        begun = PendingFactor.objects.filter(user=user, kind=PendingFactor.Kind.TOTP).order_by("pk").last()
    if row is not None:
        secret = totp.secret_of(row)
        code = totp.code_at(secret, at)
        used = (totp.step_of(secret, code, at) or 0) <= row.data.get("step", 0)
        return totp.code_at(secret, at + STEP) if used else code
    if begun is not None:
        return totp.code_at(totp.open_sealed(begun.secret, user_id=user.pk), at)
    raise NotEnrolled
