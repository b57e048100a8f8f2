"""Refusals as Supabase's clients know them, text by text."""

import pytest
from django.db import OperationalError

from core.callers import BearerRefused
from core.errors import DomainError
from storage_app.names import InvalidBucketName, InvalidKey
from storage_app.services import access, buckets, objects, signing, uploads
from storage_app.wire import errors
from storage_app.wire.bearers import actor_asking


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (access.BucketNotFound(), "400 404 Bucket not found|Bucket not found|NoSuchBucket"),
        (access.ObjectNotFound(), "400 404 not_found|Object not found|NoSuchKey"),
        (objects.ObjectExists(), "400 409 Duplicate|The resource already exists|KeyAlreadyExists"),
        (buckets.BucketExists(), "400 409 Duplicate|The resource already exists|BucketAlreadyExists"),
        (
            buckets.BucketNotEmpty(),
            "400 409 ResourceNotEmpty|The bucket you tried to delete is not empty|BucketNotEmpty",
        ),
        (
            access.NotAllowed(),
            "400 403 Unauthorized|new row violates row-level security policy|AccessDenied",
        ),
        (
            objects.TooLarge(limit=1),
            "400 413 Payload too large|The object exceeded the maximum allowed size|EntityTooLarge",
        ),
        (
            objects.TypeNotAllowed(type="text/html"),
            "400 415 invalid_mime_type|mime type text/html is not supported|InvalidMimeType",
        ),
        (uploads.UploadNotFound(), "400 404 not_found|Upload not found|NoSuchUpload"),
        (uploads.UploadExpired(), "400 410 Gone|The upload has expired|NoSuchUpload"),
        (uploads.OffsetWrong(offset=1), "400 409 Conflict|Upload-Offset conflict|InvalidRequest"),
        (uploads.UploadLocked(), "423 423 ResourceLocked|The resource is locked|ResourceLocked"),
        (InvalidKey(key="a//b"), "400 400 InvalidKey|Invalid key: a//b|InvalidKey"),
        (InvalidBucketName(), "400 400 Invalid Input|Bucket name invalid|InvalidBucketName"),
        (
            BearerRefused(reason="token is expired"),
            '400 403 Unauthorized|"exp" claim timestamp check failed|AccessDenied',
        ),
        (
            signing.SignatureRefused(reason="not for download"),
            "400 400 InvalidSignature|Token is not scoped for download|InvalidSignature",
        ),
        (
            signing.SignatureRefused(reason="expired"),
            '400 400 InvalidJWT|"exp" claim timestamp check failed|InvalidJWT',
        ),
        (
            errors.no_bearer(),
            "400 400 Error|headers must have required property 'authorization'|InvalidRequest",
        ),
        (errors.no_route("GET", "/x"), "404 404 Not Found|Route GET:/x not found|InvalidRequest"),
        (
            errors.TooManyRequests(3),
            "429 429 too_many_requests|Too many requests, please try again later|SlowDown",
        ),
        (
            OperationalError("password in here"),
            "544 544 DatabaseTimeout|The connection to the database timed out|DatabaseTimeout",
        ),
        (KeyError("secret"), "500 500 Internal|Internal Server Error|InternalError"),
        (DomainError("In words."), "400 400 refused|In words.|refused"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_an_error_in_the_words_of_the_protocol(error, told):
    status, body = errors.body_of(error)
    assert f"{status} {body['statusCode']} {body['error']}|{body['message']}|{body['code']}" == told


def test_every_reason_to_refuse_a_signature_has_words():
    for reason in signing.SignatureRefused.__doc__.split(": ", 1)[1].rstrip(".").split(", "):
        assert errors.body_of(signing.SignatureRefused(reason=reason))[1]["message"]


def test_faults_are_told_apart_from_refusals():
    assert errors.is_fault(KeyError()) and errors.is_fault(OperationalError())
    assert not errors.is_fault(errors.TooManyRequests(1)) and not errors.is_fault(access.NotAllowed())
    assert errors.headers_of(errors.TooManyRequests(3)) == {"Retry-After": "3"}


@pytest.mark.parametrize(("authorization", "apikey"), [("", ""), ("Bearer ", " "), ("Basic abc", "")])
def test_who_names_nobody_is_told_so(authorization, apikey):
    with pytest.raises(errors.RequestRefused):
        actor_asking(authorization=authorization, apikey=apikey)


def test_what_is_no_token_is_told_so():
    with pytest.raises(BearerRefused) as caught:
        actor_asking(authorization="Bearer sb_publishable_x", apikey="")
    assert errors.body_of(caught.value)[1]["message"] == "Invalid Compact JWS"
