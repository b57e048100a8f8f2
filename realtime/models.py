from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from core.ids import uuid7

# What fits into the one length byte of a binary frame.
LONGEST_NAME = 255


class Message(models.Model):
    """Something that happened: a row of the outbox, which is written once and never changed.

    `topic` names the audience (`user:<id>`, `org:<id>`), and only those who may read it by the policies of this table
    receive what is private. A change of a declared table has no topic; it reaches its `owners`. The column `xid`, the
    transaction that wrote the row, is SQL's alone (realtime/sql/outbox.sql).
    """

    class Extension(models.TextChoices):
        # Told by a service of ours: the only kind that consumers act on.
        EVENT = "event", _("Event")
        # Sent by whoever may write to the topic, in SQL or over REST.
        BROADCAST = "broadcast", _("Broadcast")
        PRESENCE = "presence", _("Presence")
        CHANGE = "postgres_changes", _("Change of a row")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    topic = models.CharField(max_length=LONGEST_NAME, blank=True)
    extension = models.CharField(max_length=20, choices=Extension.choices)
    event = models.CharField(max_length=LONGEST_NAME)
    payload = models.JSONField(null=True)
    binary_payload = models.BinaryField(null=True)
    private = models.BooleanField(default=True)
    owners = ArrayField(models.UUIDField(), null=True)
    inserted_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        indexes = [models.Index(fields=["topic", "id"], name="message_of_topic")]

    def __str__(self) -> str:
        return f"{self.topic} {self.event} {self.id}"


class DeclaredTable(models.Model):
    """A table whose changes are published to whoever its `owner` column names, or who publishes them (declaring.py).

    `names` and `columns` are what is published of a row, in the table's order: `columns` with types, as clients are
    told them.
    """

    schema = models.CharField(max_length=63)
    table = models.CharField(max_length=63)
    owner = models.CharField(max_length=63)
    key = ArrayField(models.CharField(max_length=63))
    names = ArrayField(models.CharField(max_length=63))
    columns = models.JSONField()

    class Meta:
        db_table = "realtime_declared"
        verbose_name = _("declared table")
        verbose_name_plural = _("declared tables")
        constraints = [models.UniqueConstraint(fields=["schema", "table"], name="declared_once")]

    def __str__(self) -> str:
        return f"{self.schema}.{self.table}"


class Position(models.Model):
    """The place of a committed message in the order of commits: 1, 2, 3, without a gap."""

    position = models.BigIntegerField(primary_key=True)
    message = models.OneToOneField(
        Message, on_delete=models.DO_NOTHING, related_name="place", db_constraint=False
    )

    class Meta:
        verbose_name = _("position")
        verbose_name_plural = _("positions")

    def __str__(self) -> str:
        return str(self.position)


class Consumer(models.Model):
    """Who reads the outbox and must miss nothing: everything up to `position` is done."""

    name = models.CharField(primary_key=True, max_length=40)
    position = models.BigIntegerField(default=0)

    class Meta:
        verbose_name = _("consumer")
        verbose_name_plural = _("consumers")

    def __str__(self) -> str:
        return f"{self.name} at {self.position}"


class ParkedMessage(models.Model):
    """A message that a consumer could not take. It holds up nothing after it; staff send it again."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    consumer = models.ForeignKey(Consumer, on_delete=models.CASCADE, db_index=False)
    message = models.ForeignKey(Message, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+")
    error = models.TextField()
    tries = models.PositiveIntegerField(default=1)
    parked_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("parked message")
        verbose_name_plural = _("parked messages")
        permissions = [("take_parked_message", _("Hand a message over again"))]
        constraints = [models.UniqueConstraint(fields=["consumer", "message"], name="parked_once")]

    def __str__(self) -> str:
        return f"{self.consumer_id} {self.message_id}"


class SocketProcess(models.Model):
    """A process that holds sockets. It says every few seconds that it lives; what it held ends with it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    seen_at = models.DateTimeField()

    class Meta:
        verbose_name = _("process with sockets")
        verbose_name_plural = _("processes with sockets")
        indexes = [models.Index(fields=["seen_at"], name="process_seen_at")]

    def __str__(self) -> str:
        return str(self.id)


class Subscription(models.Model):
    """Somebody listens to a topic now: a channel that a socket has joined.

    Written behind the socket's back, a moment after it joined or left. `bindings` are the changes of rows it asked for.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    process = models.ForeignKey(SocketProcess, on_delete=models.CASCADE, related_name="subscriptions")
    socket_id = models.UUIDField()
    user_id = models.UUIDField(null=True)
    role = models.CharField(max_length=20)
    session_id = models.UUIDField(null=True)
    address = models.GenericIPAddressField(null=True)
    topic = models.CharField(max_length=LONGEST_NAME)
    private = models.BooleanField()
    bindings = models.JSONField(default=list)
    joined_at = models.DateTimeField()

    class Meta:
        verbose_name = _("subscription")
        verbose_name_plural = _("subscriptions")
        permissions = [("end_subscription", _("End somebody’s subscription"))]
        indexes = [
            models.Index(fields=["user_id"], name="subscription_of_user"),
            models.Index(fields=["topic"], name="subscription_to_topic"),
            # Whether anybody listens to changes of somebody's rows: few do.
            models.Index(
                fields=["user_id", "role"], condition=~models.Q(bindings=[]), name="subscription_to_changes"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.topic} {self.id}"
