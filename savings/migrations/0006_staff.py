
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

from core.rls import ServiceOnly

NAIRA = 100
# From which amount an action takes how many checkers.
BANDS = [("savings.plan_terms", 0, 1), ("savings.backdated_entry", 0, 1), ("savings.backdated_entry", 1_000_000 * NAIRA, 2)]
HOURS = 72
# Terms are only ever followed by others of a later day, and from here on made by two people.
TERMS = """
create trigger by_two_people before insert on savings_planterms
    for each row execute function public.accounts_by_two_people('savings.plan_terms');
"""


def seed(apps, schema_editor):
    bands = apps.get_model("accounts", "ApprovalBand").objects.using(schema_editor.connection.alias)
    for action, least, needed in BANDS:
        bands.create(action=action, from_amount=least, approvals_needed=needed, expires_hours=HOURS)


def unseed(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("alter table accounts_approvalband disable trigger append_only")
        cursor.execute("delete from accounts_approvalband where action like 'savings.%'")
        cursor.execute("alter table accounts_approvalband enable trigger append_only")


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0036_audit_archive'),
        ('savings', '0004_replays'),
    ]

    operations = [
        migrations.CreateModel(
            name='PlanDay',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('savings', models.BigIntegerField()),
                ('saved', models.BigIntegerField()),
                ('owed', models.DecimalField(decimal_places=10, max_digits=30)),
            ],
            options={
                'verbose_name': 'day of a plan',
                'verbose_name_plural': 'days of plans',
            },
        ),
        migrations.CreateModel(
            name='TermsTold',
            fields=[
                ('terms', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='told', serialize=False, to='savings.planterms')),
                ('last', models.UUIDField(null=True)),
                ('many', models.BigIntegerField(default=0)),
                ('made_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('done_at', models.DateTimeField(null=True)),
            ],
            options={
                'verbose_name': 'announcement of terms',
                'verbose_name_plural': 'announcements of terms',
            },
        ),
        migrations.AlterModelOptions(
            name='savingsplan',
            options={'permissions': [('propose_plan_terms', 'Can propose savings plans and their terms'), ('approve_plan_terms', 'Can approve savings plans and their terms'), ('open_plan', 'Can open and close plans for new savings')], 'verbose_name': 'savings plan', 'verbose_name_plural': 'savings plans'},
        ),
        migrations.AlterModelOptions(
            name='usersavings',
            options={'permissions': [('freeze_saving', 'Can freeze savings and lift that'), ('retry_parked', 'Can have the days of a parked saving closed again'), ('propose_backdated', 'Can propose back-dated entries'), ('approve_backdated', 'Can approve back-dated entries')], 'verbose_name': 'saving', 'verbose_name_plural': 'savings'},
        ),
        migrations.AddIndex(
            model_name='position',
            index=models.Index(condition=models.Q(('parked_at__isnull', False)), fields=['parked_at'], name='position_parked'),
        ),
        migrations.AddField(
            model_name='planday',
            name='plan',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='days', to='savings.savingsplan'),
        ),
        migrations.AddIndex(
            model_name='termstold',
            index=models.Index(condition=models.Q(('done_at', None)), fields=['terms'], name='terms_told_open'),
        ),
        migrations.AddConstraint(
            model_name='termstold',
            constraint=models.CheckConstraint(condition=models.Q(('many__gte', 0)), name='terms_told_many'),
        ),
        migrations.AddConstraint(
            model_name='planday',
            constraint=models.UniqueConstraint(fields=('plan', 'day'), name='plan_day_once'),
        ),
        ServiceOnly("savings_planday", service="SELECT, INSERT, UPDATE (savings, saved, owed)"),
        ServiceOnly("savings_termstold", service="SELECT, INSERT, UPDATE (last, many, done_at)"),
        migrations.RunPython(seed, unseed),
        migrations.RunSQL(TERMS, "drop trigger by_two_people on savings_planterms"),
    ]
