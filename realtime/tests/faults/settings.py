"""The tests' settings, with a Valkey of one's own that may be killed, and letters that outlive whoever sent them."""

import os
from pathlib import Path

from config.settings.base import valkey
from config.settings.test import *  # noqa: F403
from core.embedded import Valkey

_root = Path(os.environ["FAULTS_ROOT"])
globals().update(valkey(Valkey(_root).url(), prefix="faults"))
EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = _root / "letters"
# What the dispatcher asks of Celery is lost with Valkey: the worker looks by itself.
CELERY_TASK_ALWAYS_EAGER = False
