"""Files. A `Bucket` holds `Object`s, found by name; what an object holds is its current `ObjectVersion`.

The bytes lie apart (`blobs`), under keys made from ids alone: no name that anybody chose becomes a path. A blob is
written before the row that points at it is committed, and removed after the row that pointed at it is gone, by way of
`DoomedBlob`; `reconcile_storage` proves that rows and blobs are in step.
"""

from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from core.ids import uuid7
from storage_app.names import BUCKET_NAME, LONGEST_NAME


class Bucket(models.Model):
    """Files that are kept under the same rules. `id` is the name by which apps know it.

    `public` opens `/object/public/…` to the world; who else may do what, its `BucketRule`s say. A signed address names
    the `epoch` it was made in: raising it ends all of them.
    """

    id = models.CharField(
        primary_key=True, max_length=100, db_collation="C", validators=[RegexValidator(BUCKET_NAME)]
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    public = models.BooleanField(default=False)
    file_size_limit = models.BigIntegerField(null=True, blank=True, help_text=_("Bytes of one file."))
    allowed_mime_types = ArrayField(models.CharField(max_length=127), null=True, blank=True)
    quota_bytes = models.BigIntegerField(
        null=True, blank=True, help_text=_("Bytes of all files of one person.")
    )
    quota_objects = models.IntegerField(null=True, blank=True, help_text=_("Files of one person."))
    keep_versions = models.PositiveSmallIntegerField(
        default=5, help_text=_("How many earlier contents of a file are kept.")
    )
    epoch = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        verbose_name = _("bucket")
        verbose_name_plural = _("buckets")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(file_size_limit=None) | models.Q(file_size_limit__gte=0),
                name="bucket_size_limit",
            ),
        ]

    def __str__(self) -> str:
        return self.id


class BucketRule(models.Model):
    """One thing that some people may do with the objects of a bucket. What no rule allows is refused."""

    class Who(models.TextChoices):
        EVERYONE = "EVERYONE", _("Everyone, signed in or not")
        SIGNED_IN = "SIGNED_IN", _("Everyone signed in")
        OWNER = "OWNER", _("Who put the file there")
        OWN_FOLDER = "OWN_FOLDER", _("Each person in the folder named by their id")
        ORGANIZATION_FOLDER = (
            "ORGANIZATION_FOLDER",
            _("Members of an organisation in the folder named by its id"),
        )

    class What(models.TextChoices):
        READ = "READ", _("Read and list")
        ADD = "ADD", _("Add new files")
        REPLACE = "REPLACE", _("Replace and rename files")
        DELETE = "DELETE", _("Delete files")

    bucket = models.ForeignKey(Bucket, on_delete=models.CASCADE, related_name="rules", db_index=False)
    who = models.CharField(max_length=20, choices=Who.choices)
    what = models.CharField(max_length=8, choices=What.choices)

    class Meta:
        verbose_name = _("rule of a bucket")
        verbose_name_plural = _("rules of a bucket")
        constraints = [
            models.UniqueConstraint(fields=["bucket", "who", "what"], name="bucketrule_once"),
            # A stranger only ever reads.
            models.CheckConstraint(
                condition=~models.Q(who="EVERYONE") | models.Q(what="READ"), name="bucketrule_strangers_read"
            ),
        ]
        indexes = [models.Index(fields=["who", "what", "bucket"], name="bucketrule_of")]

    def __str__(self) -> str:
        return f"{self.bucket_id}: {self.who} {self.what}"


