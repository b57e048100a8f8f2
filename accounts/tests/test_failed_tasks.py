"""Background work that broke is kept for staff, who run it again once or leave it."""

from datetime import timedelta
from typing import Any

import pytest
from celery import current_app, shared_task
from celery.signals import task_failure
from django.utils import timezone

from accounts import roles
from accounts.models import AuditEvent, FailedTask
from accounts.services import failed_tasks
from accounts.tests.approving import make_colleague
from accounts.tests.factories import make_person
from accounts.tests.staff import at_work, make_agent
from core.actors import acting_as_service
from core.ids import uuid7

pytestmark = pytest.mark.usefixtures("transactional_db")
CALLS: list[dict[str, Any]] = []


@shared_task(name="accounts.tests.break_down")
def break_down(**called: Any) -> None:
    CALLS.append(called)


@pytest.fixture(autouse=True)
def _no_calls() -> None:
    CALLS.clear()


def fail(error: BaseException | None = None, **called: Any) -> FailedTask:
    """What Celery tells when a task broke."""
    task = current_app.tasks["accounts.tests.break_down"]
    task_failure.send(sender=task, exception=error or RuntimeError("no"), args=(), kwargs=called)
    with acting_as_service():
        return FailedTask.objects.order_by("-pk").first()


def test_what_broke_is_kept_sealed_and_counted_once():
    key = uuid7()
    row = fail(ValueError("no letter to ada@alajo.test"), letter="Your code is 123456", user_id=str(key))
    again = fail(letter="Your code is 123456", user_id=str(key))
    other = fail(letter="Another")
    with acting_as_service():
        row.refresh_from_db()
    assert (row.pk, row.times, other.times) == (again.pk, 2, 1)
    assert row.named == f"letter, user_id={key}"
    assert (
        "123456" not in row.arguments + row.named
        and "ada@" not in fail(ValueError("to ada@alajo.test")).error
    )


def test_it_is_run_again_once_with_what_it_was_called_with():
    agent, at = make_person(role="AGENT"), timezone.now()
    row = fail(number=5)
    failed_tasks.run_again(task_id=row.pk, by=agent, at=at)
    for deal in (failed_tasks.run_again, failed_tasks.leave):
        with pytest.raises(failed_tasks.TaskDealtWith):
            deal(task_id=row.pk, by=agent, at=at)
    assert CALLS == [{"number": 5}]
    # It breaks once more: that is another row for staff.
    assert fail(number=5).pk != row.pk
    with acting_as_service():
        assert (
            AuditEvent.objects.filter(action="accounts.failed_task.run_again", actor_id=agent.pk).count() == 1
        )


def test_a_task_that_is_no_more_and_one_that_is_left_run_nothing():
    agent, at = make_person(role="AGENT"), timezone.now()
    with acting_as_service():
        failed_tasks.note_failure(name="gone.task", arguments={}, error=RuntimeError(), at=at)
        gone = FailedTask.objects.get(name="gone.task")
    with pytest.raises(failed_tasks.TaskUnknown):
        failed_tasks.run_again(task_id=gone.pk, by=agent, at=at)
    left = fail(number=6)
    failed_tasks.leave(task_id=left.pk, by=agent, at=at)
    assert CALLS == []
    with acting_as_service():
        assert FailedTask.objects.get(pk=gone.pk).state == "OPEN"
        failed_tasks.forget(at=at + timedelta(days=91))
        assert [row.pk for row in FailedTask.objects.all()] == [gone.pk]


def test_staff_run_it_again_on_its_page_and_the_first_page_counts_it():
    rights = (roles.RUN_TASK_AGAIN, "accounts.view_failedtask")
    agent = make_agent(*[right.partition(".")[2] for right in rights])
    browser, row = at_work(agent), fail(number=7)
    group = next(each for each in browser.get("/staff/").context["groups"] if each.model is FailedTask)
    (figure,) = group.figures
    assert (figure.value, figure.alarm) == (1, True)
    assert [each.pk for each in browser.get(figure.address).context["cl"].result_list] == [row.pk]
    page = f"/staff/accounts/failedtask/{row.pk}/"
    assert "Run it again" in browser.get(f"{page}change/").content.decode()
    for _ in range(2):
        assert browser.post(f"{page}rerun/").status_code == 302
    assert CALLS == [{"number": 7}]
    assert "Run it again" not in browser.get(f"{page}change/").content.decode()
    assert browser.post(f"/staff/accounts/failedtask/{uuid7()}/rerun/").status_code == 404
    assert make_colleague(roles.RUN_TASK_AGAIN)
