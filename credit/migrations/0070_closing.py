from django.db import migrations, models

from core.rls import Policy, Protect
from core.sql import read
from credit import sql

OF_LOAN = "loan_id in (select l.application_id from credit_loan l where l.user_id = (select auth.uid()))"
POSITION = (
    "next_day, next_event_on, per_day, accrued, noted, charged, principal, due_interest, due_principal, fees, "
    "penalties, overpaid, penalties_charged, charged_row, recovered, next_due_on, next_due_amount, due_since, overdue_days, "
    "paused_until, bucket, stage, cured_since, parked_at, error"
)
RIGHTS = """
revoke all on all functions in schema credit from public;
grant execute on all functions in schema credit to service_role;
"""
# Until the lenders' own losses are known: what small unsecured loans are held to lose.
RATES = """
insert into credit_lossrates (from_date, stage_1, stage_2, stage_3, loss, source)
values ('2020-01-01', 3, 25, 100, 60, 'Set at the start, before own losses were known')
"""


class Migration(migrations.Migration):

    dependencies = [
        ('credit', '0060_measures_by_two_people'),
    ]

    operations = [
        migrations.AddField(
            model_name='position',
            name='noted',
            field=models.DecimalField(decimal_places=10, default=0, max_digits=30),
        ),
        Protect(
            "credit_position",
            policies=[Policy("own", "SELECT", using=OF_LOAN)],
            authenticated="SELECT",
            service=f"SELECT, INSERT, UPDATE ({POSITION})",
        ),
        migrations.RunSQL(RATES, "delete from credit_lossrates"),
        migrations.RunSQL(read(sql.__file__, "closing"), migrations.RunSQL.noop),
        migrations.RunSQL(RIGHTS, migrations.RunSQL.noop),
    ]