class Object(models.Model):
    """A file by its name in a bucket. `user_metadata` is the owner's, nobody reads sense into it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    bucket = models.ForeignKey(Bucket, on_delete=models.PROTECT, related_name="files", db_index=False)
    name = models.CharField(max_length=LONGEST_NAME, db_collation="C")
    # What stands before the last part of the name, with its slash: `a/b/` of `a/b/c.txt`. Listing goes by it.
    folder = models.GeneratedField(
        expression=Coalesce(
            models.Func(models.F("name"), models.Value("^.*/"), function="substring"), models.Value("")
        ),
        output_field=models.CharField(max_length=LONGEST_NAME, db_collation="C"),
        db_persist=True,
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    version = models.ForeignKey(
        "ObjectVersion", on_delete=models.DO_NOTHING, related_name="+", db_index=False, db_constraint=False
    )
    user_metadata = models.JSONField(null=True, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    last_accessed_at = models.DateTimeField()

    class Meta:
        verbose_name = _("file")
        verbose_name_plural = _("files")
        constraints = [models.UniqueConstraint(fields=["bucket", "name"], name="object_once")]
        # The policy that files are read by needs the owner: with it here, the index alone tells the folders.
        indexes = [
            models.Index(fields=["bucket", "folder", "name"], include=["owner"], name="object_in_folder")
        ]

    def __str__(self) -> str:
        return f"{self.bucket_id}/{self.name}"


class ObjectVersion(models.Model):
    """What a file held from a moment on. Never changed; gone with the file, or once `keep_versions` newer ones are."""

    class Scan(models.TextChoices):
        NOT_ASKED = "NOT_ASKED", _("Not looked at")
        WAITING = "WAITING", _("Waiting to be looked at")
        CLEAN = "CLEAN", _("Nothing found")
        INFECTED = "INFECTED", _("Something harmful found")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    object = models.ForeignKey(Object, on_delete=models.CASCADE, related_name="versions", db_index=False)
    blob_key = models.CharField(max_length=80, unique=True)
    size = models.BigIntegerField()
    content_type = models.CharField(max_length=127)
    cache_control = models.CharField(max_length=100)
    # Of a large content, the MD5 of its SHA-256 (blobs.MD5_UP_TO).
    md5 = models.CharField(max_length=32)
    sha256 = models.CharField(max_length=64)
    scan = models.CharField(max_length=9, choices=Scan.choices, default=Scan.NOT_ASKED)
    # Whose quota it counts against: who put it there.
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("version of a file")
        verbose_name_plural = _("versions of a file")
        indexes = [models.Index(fields=["object", "-id"], name="objectversion_of_object")]
        constraints = [
            models.CheckConstraint(condition=models.Q(size__gte=0), name="objectversion_size"),
        ]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def etag(self) -> str:
        return f'"{self.md5}"'

    @property
    def metadata(self) -> dict[str, Any]:
        """What Supabase's clients call the object's metadata."""
        return {
            "eTag": self.etag,
            "size": self.size,
            "mimetype": self.content_type,
            "cacheControl": self.cache_control,
            "lastModified": self.created_at.isoformat().replace("+00:00", "Z"),
            "contentLength": self.size,
            "httpStatusCode": 200,
        }


class Usage(models.Model):
    """How much of a bucket one person fills: the files they put there, and the bytes of every version kept."""

    bucket = models.ForeignKey(Bucket, on_delete=models.CASCADE, related_name="usage", db_index=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", db_index=True
    )
    objects_count = models.IntegerField(default=0)
    bytes_count = models.BigIntegerField(default=0)

    class Meta:
        verbose_name = _("use of a bucket")
        verbose_name_plural = _("use of buckets")
        constraints = [
            models.UniqueConstraint(fields=["bucket", "owner"], name="usage_once", nulls_distinct=False),
            models.CheckConstraint(
                condition=models.Q(objects_count__gte=0, bytes_count__gte=0), name="usage_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.bucket_id} {self.owner_id}"


class Upload(models.Model):
    """A file that comes in parts (TUS). `offset` bytes lie in its `UploadPart`s; `size` is null until the client says.

    Whoever writes holds the lease `writer` until `leased_until`; a second writer meanwhile is told to wait. Once it is
    `finished_at`, its file is there and its parts are gone; the row still tells a client that missed the answer.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    bucket = models.ForeignKey(Bucket, on_delete=models.CASCADE, related_name="uploads", db_index=False)
    name = models.CharField(max_length=LONGEST_NAME, db_collation="C")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    upsert = models.BooleanField(default=False)
    content_type = models.CharField(max_length=127)
    cache_control = models.CharField(max_length=100)
    user_metadata = models.JSONField(null=True)
    upload_metadata = models.TextField(blank=True)
    size = models.BigIntegerField(null=True)
    offset = models.BigIntegerField(default=0)
    writer = models.UUIDField(null=True)
    leased_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("upload")
        verbose_name_plural = _("uploads")
        indexes = [models.Index(fields=["bucket", "owner"], name="upload_of")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(offset__gte=0)
                & (models.Q(size=None) | models.Q(offset__lte=models.F("size"))),
                name="upload_offset_within",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.bucket_id}/{self.name}"


class UploadPart(models.Model):
    """Some of an upload's bytes, in a blob of their own; `offset` is where they begin."""

    upload = models.ForeignKey(Upload, on_delete=models.CASCADE, related_name="parts", db_index=False)
    offset = models.BigIntegerField()
    size = models.BigIntegerField()
    blob_key = models.CharField(max_length=80, unique=True)

    class Meta:
        verbose_name = _("part of an upload")
        verbose_name_plural = _("parts of an upload")
        constraints = [models.UniqueConstraint(fields=["upload", "offset"], name="uploadpart_once")]

    def __str__(self) -> str:
        return f"{self.upload_id} {self.offset}"


class RemovalJob(models.Model):
    """The removal of every file of a bucket whose name begins with `prefix`, in batches; `after` is how far it got.

    It works with the rights of who asked for it (`owner`; the service where there is none), and leaves files alone that
    came after it was asked for.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    bucket = models.ForeignKey(Bucket, on_delete=models.CASCADE, related_name="removals", db_index=False)
    prefix = models.CharField(max_length=LONGEST_NAME, db_collation="C", blank=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    total = models.IntegerField(null=True)
    removed = models.IntegerField(default=0)
    kept = models.IntegerField(default=0)
    after = models.CharField(max_length=LONGEST_NAME, db_collation="C", blank=True)
    created_at = models.DateTimeField()
    moved_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("removal of files")
        verbose_name_plural = _("removals of files")
        indexes = [
            models.Index(fields=["bucket"], name="removaljob_bucket"),
            models.Index(fields=["moved_at"], condition=models.Q(finished_at=None), name="removaljob_open"),
        ]

    def __str__(self) -> str:
        return f"{self.bucket_id}/{self.prefix}"


class DoomedBlob(models.Model):
    """A blob that no row points at any more, to be removed once who still reads it is done."""

    blob_key = models.CharField(primary_key=True, max_length=80)
    doomed_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = _("blob to be removed")
        verbose_name_plural = _("blobs to be removed")

    def __str__(self) -> str:
        return self.blob_key
