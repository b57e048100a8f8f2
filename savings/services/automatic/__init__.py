"""Saving automatically: decided by the saver, done by a task, each day once."""

from savings.services.automatic.planning import (
    change_amount,
    pause_automatic,
    plan_automatic,
    resume_automatic,
    skip_next,
    stop_automatic,
)
from savings.services.automatic.running import make_due_runs, run_automatic, take_due_run

__all__ = [
    "change_amount",
    "make_due_runs",
    "pause_automatic",
    "plan_automatic",
    "resume_automatic",
    "run_automatic",
    "skip_next",
    "stop_automatic",
    "take_due_run",
]
