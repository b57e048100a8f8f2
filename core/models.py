from django.db import models
from django.utils.translation import gettext_lazy as _


class IdempotencyKey(models.Model):
    """A request that a caller named, and its answer. It commits with what the request did, or not at all.

    `subject_id` is what the request makes: a transfer's posting, a deposit's payment. `status` is null while
    a request that calls outside is on its way; `claimed_until` then says until when its twin waits for it.
    """

    owner_id = models.UUIDField()
    credential = models.CharField(max_length=40)
    method = models.CharField(max_length=8)
    path = models.CharField(max_length=300)
    key = models.CharField(max_length=255)
    fingerprint = models.BinaryField(max_length=32)
    subject_id = models.UUIDField(null=True)
    status = models.PositiveSmallIntegerField(null=True)
    content_type = models.CharField(max_length=60, blank=True)
    body = models.TextField(blank=True)
    claimed_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("idempotency key")
        verbose_name_plural = _("idempotency keys")
        constraints = [
            models.UniqueConstraint(
                fields=["owner_id", "credential", "key", "method", "path"], name="idempotency_key_once"
            )
        ]
        indexes = [models.Index(fields=["created_at"], name="idempotency_key_age")]

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.key}"


class Archive(models.Model):
    """One month of a big table, on its way into the archive or there: written by `core/sql/archives.sql` alone.

    `content` is a hash over its rows, taken before anything of it was written elsewhere; `parts` are its files, each
    with its name, rows, bytes and sha256.
    """

    class State(models.TextChoices):
        BEGUN = "BEGUN", _("Being written")
        WRITTEN = "WRITTEN", _("Written")
        VERIFIED = "VERIFIED", _("Read back and verified")
        DETACHED = "DETACHED", _("Taken out, still here")
        DROPPED = "DROPPED", _("In the archive only")
        RESTORED = "RESTORED", _("Brought back")

    TAKEN_OUT = (State.DETACHED, State.DROPPED)

    id = models.UUIDField(primary_key=True, editable=False)
    parent = models.TextField()
    partition = models.TextField(unique=True)
    since = models.DateTimeField()
    until = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State.choices)
    columns = models.JSONField()
    rows = models.BigIntegerField()
    content = models.BinaryField()
    parts = models.JSONField(default=list)
    begun_at = models.DateTimeField()
    written_at = models.DateTimeField(null=True)
    verified_at = models.DateTimeField(null=True)
    detached_at = models.DateTimeField(null=True)
    dropped_at = models.DateTimeField(null=True)
    restored_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("archived month")
        verbose_name_plural = _("archived months")

    def __str__(self) -> str:
        return self.partition

    @property
    def is_taken_out(self) -> bool:
        return self.state in self.TAKEN_OUT
