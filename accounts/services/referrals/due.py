"""What waits to be paid: which programmes have some, and how it is looked up."""

from datetime import datetime
from uuid import UUID

from accounts.models import ReferralDue, ReferralProgram

# Some thousands of rows among any number: the planner would rather read whole tables, since it takes each look-up for
# one on a disk, and would call in other processes for it.
BY_INDEX = (
    "select set_config(name, setting, true) from (values ('enable_seqscan', 'off'), ('enable_mergejoin', 'off'), "
    "('random_page_cost', '1'), ('max_parallel_workers_per_gather', '0')) wanted (name, setting)"
)


def programs_of(*, reserved: bool, at: datetime | None = None) -> list[UUID]:
    """Return the programmes that have something to set aside, or (`reserved`) set aside and to be paid by a moment."""
    found = []
    for program in ReferralProgram.objects.order_by("pk").values_list("pk", flat=True):
        waiting = ReferralDue.objects.filter(program=program, reserved_at__isnull=not reserved)
        if (waiting.filter(due_at__lte=at) if at else waiting).exists():
            found.append(program)
    return found
