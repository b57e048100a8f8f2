"""What whoever acts may do with a bucket's files."""

from uuid import UUID

from django.db import connection
from django.db.models import BooleanField, F, Func, Value
from django.utils.translation import gettext_lazy as _

from core.actors import SERVICE, current_actor
from core.errors import DomainError
from storage_app.models import Bucket, BucketRule

READ, ADD, REPLACE, DELETE = BucketRule.What.values


class NotAllowed(DomainError):
    code = "file_not_allowed"
    kind = "forbidden"
    message = _("The rules of this bucket do not allow that.")


class BucketNotFound(DomainError):
    code = "bucket_not_found"
    kind = "not_found"
    message = _("Bucket not found")


class ObjectNotFound(DomainError):
    code = "object_not_found"
    kind = "not_found"
    message = _("Object not found")


def may(what: str, *, bucket_id: str, name: str, owner_id: UUID | None) -> bool:
    """Whether the rules let whoever acts do `what` with a file of this name; a new one belongs to the actor."""
    with connection.cursor() as cursor:
        cursor.execute("select storage.may(%s, %s, %s, %s)", [what, bucket_id, name, owner_id])
        return bool(cursor.fetchone()[0])


def allowed(what: str) -> Func:
    """The condition on files that the rules let whoever acts do `what` with them."""
    args = (Value(what), F("bucket_id"), F("name"), F("owner_id"))
    return Func(*args, function="storage.may", output_field=BooleanField())


def require(what: str, *, bucket_id: str, name: str, owner_id: UUID | None) -> None:
    """Raises NotAllowed."""
    if not may(what, bucket_id=bucket_id, name=name, owner_id=owner_id):
        raise NotAllowed


def require_service() -> None:
    """Buckets are made and changed by the operator and by apps' servers. Raises NotAllowed for anybody else."""
    actor = current_actor()
    if actor is None or actor.role != SERVICE:
        raise NotAllowed


def actor_id() -> UUID | None:
    actor = current_actor()
    return actor.user_id if actor else None


def bucket_named(id: str) -> Bucket:
    """Raises BucketNotFound, also for a bucket that has nothing for whoever acts."""
    bucket = Bucket.objects.filter(pk=id).first()
    if bucket is None:
        raise BucketNotFound
    return bucket


def bucket_held(id: str) -> Bucket:
    """Return a bucket that cannot be deleted until this transaction ends. Raises BucketNotFound.

    It is held as the foreign key of a new file would hold it later, so many may at once.
    """
    query = "select * from storage_app_bucket where id = %s for key share"
    bucket = next(iter(Bucket.objects.raw(query, [id])), None)
    if bucket is None:
        raise BucketNotFound
    return bucket
