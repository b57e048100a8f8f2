"""Django's sessions in our own table (`SESSION_ENGINE`), so that a sign-in can be ended from anywhere."""

from typing import Any, cast

from django.contrib.sessions.backends.db import SessionStore as DatabaseStore

from accounts.models import BrowserSession

# The key in a browser's session data that names its `Session`.
SIGN_IN = "sign_in"


class SessionStore(DatabaseStore):
    @classmethod
    def get_model_class(cls) -> type[BrowserSession]:
        return BrowserSession

    def create_model_instance(self, data: dict[str, Any]) -> BrowserSession:
        row = cast(BrowserSession, super().create_model_instance(data))
        row.sign_in_id = data.get(SIGN_IN)
        return row
