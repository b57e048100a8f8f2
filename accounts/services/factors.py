"""Second factors: begun, proven, asked, renamed and removed. One set of them for pages and apps, in allauth's table.

A code of an authenticator app is taken once, whichever face it is typed into: the row remembers the last time step that
was used, and every check locks it.
"""

from datetime import datetime, timedelta
from typing import Any

from allauth.mfa.models import Authenticator
from django.utils.translation import gettext_lazy as _

from accounts import audit, totp
from accounts.models import PendingFactor, Session, User
from accounts.services import identities
from accounts.services.sessions import SECOND_FACTORS
from core.actors import acting_as_service
from core.errors import DomainError
from core.ids import uuid7

MOST = 10
PENDING_FOR = timedelta(hours=1)
KINDS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
# allauth's words for what proves a second factor -> those of the `amr` claim.
METHODS: dict[str, str] = {
    Authenticator.Type.TOTP: "totp",
    Authenticator.Type.WEBAUTHN: "mfa/webauthn",
    Authenticator.Type.RECOVERY_CODES: "recovery_code",
}


class FactorNotFound(DomainError):
    code = "mfa_factor_not_found"
    kind = "not_found"
    message = _("Factor not found")


class FactorNameTaken(DomainError):
    code = "mfa_factor_name_conflict"
    kind = "conflict"
    message = _("A factor with this friendly name exists already")


class TooManyFactors(DomainError):
    code = "too_many_enrolled_mfa_factors"
    message = _("Maximum number of factors reached, unenroll one to continue")


class AppAlreadySetUp(TooManyFactors):
    message = _("One authenticator app is set up already; remove it before you set up another")


class OnlyWayIn(DomainError):
    code = "only_way_in"
    kind = "conflict"
    message = _("This passkey is your only way to log in. Set a password or link another account first.")


class WrongCode(DomainError):
    code = "mfa_verification_failed"
    message = _("Invalid TOTP code entered")


def factors_of(*, user: User) -> list[Authenticator]:
    """The proven factors of a person, oldest first; recovery codes are not among them."""
    with acting_as_service():
        return list(Authenticator.objects.filter(user=user, type__in=KINDS).order_by("pk"))


def begin(*, user: User, kind: str, name: str, at: datetime) -> PendingFactor:
    """Begin to set up a factor. One of the same kind and name that was begun before is forgotten.

    Raises FactorNameTaken, TooManyFactors, AppAlreadySetUp.
    """
    with acting_as_service():
        proven = _locked(user)
        _refuse(proven, kind, name)
        begun = PendingFactor.objects.filter(user=user)
        begun.filter(expires_at__lte=at).delete()
        begun.filter(kind=kind, name=name).delete()
        if len(proven) + begun.count() >= MOST:
            raise TooManyFactors
        app = kind == PendingFactor.Kind.TOTP
        return PendingFactor.objects.create(
            user=user,
            kind=kind,
            name=name,
            secret=totp.seal(totp.new_secret(), user_id=user.pk) if app else "",
            created_at=at,
            expires_at=at + PENDING_FOR,
        )


def confirm_app(*, pending: PendingFactor, code: str, at: datetime) -> Authenticator:
    """Keep an authenticator app that gave a right code. Raises WrongCode and what `begin` raises."""
    secret = totp.open_sealed(pending.secret, user_id=pending.user_id)
    step = totp.step_of(secret, code, at)
    if step is None or pending.expires_at <= at:
        raise WrongCode
    return add_app(user=pending.user, name=pending.name, secret=secret, step=step, pending=pending)


def add_app(
    *, user: User, name: str, secret: str, step: int = 0, pending: PendingFactor | None = None
) -> Authenticator:
    """Keep an authenticator app whose codes up to time step `step` are used. Raises what `begin` raises."""
    data = {"secret": totp.seal(secret, user_id=user.pk), "step": step}
    return _add(user, Authenticator.Type.TOTP, name, data, pending)


def add_passkey(
    *, user: User, name: str, credential: dict[str, Any], pending: PendingFactor | None = None
) -> Authenticator:
    """Keep a passkey whose answer was checked. Raises what `begin` raises."""
    return _add(user, Authenticator.Type.WEBAUTHN, name, {"credential": credential}, pending)


def free_name(*, user: User, wanted: str) -> str:
    """Return this name, with a number behind it where the person has a factor of that name."""
    taken = {row.data.get("name") for row in factors_of(user=user)}
    names = [wanted, *(f"{wanted} {number}" for number in range(2, MOST + 2))]
    return next(name for name in names if name not in taken)


