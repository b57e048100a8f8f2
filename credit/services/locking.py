"""Who holds an application's row writes to it; nobody else does at the same time.

The order of locks, everywhere: a loan's position, then the application, then offers by id, then ledger accounts.
"""

from datetime import datetime
from typing import cast
from uuid import UUID

from django.db import connection

from credit.models import Application
from credit.refusals import ApplicationNotFound


def lock_application(application_id: UUID, *, user_id: UUID | None = None) -> Application:
    """Lock an application, of this person where one is named. Needs a transaction. Raises ApplicationNotFound."""
    found = Application.objects.select_for_update(no_key=True).filter(pk=application_id)
    if user_id is not None:
        found = found.filter(user_id=user_id)
    application = found.first()
    if application is None:
        raise ApplicationNotFound
    return application


def database_now() -> datetime:
    """Return the database's clock, by which deadlines are kept whichever machine asks."""
    with connection.cursor() as cursor:
        cursor.execute("select clock_timestamp()")
        [now] = cursor.fetchone()
    return cast(datetime, now)
