"""Every refusal and fault of `/storage/v1` as clients know it. Their texts are matched by programs: never translated.

The body tells the real status; the HTTP status is 400 for nearly everything, since clients know no other.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from django.db import OperationalError

from core.errors import DomainError, Kind

# What HTTP itself says as well: clients try these again later.
TOLD_BY_HTTP = (423, 429, 500, 544)


class Answer(NamedTuple):
    """A refusal in the protocol's words."""

    status: int
    error: str
    message: str
    code: str


class RequestRefused(Exception):
    """A request that is no request of this protocol; `http_status` where HTTP says it as well."""

    def __init__(self, message: str, *, code: str = "InvalidRequest", http_status: int = 400) -> None:
        super().__init__(message)
        self.answer = Answer(http_status, "Not Found" if http_status == 404 else "Error", message, code)
        self.http_status = http_status


class TooManyRequests(Exception):
    """One caller asks too often; `retry_after` are the seconds to wait."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"retry after {retry_after} s")
        self.retry_after = retry_after


class BodyTooLarge(Exception):
    """A request whose body is larger than any request of its kind."""


def no_bearer() -> RequestRefused:
    return RequestRefused("headers must have required property 'authorization'")


def no_route(method: str, path: str) -> RequestRefused:
    return RequestRefused(f"Route {method}:{path} not found", http_status=404)


def body_of(error: Exception) -> tuple[int, dict[str, Any]]:
    """Return the HTTP status and the body by which an error is answered; what is no refusal is a fault of ours."""
    answer = _answer_of(error)
    http_status = answer.status if answer.status in TOLD_BY_HTTP else 400
    if isinstance(error, RequestRefused):
        http_status = error.http_status
    body = {
        "statusCode": str(answer.status),
        "error": answer.error,
        "message": answer.message,
        "code": answer.code,
    }
    return http_status, body


def headers_of(error: Exception) -> dict[str, str]:
    """Return the headers that go with the body."""
    return {"Retry-After": str(error.retry_after)} if isinstance(error, TooManyRequests) else {}


def is_fault(error: Exception) -> bool:
    """Whether this is no refusal but something to be logged and repaired."""
    return not isinstance(error, DomainError | RequestRefused | TooManyRequests | BodyTooLarge)


def _answer_of(error: Exception) -> Answer:
    match error:
        case RequestRefused():
            return error.answer
        case BodyTooLarge():
            return Answer(413, "Payload too large", "The request body is too large", "EntityTooLarge")
        case TooManyRequests():
            return Answer(429, "too_many_requests", "Too many requests, please try again later", "SlowDown")
        case DomainError() if error.code in _REFUSALS:
            return _REFUSALS[error.code]
        case DomainError() if error.code in _TOLD:
            return _TOLD[error.code](error)
        case DomainError():
            return Answer(_STATUS[error.kind], error.code, str(error), error.code)
        case OperationalError():
            return Answer(
                544, "DatabaseTimeout", "The connection to the database timed out", "DatabaseTimeout"
            )
    return Answer(500, "Internal", "Internal Server Error", "InternalError")


def _unauthorized(message: str) -> Answer:
    return Answer(403, "Unauthorized", message, "AccessDenied")


def _of_bearer(error: DomainError) -> Answer:
    reason = str(error.data.get("reason"))
    return _unauthorized(_BEARER_WORDS.get(reason, reason))


def _of_signature(error: DomainError) -> Answer:
    reason = str(error.data.get("reason"))
    code = "InvalidJWT" if reason in ("malformed", "forged", "expired") else "InvalidSignature"
    return Answer(400, code, _SIGNATURE_WORDS[reason], code)


def _of_key(error: DomainError) -> Answer:
    return Answer(400, "InvalidKey", f"Invalid key: {error.data['key']}", "InvalidKey")


def _of_type(error: DomainError) -> Answer:
    kind = error.data["type"]
    return Answer(415, "invalid_mime_type", f"mime type {kind} is not supported", "InvalidMimeType")


_BEARER_WORDS = {
    "malformed": "Invalid Compact JWS",
    "unable to parse or verify signature": "signature verification failed",
    "token is expired": '"exp" claim timestamp check failed',
}
_SIGNATURE_WORDS = {
    "malformed": "Invalid Compact JWS",
    "forged": "signature verification failed",
    "expired": '"exp" claim timestamp check failed',
    "not for download": "Token is not scoped for download",
    "not for upload": "Token is not scoped for upload",
    "other address": "The url do not match the signature",
    "ended": "The signature has been revoked",
}
_TAKEN = "The resource already exists"
_TOO_LARGE = "The object exceeded the maximum allowed size"
# By the code of a refusal of ours, wherever it is raised.
_REFUSALS = {
    "bucket_not_found": Answer(404, "Bucket not found", "Bucket not found", "NoSuchBucket"),
    "object_not_found": Answer(404, "not_found", "Object not found", "NoSuchKey"),
    "object_exists": Answer(409, "Duplicate", _TAKEN, "KeyAlreadyExists"),
    "bucket_exists": Answer(409, "Duplicate", _TAKEN, "BucketAlreadyExists"),
    "bucket_not_empty": Answer(
        409, "ResourceNotEmpty", "The bucket you tried to delete is not empty", "BucketNotEmpty"
    ),
    "file_not_allowed": _unauthorized("new row violates row-level security policy"),
    "file_too_large": Answer(413, "Payload too large", _TOO_LARGE, "EntityTooLarge"),
    "storage_quota_exceeded": Answer(413, "Payload too large", "Quota exceeded", "QuotaExceeded"),
    "upload_not_found": Answer(404, "not_found", "Upload not found", "NoSuchUpload"),
    "upload_expired": Answer(410, "Gone", "The upload has expired", "NoSuchUpload"),
    "upload_offset_wrong": Answer(409, "Conflict", "Upload-Offset conflict", "InvalidRequest"),
    "upload_locked": Answer(423, "ResourceLocked", "The resource is locked", "ResourceLocked"),
    "invalid_bucket_name": Answer(400, "Invalid Input", "Bucket name invalid", "InvalidBucketName"),
}
_TOLD: dict[str, Callable[[DomainError], Answer]] = {
    "bearer_refused": _of_bearer,
    "signature_refused": _of_signature,
    "invalid_key": _of_key,
    "file_type_not_allowed": _of_type,
}
_STATUS: dict[Kind, int] = {
    "invalid": 400,
    "conflict": 409,
    "forbidden": 403,
    "not_found": 404,
    "limited": 403,
    "unavailable": 500,
}
