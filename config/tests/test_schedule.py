"""What the clock starts, a worker knows."""

import os
import subprocess
import sys

ASK = """
import django
django.setup()
from config.celery import app
app.loader.import_default_modules()
print(*sorted({entry["task"] for entry in app.conf.beat_schedule.values()} - set(app.tasks)))
"""


def test_a_worker_that_has_just_begun_knows_every_task_of_the_schedule() -> None:
    """In a process of its own: here other tests have imported what a worker would have to find."""
    asked = subprocess.run(
        [sys.executable, "-c", ASK], env=os.environ, capture_output=True, text=True, check=True
    )
    assert asked.stdout.split() == []
