"""Many files removed in batches: each is one transaction that also notes how far it got, so that after a crash the next
one goes on from there. Twice the same batch removes nothing twice.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import QuerySet

from core import audit
from core.actors import AUTHENTICATED, SERVICE, Actor, acting, acting_as_service, current_actor
from storage_app.models import Object, RemovalJob
from storage_app.names import LONGEST_NAME, InvalidKey
from storage_app.services import removal
from storage_app.services.access import (
    DELETE,
    NotAllowed,
    ObjectNotFound,
    actor_id,
    allowed,
    bucket_named,
    require_service,
)

BATCH = 500
# Whoever worked on a job and has not moved for so long is taken for gone.
STALLED = timedelta(minutes=2)
_LAST = "\x7f"


def begin(*, bucket_id: str, prefix: str, at: datetime) -> RemovalJob:
    """Ask for the removal of all files whose names begin with `prefix` that whoever acts may delete.

    Without a prefix it empties the bucket, which only the service may. Raises BucketNotFound, NotAllowed, InvalidKey.
    """
    if len(prefix) > LONGEST_NAME:
        raise InvalidKey(key=prefix[:LONGEST_NAME])
    actor = current_actor()
    if not prefix:
        require_service()
    elif actor is None or (actor.role != SERVICE and actor.user_id is None):
        raise NotAllowed
    bucket = bucket_named(bucket_id)
    owner_id = None if actor and actor.role == SERVICE else actor_id()
    with acting_as_service():
        job = RemovalJob.objects.create(
            bucket=bucket, prefix=prefix, owner_id=owner_id, created_at=at, moved_at=at
        )
        audit.record(action="storage.removal.asked", target=job, bucket=bucket_id, prefix=prefix)
    return job


def step(*, job_id: UUID, at: datetime) -> bool:
    """Remove the next batch of a job; return whether there is more to do.

    Nothing to do for a second worker: who has the row is at it.
    """
    with acting_as_service():
        open_jobs = RemovalJob.objects.select_for_update(skip_locked=True, of=("self",))
        job = open_jobs.filter(pk=job_id, finished_at=None).first()
        if job is None:
            return False
        seen, removable = _next_batch(job)
        # Asked once more under the lock: what was replaced or moved meanwhile is not what was asked for.
        still = Object.objects.filter(
            pk__in=removable, bucket_id=job.bucket_id, updated_at__lte=job.created_at
        )
        gone = removal.remove_all(objects=still, at=at)
        job.removed += gone
        job.kept += len(seen) - gone
        job.after = seen[-1] if seen else job.after
        job.moved_at = at
        if len(seen) < BATCH:
            job.finished_at = at
        job.save(update_fields=["total", "removed", "kept", "after", "moved_at", "finished_at"])
        if gone:
            facts = {"bucket": job.bucket_id, "prefix": job.prefix, "first": seen[0], "last": seen[-1]}
            audit.record(action="storage.removal.batch", target=job, files=gone, **facts)
    return job.finished_at is None


def stalled(*, at: datetime) -> list[UUID]:
    """Return the jobs that nobody works on, oldest first."""
    with acting_as_service():
        open_jobs = RemovalJob.objects.filter(finished_at=None, moved_at__lte=at - STALLED)
        return list(open_jobs.order_by("moved_at").values_list("pk", flat=True)[:100])


def find(*, job_id: UUID) -> RemovalJob:
    """Return a job of whoever acts. Raises ObjectNotFound."""
    actor = current_actor()
    known = actor is not None and actor.role in (SERVICE, AUTHENTICATED)
    job = RemovalJob.objects.filter(pk=job_id).first() if known else None
    if job is None:
        raise ObjectNotFound
    return job


def _next_batch(job: RemovalJob) -> tuple[list[str], list[UUID]]:
    """The names of the next files that who asked may see, and the ids of those they may remove."""
    claims = {"sub": str(job.owner_id), "role": AUTHENTICATED}
    with acting(Actor(AUTHENTICATED, claims) if job.owner_id else Actor(SERVICE, {"role": SERVICE})):
        there = _named(job)
        if job.total is None:
            job.total = there.count()
        seen = list(there.filter(name__gt=job.after).order_by("name").values_list("pk", "name")[:BATCH])
        ids = [id for id, _name in seen]
        removable = Object.objects.filter(allowed(DELETE), pk__in=ids, updated_at__lte=job.created_at)
        return [name for _id, name in seen], list(removable.values_list("pk", flat=True))


def _named(job: RemovalJob) -> QuerySet[Object]:
    there = Object.objects.filter(bucket_id=job.bucket_id)
    return there.filter(name__gte=job.prefix, name__lt=job.prefix + _LAST) if job.prefix else there
