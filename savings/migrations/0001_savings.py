import core.ids
import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from core.partitions import CreatePartitionedModel
from core.rls import Policy, Protect, ServiceOnly
from core.sql import read
from savings import sql

OWN = "user_id = (select auth.uid())"
OF_OWN = "saving_id in (select s.id from savings_usersavings s where s.user_id = (select auth.uid()))"
EVERYBODYS = "true"
SCHEMA = """
create schema if not exists savings;
grant usage on schema savings to authenticated, service_role;
"""
RIGHTS = """
revoke all on all functions in schema savings from public;
grant execute on all functions in schema savings to service_role;
"""
POSITION = "next_day, last_day, terms_id, term, earns, balance, carry, capital, parked_at, error"


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0036_audit_archive'),
        ('wallet', '0047_savings_accounts'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='UserSavings',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=80)),
                ('state', models.CharField(choices=[('DRAFT', 'Not started'), ('ACTIVE', 'Active'), ('PAUSED', 'Paused'), ('FROZEN', 'Frozen'), ('MATURED', 'Matured'), ('BROKEN', 'Broken early'), ('CLOSED', 'Closed'), ('ROLLED_OVER', 'Rolled over'), ('PAID_OUT', 'Paid out'), ('CANCELLED', 'Cancelled')], default='DRAFT', max_length=12)),
                ('target', models.BigIntegerField(null=True)),
                ('target_date', models.DateField(null=True)),
                ('opened_on', models.DateField(null=True)),
                ('matures_on', models.DateField(null=True)),
                ('at_maturity', models.CharField(choices=[('PAY_OUT', 'Pay all of it to my wallet'), ('ROLL_PRINCIPAL', 'Save again, and pay the interest to my wallet'), ('ROLL_ALL', 'Save all of it again')], default='PAY_OUT', max_length=14)),
                ('made_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('ended_at', models.DateTimeField(null=True)),
                ('account', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='wallet.account')),
            ],
            options={
                'verbose_name': 'saving',
                'verbose_name_plural': 'savings',
            },
        ),
        migrations.CreateModel(
            name='Roll',
            fields=[
                ('day', models.DateField(primary_key=True, serialize=False)),
                ('savings', models.BigIntegerField()),
                ('started_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('finished_at', models.DateTimeField(null=True)),
            ],
            options={
                'verbose_name': 'daily roll',
                'verbose_name_plural': 'daily rolls',
            },
        ),
        migrations.CreateModel(
            name='SavingsPlan',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('code', models.SlugField(max_length=40, unique=True)),
                ('kind', models.CharField(choices=[('FLEXIBLE', 'Flexible'), ('TARGET', 'Target'), ('FIXED', 'Fixed'), ('GROUP', 'Group')], max_length=10)),
                ('name', models.CharField(max_length=80)),
                ('summary', models.CharField(max_length=300)),
                ('is_open', models.BooleanField(default=True)),
                ('made_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('currency', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to='wallet.currency')),
            ],
            options={
                'verbose_name': 'savings plan',
                'verbose_name_plural': 'savings plans',
            },
        ),
        migrations.CreateModel(
            name='PlanTerms',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('from_date', models.DateField()),
                ('day_count', models.CharField(choices=[('ACT/365F', 'Actual days, a year of 365'), ('ACT/360', 'Actual days, a year of 360'), ('ACT/ACT-ISDA', "Actual days, the year's own length"), ('30E/360', 'Months of 30 days, a year of 360')], default='ACT/365F', max_length=12)),
                ('method', models.CharField(choices=[('WHOLE', 'The whole balance at the rate of its band'), ('MARGINAL', 'Each part at the rate of its band')], default='WHOLE', max_length=8)),
                ('capitalised', models.CharField(choices=[('DAY', 'Each day'), ('MONTH', 'Each month'), ('QUARTER', 'Each quarter'), ('HALF_YEAR', 'Each half-year'), ('YEAR', 'Each year'), ('END', 'At the end')], default='END', max_length=9)),
                ('paid', models.CharField(choices=[('DAY', 'Each day'), ('MONTH', 'Each month'), ('QUARTER', 'Each quarter'), ('HALF_YEAR', 'Each half-year'), ('YEAR', 'Each year'), ('END', 'At the end')], default='MONTH', max_length=9)),
                ('up_front', models.BooleanField(default=False)),
                ('rounding', models.CharField(choices=[('HALF_EVEN', 'To the nearest kobo, a half to the even one'), ('HALF_UP', 'To the nearest kobo, a half up'), ('DOWN', 'Down')], default='HALF_EVEN', max_length=9)),
                ('tax', models.DecimalField(decimal_places=4, default=0, max_digits=7)),
                ('minimum', models.BigIntegerField(default=0)),
                ('maximum', models.BigIntegerField(null=True)),
                ('shortest', models.PositiveIntegerField(null=True)),
                ('longest', models.PositiveIntegerField(null=True)),
                ('cut_off', models.TimeField(null=True)),
                ('free_withdrawals', models.PositiveSmallIntegerField(null=True)),
                ('withdrawal_fee', models.DecimalField(decimal_places=4, default=0, max_digits=7)),
                ('penalty', models.CharField(choices=[('NONE', 'Nothing is lost'), ('LOWER_RATE', 'A lower rate for the whole time'), ('SHARE', 'A share of what was saved')], default='NONE', max_length=10)),
                ('penalty_percent', models.DecimalField(decimal_places=4, default=0, max_digits=7)),
                ('source', models.CharField(max_length=500)),
                ('made_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('approval', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.approval')),
                ('plan', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='terms', to='savings.savingsplan')),
            ],
            options={
                'verbose_name': 'terms of a plan',
                'verbose_name_plural': 'terms of plans',
            },
        ),
        migrations.CreateModel(
            name='Position',
            fields=[
                ('saving', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='position', serialize=False, to='savings.usersavings')),
                ('account_id', models.UUIDField()),
                ('plan_id', models.UUIDField()),
                ('terms_id', models.UUIDField(null=True)),
                ('term', models.PositiveIntegerField(default=0)),
                ('next_day', models.DateField(null=True)),
                ('last_day', models.DateField(null=True)),
                ('earns', models.BooleanField(default=True)),
                ('balance', models.BigIntegerField(default=0)),
                ('carry', models.DecimalField(decimal_places=10, default=0, max_digits=30)),
                ('capital', models.DecimalField(decimal_places=10, default=0, max_digits=30)),
                ('parked_at', models.DateTimeField(null=True)),
                ('error', models.CharField(blank=True, max_length=500)),
            ],
            options={
                'verbose_name': 'position',
                'verbose_name_plural': 'positions',
            },
        ),
        migrations.AddField(
            model_name='usersavings',
            name='terms',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='savings.planterms'),
        ),
        migrations.AddField(
            model_name='usersavings',
            name='user',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        CreatePartitionedModel(
            name='Accrual',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('day', models.DateField()),
                ('terms_id', models.UUIDField()),
                ('balance', models.BigIntegerField()),
                ('rate', models.DecimalField(decimal_places=4, max_digits=9)),
                ('accrued', models.DecimalField(decimal_places=10, max_digits=30)),
                ('carry', models.DecimalField(decimal_places=10, max_digits=30)),
                ('paid', models.BigIntegerField(default=0)),
                ('tax', models.BigIntegerField(default=0)),
                ('posting_id', models.UUIDField(null=True)),
                ('tax_posting_id', models.UUIDField(null=True)),
                ('saving', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='savings.usersavings')),
            ],
            options={
                'verbose_name': "day's interest",
                'verbose_name_plural': "days' interest",
            },
        ),
        migrations.AddField(
            model_name='usersavings',
            name='plan',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='savings', to='savings.savingsplan'),
        ),
        migrations.CreateModel(
            name='StateChange',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('was', models.CharField(choices=[('DRAFT', 'Not started'), ('ACTIVE', 'Active'), ('PAUSED', 'Paused'), ('FROZEN', 'Frozen'), ('MATURED', 'Matured'), ('BROKEN', 'Broken early'), ('CLOSED', 'Closed'), ('ROLLED_OVER', 'Rolled over'), ('PAID_OUT', 'Paid out'), ('CANCELLED', 'Cancelled')], max_length=12)),
                ('now', models.CharField(choices=[('DRAFT', 'Not started'), ('ACTIVE', 'Active'), ('PAUSED', 'Paused'), ('FROZEN', 'Frozen'), ('MATURED', 'Matured'), ('BROKEN', 'Broken early'), ('CLOSED', 'Closed'), ('ROLLED_OVER', 'Rolled over'), ('PAID_OUT', 'Paid out'), ('CANCELLED', 'Cancelled')], max_length=12)),
                ('event', models.CharField(max_length=20)),
                ('reason', models.CharField(blank=True, max_length=300)),
                ('on', models.DateField()),
                ('actor_id', models.UUIDField(null=True)),
                ('made_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('saving', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='changes', to='savings.usersavings')),
            ],
            options={
                'verbose_name': 'change of state',
                'verbose_name_plural': 'changes of state',
            },
        ),
        migrations.CreateModel(
            name='PlanRate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('term', django.contrib.postgres.fields.ranges.IntegerRangeField()),
                ('amount', django.contrib.postgres.fields.ranges.BigIntegerRangeField()),
                ('rate', models.DecimalField(decimal_places=4, max_digits=9)),
                ('base', models.DecimalField(decimal_places=4, max_digits=30)),
                ('terms', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='rates', to='savings.planterms')),
            ],
            options={
                'verbose_name': 'rate of a plan',
                'verbose_name_plural': 'rates of plans',
                'constraints': [django.contrib.postgres.constraints.ExclusionConstraint(expressions=[('terms', '='), ('term', '&&'), ('amount', '&&')], name='plan_rate_overlap'), models.CheckConstraint(condition=models.Q(('rate__range', (0, 1000))), name='plan_rate_percent'), models.CheckConstraint(condition=models.Q(('amount__isempty', False), ('amount__startswith__gte', 0), ('term__isempty', False)), name='plan_rate_ranges')],
            },
        ),
        migrations.CreateModel(
            name='Move',
            fields=[
                ('posting_id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('CONTRIBUTION', 'Saved'), ('WITHDRAWAL', 'Taken out'), ('PENALTY', 'Penalty'), ('FEE', 'Fee'), ('REVERSAL', 'Taken back')], max_length=12)),
                ('amount', models.BigIntegerField()),
                ('value_date', models.DateField()),
                ('made_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('saving', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='moves', to='savings.usersavings')),
            ],
            options={
                'verbose_name': 'movement of a saving',
                'verbose_name_plural': 'movements of savings',
                'indexes': [models.Index(fields=['saving', 'value_date'], name='move_of_saving'), models.Index(fields=['value_date', 'saving'], name='move_of_day')],
                'constraints': [models.CheckConstraint(condition=models.Q(('amount', 0), _negated=True), name='move_of_something')],
            },
        ),
        migrations.CreateModel(
            name='RollChunk',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('first', models.UUIDField()),
                ('next', models.UUIDField()),
                ('closed', models.BigIntegerField(default=0)),
                ('parked', models.BigIntegerField(default=0)),
                ('accrued', models.DecimalField(decimal_places=10, default=0, max_digits=30)),
                ('paid', models.BigIntegerField(default=0)),
                ('tax', models.BigIntegerField(default=0)),
                ('tried_at', models.DateTimeField(null=True)),
                ('done_at', models.DateTimeField(null=True)),
                ('roll', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='chunks', to='savings.roll')),
            ],
            options={
                'verbose_name': 'part of a daily roll',
                'verbose_name_plural': 'parts of daily rolls',
                'indexes': [models.Index(condition=models.Q(('done_at', None)), fields=['roll', 'number'], name='roll_chunk_open')],
                'constraints': [models.UniqueConstraint(fields=('roll', 'number'), name='roll_chunk_once')],
            },
        ),
        migrations.AddIndex(
            model_name='usersavings',
            index=models.Index(fields=['user', '-id'], name='saving_of_user'),
        ),
        migrations.AddIndex(
            model_name='usersavings',
            index=models.Index(condition=models.Q(('state', 'ACTIVE')), fields=['matures_on'], name='saving_maturing'),
        ),
        migrations.AddConstraint(
            model_name='usersavings',
            constraint=models.CheckConstraint(condition=models.Q(('target', None), ('target__gt', 0), _connector='OR'), name='saving_target'),
        ),
        migrations.AddConstraint(
            model_name='usersavings',
            constraint=models.CheckConstraint(condition=models.Q(('matures_on', None), ('matures_on__gt', models.F('opened_on')), _connector='OR'), name='saving_matures'),
        ),
        migrations.AddConstraint(
            model_name='planterms',
            constraint=models.UniqueConstraint(fields=('plan', 'from_date'), name='plan_terms_once'),
        ),
        migrations.AddConstraint(
            model_name='planterms',
            constraint=models.CheckConstraint(condition=models.Q(('tax__range', (0, 100))), name='plan_terms_tax'),
        ),
        migrations.AddConstraint(
            model_name='planterms',
            constraint=models.CheckConstraint(condition=models.Q(('penalty_percent__range', (0, 100))), name='plan_terms_penalty'),
        ),
        migrations.AddConstraint(
            model_name='planterms',
            constraint=models.CheckConstraint(condition=models.Q(('withdrawal_fee__range', (0, 100))), name='plan_terms_fee'),
        ),
        migrations.AddConstraint(
            model_name='planterms',
            constraint=models.CheckConstraint(condition=models.Q(('minimum__gte', 0), models.Q(('maximum', None), ('maximum__gte', models.F('minimum')), _connector='OR')), name='plan_terms_amounts'),
        ),
        migrations.AddConstraint(
            model_name='planterms',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('longest', None), ('shortest', None)), models.Q(('longest__gte', models.F('shortest')), ('longest__lte', 3660), ('shortest__gte', 1)), _connector='OR'), name='plan_terms_length'),
        ),
        migrations.RunSQL(SCHEMA, "drop schema savings cascade"),
        migrations.RunSQL(read(sql.__file__, "tables", "interest"), migrations.RunSQL.noop),
        migrations.RunSQL(RIGHTS, migrations.RunSQL.noop),
        Protect(
            "savings_savingsplan",
            policies=[Policy("all", "SELECT", using=EVERYBODYS)],
            authenticated="SELECT",
            service="SELECT, INSERT, UPDATE (name, summary, is_open)",
        ),
        Protect(
            "savings_planterms",
            policies=[Policy("all", "SELECT", using=EVERYBODYS)],
            authenticated="SELECT",
            service="SELECT, INSERT",
        ),
        Protect(
            "savings_planrate",
            policies=[Policy("all", "SELECT", using=EVERYBODYS)],
            authenticated="SELECT",
            service="SELECT, INSERT",
        ),
        Protect(
            "savings_usersavings",
            policies=[Policy("own", "SELECT", using=OWN)],
            authenticated="SELECT",
            service="SELECT, INSERT, UPDATE (name, state, target, target_date, opened_on, matures_on, at_maturity, ended_at)",
        ),
        Protect(
            "savings_move",
            policies=[Policy("own", "SELECT", using=OF_OWN)],
            authenticated="SELECT",
            service="SELECT, INSERT",
        ),
        Protect(
            "savings_statechange",
            policies=[Policy("own", "SELECT", using=OF_OWN)],
            authenticated="SELECT",
            service="SELECT, INSERT",
        ),
        Protect(
            "savings_accrual",
            policies=[Policy("own", "SELECT", using=OF_OWN)],
            authenticated="SELECT",
            service="SELECT, INSERT",
        ),
        ServiceOnly("savings_position", service=f"SELECT, INSERT, UPDATE ({POSITION})"),
        ServiceOnly("savings_roll", service="SELECT, INSERT, UPDATE (savings, finished_at)"),
        ServiceOnly(
            "savings_rollchunk",
            service="SELECT, INSERT, UPDATE (closed, parked, accrued, paid, tax, tried_at, done_at)",
        ),
    ]
