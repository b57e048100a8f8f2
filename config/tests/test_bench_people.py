"""The people of the bench are written straight into the tables: a column that they need and lack shows here."""

import psycopg
import pytest
from django.conf import settings

from bench.world import PEOPLE
from core.embedded import Postgres


@pytest.mark.django_db
def test_the_people_of_the_bench_have_every_column_that_people_have() -> None:
    dsn = Postgres(settings.TEST_ROOT).dsn(role="postgres", dbname=settings.DATABASES["default"]["NAME"])
    with psycopg.connect(dsn) as connection:
        connection.execute(PEOPLE.format(n=2))
        made = connection.execute(
            "select count(*) from accounts_profile where handle like 'saver_%'"
        ).fetchone()
        connection.rollback()
    assert made == (2,)
