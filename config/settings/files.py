"""Where the bytes of files lie: a folder of this machine, or a bucket of an S3 service when one is named."""

from pathlib import Path
from typing import Any

from config.env import Services


def storage(services: Services, *, folder: Path) -> dict[str, Any]:
    """Return one entry of Django's STORAGES. Credentials for S3 are found by its own client, in AWS_… variables."""
    if not services.aws_storage_bucket_name:
        return {"BACKEND": "storage_app.blobs.FolderStorage", "OPTIONS": {"location": folder}}
    options = {
        "bucket_name": services.aws_storage_bucket_name,
        "endpoint_url": services.aws_s3_endpoint_url or None,
        "region_name": services.aws_region or None,
        "default_acl": None,
        "file_overwrite": True,
        "querystring_auth": False,
        "signature_version": "s3v4",
    }
    return {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options}
