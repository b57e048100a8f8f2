"""Transfers that are made on a day, or again and again: planned by their owner, run by a task, each day once."""

from wallet.services.scheduled.planning import (
    Coming,
    ScheduleIdReused,
    ScheduleInvalid,
    ScheduleOver,
    TooManySchedules,
    cancel_schedule,
    coming_up,
    pause_schedule,
    plan_transfer,
    resume_schedule,
    skip_next,
)
from wallet.services.scheduled.running import make_due_runs, run_scheduled, take_due_run

__all__ = [
    "Coming",
    "ScheduleIdReused",
    "ScheduleInvalid",
    "ScheduleOver",
    "TooManySchedules",
    "cancel_schedule",
    "coming_up",
    "make_due_runs",
    "pause_schedule",
    "plan_transfer",
    "resume_schedule",
    "run_scheduled",
    "skip_next",
    "take_due_run",
]