def rename(*, row: Authenticator, name: str) -> None:
    """Give a factor another name; raises FactorNameTaken."""
    with acting_as_service():
        others = [other for other in _locked(row.user) if other.pk != row.pk]
        if any(other.data.get("name") == name for other in others):
            raise FactorNameTaken
        # What it counts of its uses is in the same column: as it is now, not as it was when the page was read.
        locked = Authenticator.objects.select_for_update().get(pk=row.pk)
        locked.data["name"] = name
        locked.save(update_fields=["data"])
        row.data = locked.data
        audit.record(action="accounts.factor.renamed", target=row, actor_id=row.user_id, name=name)


def remove(*, row: Authenticator) -> None:
    """Remove a factor. The recovery codes go with the last one; sessions fall back to what is still proven.

    Raises OnlyWayIn.
    """
    with acting_as_service():
        remaining = [other for other in _locked(row.user) if other.pk != row.pk]
        user = User.objects.get(pk=row.user_id)
        if row.type == Authenticator.Type.WEBAUTHN and not identities.has_way_in(user=user, but=row):
            raise OnlyWayIn
        audit.record(action="accounts.factor.removed", target=row, actor_id=user.pk, kind=row.type)
        gone = Authenticator.objects.filter(user=user)
        (gone.filter(pk=row.pk) if remaining else gone).delete()
        forget_proofs(user=user)


def answer(*, user: User, code: str, at: datetime) -> Authenticator | None:
    """Return the factor that a typed code proves, the app or the recovery codes; the code is used up. Else None."""
    with acting_as_service():
        rows = Authenticator.objects.filter(user=user).exclude(type=Authenticator.Type.WEBAUTHN)
        for row in rows.order_by("-type"):
            if accept(row=row, code=code, at=at):
                return row
    return None


def accept(*, row: Authenticator, code: str, at: datetime) -> bool:
    """Whether this code proves this factor now; a code that does is used up."""
    if row.type == Authenticator.Type.WEBAUTHN:
        return False
    with acting_as_service():
        if row.type == Authenticator.Type.RECOVERY_CODES:
            return bool(row.wrap().validate_code(code))
        locked = Authenticator.objects.select_for_update().filter(pk=row.pk).first()
        step = totp.step_of(totp.secret_of(locked), code, at) if locked else None
        if locked is None or step is None or step <= locked.data.get("step", 0):
            return False
        locked.data["step"] = step
        locked.last_used_at = at
        locked.save(update_fields=["data", "last_used_at"])
    return True


def _add(
    user: User, kind: str, name: str, data: dict[str, Any], pending: PendingFactor | None
) -> Authenticator:
    with acting_as_service():
        proven = _locked(user)
        if pending and not PendingFactor.objects.filter(pk=pending.pk, user=user).exists():
            raise FactorNotFound
        _refuse(proven, kind, name)
        if len(proven) >= MOST:
            raise TooManyFactors
        identity = pending.pk if pending else uuid7()
        row = Authenticator.objects.create(
            user=user, type=kind, data={"id": str(identity), "name": name, **data}
        )
        begun = PendingFactor.objects.filter(user=user)
        (begun.filter(kind=kind) if pending else begun.filter(kind=kind, name=name)).delete()
        audit.record(
            action="accounts.factor.added", target=row, actor_id=user.pk, kind=str(kind), factor=str(identity)
        )
    return row


def _locked(user: User) -> list[Authenticator]:
    """The proven factors of a person whose row is locked: two at once cannot pass a limit together."""
    User.objects.select_for_update(no_key=True).only("pk").get(pk=user.pk)
    return factors_of(user=user)


def _refuse(proven: list[Authenticator], kind: str, name: str) -> None:
    if any(row.data.get("name") == name for row in proven):
        raise FactorNameTaken
    if kind == Authenticator.Type.TOTP and any(row.type == kind for row in proven):
        raise AppAlreadySetUp


def forget_proofs(*, user: User) -> None:
    """Take from a person's sessions what was proven by a kind of factor that they have no more."""
    kinds = set(Authenticator.objects.filter(user=user).values_list("type", flat=True))
    gone = {method for kind, method in METHODS.items() if kind not in kinds}
    for session in Session.objects.live().filter(user=user).select_for_update().order_by("pk"):
        methods = [known for known in session.methods if known["method"] not in gone]
        if methods != session.methods:
            proven = any(known["method"] in SECOND_FACTORS for known in methods)
            session.methods = methods
            session.level = Session.Level.TWO if proven else Session.Level.ONE
            session.save(update_fields=["methods", "level"])
