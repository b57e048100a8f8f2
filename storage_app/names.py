"""What buckets and files may be called. Pure: the characters are those that Supabase's storage allows."""

import re
import unicodedata

from django.utils.translation import gettext_lazy as _

from core.errors import DomainError

LONGEST_NAME = 1024
_CHARACTERS = r"\w/!.*'()&$@=;:+,? -"
BUCKET_NAME = r"^(?! )[0-9A-Za-z_!.*'()&$@=;:+,? -]{1,100}(?<! )$"
_KEY = re.compile(rf"[{_CHARACTERS}]+", re.ASCII)
_BUCKET = re.compile(BUCKET_NAME)


class InvalidKey(DomainError):
    code = "invalid_key"
    message = _("This name cannot be given to a file.")
    public = ("key",)


class InvalidBucketName(DomainError):
    code = "invalid_bucket_name"
    message = _("This name cannot be given to a bucket.")


def checked_key(name: str) -> str:
    """Return the name of a file as it came. Raises InvalidKey.

    Names are not paths, and are never used as such; what would mean something else as a path is refused all the same,
    since clients write files under these names.
    """
    parts = name.split("/")
    if not _KEY.fullmatch(name) or len(name) > LONGEST_NAME or any(part in ("", ".", "..") for part in parts):
        raise InvalidKey(key=name[:LONGEST_NAME])
    return name


def checked_bucket_name(name: str) -> str:
    """Return the name of a bucket as it came. Raises InvalidBucketName."""
    if not _BUCKET.fullmatch(name) or name in (".", ".."):
        raise InvalidBucketName
    return name


def file_name_of(wished: str, *, longest: int = 120) -> str:
    """Return a name for a file that a person calls `wished`: as near to it as the allowed characters let."""
    last = wished.replace("\\", "/").rpartition("/")[2]
    plain = unicodedata.normalize("NFKD", last).encode("ascii", "ignore").decode()
    stem, dot, ending = re.sub(rf"[^{_CHARACTERS}]+", "-", plain, flags=re.ASCII).rpartition(".")
    if not dot:
        stem, ending = ending, ""
    stem = stem.strip(" .-")[:longest] or "file"
    ending = re.sub(r"\W", "", ending, flags=re.ASCII)[:10]
    return f"{stem}.{ending}" if ending else stem
