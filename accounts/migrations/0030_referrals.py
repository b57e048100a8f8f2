from pathlib import Path

import core.ids
import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from core.rls import Policy, Protect, ServiceOnly

SQL = Path(__file__).parent.parent / "sql"
BACK = """
drop schema referrals cascade;
alter table accounts_referralprogram drop constraint referral_program_one_at_a_time,
    drop constraint referral_program_levels;
drop trigger fixed on accounts_referralprogram;
drop trigger fixed on accounts_referral;
drop trigger fixed on accounts_referralbonus;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0029_kyc_queue'),
    ]

    operations = [
        migrations.CreateModel(
            name='ReferralCode',
            fields=[
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='referral_code', serialize=False, to=settings.AUTH_USER_MODEL)),
                ('code', models.CharField(max_length=8, unique=True)),
                ('visits', models.PositiveIntegerField(default=0)),
                ('created_at', models.DateTimeField()),
            ],
            options={
                'verbose_name': 'referral code',
                'verbose_name_plural': 'referral codes',
                'constraints': [models.CheckConstraint(condition=models.Q(('code__regex', '^[23456789ABCDEFGHJKLMNPQRSTUVWXYZ]{8}$')), name='referral_code_form')],
            },
        ),
        migrations.CreateModel(
            name='ReferralProgram',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=80)),
                ('currency', models.CharField(default='NGN', max_length=3)),
                ('starts_on', models.DateField()),
                ('ends_on', models.DateField(null=True)),
                ('budget', models.BigIntegerField()),
                ('spent', models.BigIntegerField(default=0)),
                ('cap_referrals', models.PositiveIntegerField(null=True)),
                ('cap_amount', models.BigIntegerField(null=True)),
                ('event', models.CharField(choices=[('KYC_APPROVED', 'Their identity was confirmed'), ('FIRST_DEPOSIT', 'First deposit'), ('FIRST_LOAN_REPAID', 'First loan repaid')], max_length=20)),
                ('minimum', models.BigIntegerField(default=0)),
                ('window_days', models.PositiveSmallIntegerField(default=30)),
                ('attribution_days', models.PositiveSmallIntegerField(default=30)),
                ('clawback_days', models.PositiveSmallIntegerField(default=30)),
                ('invited_bonus', models.BigIntegerField(default=0)),
                ('level_bonuses', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None)),
                ('terms', models.TextField()),
                ('made_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
                ('end_reason', models.CharField(blank=True, max_length=500)),
                ('ended_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('made_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'referral programme',
                'verbose_name_plural': 'referral programmes',
                'permissions': [('run_referral_programs', 'Can start and end referral programmes')],
            },
        ),
        migrations.CreateModel(
            name='Referral',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('state', models.CharField(choices=[('INVITED', 'Invited'), ('JOINED', 'Joined'), ('QUALIFIED', 'Qualified'), ('PAID', 'Paid'), ('REFUSED', 'Refused'), ('CLAWED_BACK', 'Taken back')], max_length=11)),
                ('reason', models.CharField(blank=True, choices=[('SELF', 'They invited themselves'), ('RING', 'The invitations go round in a circle'), ('SAME_MAILBOX', 'Same mailbox as somebody who invited them'), ('SAME_DEVICE', 'Same device as somebody who invited them'), ('SAME_PHONE', 'Same phone number as somebody who invited them'), ('SAME_IDENTITY', 'Same identity number as somebody who invited them'), ('SAME_CARD', 'Same card as somebody who invited them'), ('SAME_BANK_ACCOUNT', 'Same bank account as somebody who invited them'), ('TOO_LATE', 'Not done in time'), ('REPLACED', 'They joined by another invitation'), ('BUDGET_SPENT', "The programme's money is spent"), ('CAP_REACHED', 'The most that one person can earn is reached'), ('ACCOUNT_CLOSED', 'Their account is closed'), ('MONEY_REVERSED', 'The money that counted was taken back'), ('BY_STAFF', 'Refused by staff')], max_length=17)),
                ('told', models.CharField(blank=True, max_length=17)),
                ('shown_as', models.CharField(max_length=100)),
                ('email_index', models.CharField(blank=True, max_length=64)),
                ('invited_at', models.DateTimeField(null=True)),
                ('joined_at', models.DateTimeField(null=True)),
                ('qualify_by', models.DateTimeField()),
                ('qualified_at', models.DateTimeField(null=True)),
                ('reference', models.UUIDField(null=True)),
                ('changed_at', models.DateTimeField()),
                ('invited', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('referrer', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('program', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.referralprogram')),
            ],
            options={
                'verbose_name': 'referral',
                'verbose_name_plural': 'referrals',
                'permissions': [('refuse_referral', 'Can refuse a referral before it is paid'), ('export_referrals', 'Can export referrals')],
            },
        ),
        migrations.CreateModel(
            name='DeviceMark',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', models.CharField(max_length=64)),
                ('seen_at', models.DateTimeField()),
                ('user', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'device mark',
                'verbose_name_plural': 'device marks',
                'indexes': [models.Index(fields=['digest'], name='device_mark_by_digest')],
                'constraints': [models.UniqueConstraint(fields=('user', 'digest'), name='device_mark_once')],
            },
        ),
        migrations.CreateModel(
            name='ReferralDue',
            fields=[
                ('referral', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='due', serialize=False, to='accounts.referral')),
                ('qualified_at', models.DateTimeField()),
                ('reserved_at', models.DateTimeField(null=True)),
                ('due_at', models.DateTimeField()),
                ('program', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.referralprogram')),
            ],
            options={
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='ReferralBonus',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('level', models.PositiveSmallIntegerField()),
                ('amount', models.BigIntegerField()),
                ('currency', models.CharField(max_length=3)),
                ('posting_id', models.UUIDField(default=core.ids.posting_id, unique=True)),
                ('clawback_id', models.UUIDField(null=True)),
                ('state', models.CharField(choices=[('DUE', 'Due'), ('PAID', 'Paid'), ('REFUSED', 'Refused'), ('CLAWBACK_DUE', 'To be taken back'), ('CLAWED_BACK', 'Taken back')], default='DUE', max_length=12)),
                ('reason', models.CharField(blank=True, choices=[('SELF', 'They invited themselves'), ('RING', 'The invitations go round in a circle'), ('SAME_MAILBOX', 'Same mailbox as somebody who invited them'), ('SAME_DEVICE', 'Same device as somebody who invited them'), ('SAME_PHONE', 'Same phone number as somebody who invited them'), ('SAME_IDENTITY', 'Same identity number as somebody who invited them'), ('SAME_CARD', 'Same card as somebody who invited them'), ('SAME_BANK_ACCOUNT', 'Same bank account as somebody who invited them'), ('TOO_LATE', 'Not done in time'), ('REPLACED', 'They joined by another invitation'), ('BUDGET_SPENT', "The programme's money is spent"), ('CAP_REACHED', 'The most that one person can earn is reached'), ('ACCOUNT_CLOSED', 'Their account is closed'), ('MONEY_REVERSED', 'The money that counted was taken back'), ('BY_STAFF', 'Refused by staff')], max_length=17)),
                ('waits_for', models.CharField(blank=True, max_length=40)),
                ('settled_at', models.DateTimeField(null=True)),
                ('beneficiary', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('referral', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='bonuses', to='accounts.referral')),
            ],
            options={
                'verbose_name': 'referral bonus',
                'verbose_name_plural': 'referral bonuses',
                'indexes': [models.Index(fields=['beneficiary', '-id'], name='referral_bonus_of_person')],
                'constraints': [models.UniqueConstraint(fields=('referral', 'level'), name='referral_bonus_once'), models.CheckConstraint(condition=models.Q(('amount__gt', 0)), name='referral_bonus_positive'), models.CheckConstraint(condition=models.Q(('state__in', ['DUE', 'PAID', 'REFUSED', 'CLAWBACK_DUE', 'CLAWED_BACK'])), name='referral_bonus_state_known'), models.CheckConstraint(condition=models.Q(models.Q(('settled_at', None), ('state', 'DUE')), models.Q(models.Q(('state', 'DUE'), _negated=True), ('settled_at__isnull', False)), _connector='OR'), name='referral_bonus_settled_at'), models.CheckConstraint(condition=models.Q(models.Q(('clawback_id__isnull', False), ('state', 'CLAWBACK_DUE')), models.Q(('state', 'CLAWBACK_DUE'), _negated=True), _connector='OR'), name='referral_bonus_clawback_named')],
            },
        ),
        migrations.CreateModel(
            name='ReferralHistory',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('was', models.CharField(blank=True, max_length=11)),
                ('state', models.CharField(choices=[('INVITED', 'Invited'), ('JOINED', 'Joined'), ('QUALIFIED', 'Qualified'), ('PAID', 'Paid'), ('REFUSED', 'Refused'), ('CLAWED_BACK', 'Taken back')], max_length=11)),
                ('reason', models.CharField(blank=True, choices=[('SELF', 'They invited themselves'), ('RING', 'The invitations go round in a circle'), ('SAME_MAILBOX', 'Same mailbox as somebody who invited them'), ('SAME_DEVICE', 'Same device as somebody who invited them'), ('SAME_PHONE', 'Same phone number as somebody who invited them'), ('SAME_IDENTITY', 'Same identity number as somebody who invited them'), ('SAME_CARD', 'Same card as somebody who invited them'), ('SAME_BANK_ACCOUNT', 'Same bank account as somebody who invited them'), ('TOO_LATE', 'Not done in time'), ('REPLACED', 'They joined by another invitation'), ('BUDGET_SPENT', "The programme's money is spent"), ('CAP_REACHED', 'The most that one person can earn is reached'), ('ACCOUNT_CLOSED', 'Their account is closed'), ('MONEY_REVERSED', 'The money that counted was taken back'), ('BY_STAFF', 'Refused by staff')], max_length=17)),
                ('at', models.DateTimeField()),
                ('actor_id', models.UUIDField(null=True)),
                ('referral', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='history', to='accounts.referral')),
            ],
            options={
                'default_permissions': (),
                'indexes': [models.Index(fields=['referral', 'id'], name='referral_history_of')],
            },
        ),
        migrations.AddConstraint(
            model_name='referralprogram',
            constraint=models.CheckConstraint(condition=models.Q(('ends_on', None), ('ends_on__gte', models.F('starts_on')), _connector='OR'), name='referral_program_dates'),
        ),
        migrations.AddConstraint(
            model_name='referralprogram',
            constraint=models.CheckConstraint(condition=models.Q(('budget__gt', 0), ('spent__gte', 0), ('spent__lte', models.F('budget'))), name='referral_program_budget'),
        ),
        migrations.AddConstraint(
            model_name='referralprogram',
            constraint=models.CheckConstraint(condition=models.Q(('invited_bonus__gte', 0), ('minimum__gte', 0), models.Q(('cap_amount', None), ('cap_amount__gt', 0), _connector='OR'), models.Q(('cap_referrals', None), ('cap_referrals__gt', 0), _connector='OR')), name='referral_program_amounts'),
        ),
        migrations.AddConstraint(
            model_name='referralprogram',
            constraint=models.CheckConstraint(condition=models.Q(('event__in', ['KYC_APPROVED', 'FIRST_DEPOSIT', 'FIRST_LOAN_REPAID'])), name='referral_program_event_known'),
        ),
        migrations.AddConstraint(
            model_name='referralprogram',
            constraint=models.CheckConstraint(condition=models.Q(('attribution_days__range', (1, 365)), ('window_days__range', (1, 730)), ('clawback_days__lte', 730)), name='referral_program_days'),
        ),
        migrations.AddConstraint(
            model_name='referralprogram',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('end_reason', ''), ('ended_at', None)), models.Q(('ended_at__isnull', False), models.Q(('end_reason', ''), _negated=True)), _connector='OR'), name='referral_program_end_has_reason'),
        ),
        migrations.AddIndex(
            model_name='referral',
            index=models.Index(fields=['referrer', '-id'], name='referral_of_referrer'),
        ),
        migrations.AddIndex(
            model_name='referral',
            index=models.Index(condition=models.Q(('qualified_at', None)), fields=['qualify_by'], name='referral_open'),
        ),
        migrations.AddIndex(
            model_name='referral',
            index=models.Index(condition=models.Q(('reference__isnull', False)), fields=['reference'], name='referral_by_reference'),
        ),
        migrations.AddConstraint(
            model_name='referral',
            constraint=models.UniqueConstraint(condition=models.Q(('reason__in', ['REPLACED']), _negated=True), fields=('invited',), name='referral_of_person_once'),
        ),
        migrations.AddConstraint(
            model_name='referral',
            constraint=models.UniqueConstraint(condition=models.Q(('email_index', ''), _negated=True), fields=('referrer', 'email_index'), name='referral_invitation_once'),
        ),
        migrations.AddConstraint(
            model_name='referral',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['INVITED', 'JOINED', 'QUALIFIED', 'PAID', 'REFUSED', 'CLAWED_BACK'])), name='referral_state_known'),
        ),
        migrations.AddConstraint(
            model_name='referral',
            constraint=models.CheckConstraint(condition=models.Q(('invited', None), models.Q(('invited', models.F('referrer')), _negated=True), _connector='OR'), name='referral_of_another'),
        ),
        migrations.AddConstraint(
            model_name='referral',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('invited', None), ('state', 'INVITED')), ('state', 'REFUSED'), models.Q(models.Q(('state__in', ['INVITED', 'REFUSED']), _negated=True), ('invited__isnull', False), ('joined_at__isnull', False)), _connector='OR'), name='referral_joined_by_somebody'),
        ),
        migrations.AddConstraint(
            model_name='referral',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['REFUSED', 'CLAWED_BACK']), models.Q(('reason', ''), _negated=True), models.Q(('told', ''), _negated=True)), models.Q(models.Q(('state__in', ['REFUSED', 'CLAWED_BACK']), _negated=True), ('reason', ''), ('told', '')), _connector='OR'), name='referral_reason_of_refusal'),
        ),
        migrations.AddConstraint(
            model_name='referral',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['QUALIFIED', 'PAID', 'CLAWED_BACK']), _negated=True), ('qualified_at__isnull', False), _connector='OR'), name='referral_qualified_at'),
        ),
        migrations.AddIndex(
            model_name='referraldue',
            index=models.Index(fields=['program', 'qualified_at', 'referral'], name='referral_due_in_turn'),
        ),
        migrations.RunSQL((SQL / "referrals.sql").read_text(), BACK),
        Protect(
            "accounts_referralcode",
            policies=[Policy("own", "SELECT", using="user_id = (select auth.uid())")],
            authenticated="SELECT",
            service="SELECT, INSERT, UPDATE",
        ),
        # What it may still spend, and who runs it, is the operator's business.
        Protect(
            "accounts_referralprogram",
            policies=[Policy("all", "SELECT", using="true")],
            authenticated="SELECT (id, name, currency, starts_on, ends_on, ended_at, cap_referrals, cap_amount, event,"
            " minimum, window_days, attribution_days, clawback_days, invited_bonus, level_bonuses, terms)",
            service="SELECT, INSERT, UPDATE",
        ),
        # Never who the other is.
        Protect(
            "accounts_referral",
            policies=[Policy("own", "SELECT", using="referrer_id = (select auth.uid())")],
            authenticated="SELECT (id, program_id, referrer_id, state, told, shown_as, invited_at, joined_at,"
            " qualify_by, qualified_at, changed_at)",
            service="SELECT, INSERT, UPDATE",
        ),
        Protect(
            "accounts_referralbonus",
            policies=[Policy("own", "SELECT", using="beneficiary_id = (select auth.uid())")],
            authenticated="SELECT (id, referral_id, beneficiary_id, level, amount, currency, posting_id, state, reason,"
            " settled_at)",
            service="SELECT, INSERT, UPDATE",
        ),
        ServiceOnly("accounts_referraldue"),
        ServiceOnly("accounts_referralhistory", service="SELECT"),
        ServiceOnly("accounts_devicemark"),
    ]
