"""What people may do with the files of a bucket, put together by staff from blocks that are safe by themselves."""

from datetime import datetime

from core import audit
from core.actors import acting_as_service
from storage_app.models import Bucket, BucketRule
from storage_app.services.access import BucketNotFound
from storage_app.services.buckets import Rules

# Every block there is: a stranger only ever reads.
BLOCKS: Rules = [
    (who, what)
    for who in BucketRule.Who.values
    for what in BucketRule.What.values
    if who != BucketRule.Who.EVERYONE or what == BucketRule.What.READ
]


def rules_of(*, bucket: Bucket) -> set[tuple[str, str]]:
    return set(bucket.rules.values_list("who", "what"))


def set_rules(*, bucket_id: str, rules: Rules, reason: str, at: datetime) -> Bucket:
    """Give a bucket exactly these rules, for the staff who act. Raises BucketNotFound."""
    with acting_as_service():
        bucket = Bucket.objects.select_for_update().filter(pk=bucket_id).first()
        if bucket is None:
            raise BucketNotFound
        before, after = rules_of(bucket=bucket), set(rules)
        for who, what in sorted(before - after):
            bucket.rules.filter(who=who, what=what).delete()
        bucket.rules.bulk_create(
            BucketRule(bucket=bucket, who=who, what=what) for who, what in sorted(after - before)
        )
        if before != after:
            bucket.updated_at = at
            bucket.save(update_fields=["updated_at"])
            audit.record(
                action="storage.bucket.rules_changed",
                target=bucket,
                added=[f"{who} {what}" for who, what in sorted(after - before)],
                removed=[f"{who} {what}" for who, what in sorted(before - after)],
                reason=reason,
            )
    return bucket
