"""Many files removed behind the scenes, and how far that is."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponse

from storage_app import tasks
from storage_app.models import RemovalJob
from storage_app.services import jobs
from storage_app.services.access import require_service
from storage_app.wire.base import StorageView, time_of, told
from storage_app.wire.errors import RequestRefused
from storage_app.wire.reading import body_of_request, text


class Empty(StorageView):
    """All files of a bucket. `Location` tells where to ask how far it is."""

    def post(self, request: HttpRequest, id: str) -> HttpResponse:
        require_service()
        job = _begun(jobs.begin(bucket_id=id, prefix="", at=self.at))
        message = "Empty bucket has been queued. Completion may take up to an hour."
        return told({"message": message}, headers={"Location": f"/storage/v1/jobs/{job.pk}"})


class Jobs(StorageView):
    limit = "heavy"

    def post(self, request: HttpRequest) -> HttpResponse:
        body = body_of_request(request)
        bucket_id, prefix = text(body, "bucketId"), text(body, "prefix")
        if not prefix:
            raise RequestRefused("body/prefix must not be empty")
        return told(job_shape(_begun(jobs.begin(bucket_id=bucket_id, prefix=prefix, at=self.at))))


class Job(StorageView):
    def get(self, request: HttpRequest, id: UUID) -> HttpResponse:
        return told(job_shape(jobs.find(job_id=id)))


def job_shape(job: RemovalJob) -> dict[str, Any]:
    return {
        "id": str(job.pk),
        "bucket_id": job.bucket_id,
        "prefix": job.prefix,
        "state": "done" if job.finished_at else "working",
        "total": job.total,
        "removed": job.removed,
        "kept": job.kept,
        "created_at": time_of(job.created_at),
        "finished_at": time_of(job.finished_at) if job.finished_at else None,
    }


def _begun(job: RemovalJob) -> RemovalJob:
    transaction.on_commit(lambda: tasks.remove_files.delay(job_id=str(job.pk)), robust=True)
    return job
