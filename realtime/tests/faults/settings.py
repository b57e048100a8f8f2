"""The tests' settings, with a Valkey of one's own that may be killed."""

import os

from config.settings.base import valkey
from config.settings.test import *  # noqa: F403
from core.embedded import Valkey

globals().update(valkey(Valkey(os.environ["FAULTS_ROOT"]).url(), prefix="faults"))
