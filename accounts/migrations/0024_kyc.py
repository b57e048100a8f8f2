from pathlib import Path

import core.ids
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from core.rls import Policy, Protect, ServiceOnly

SQL = Path(__file__).parent.parent / "sql"
OWN = "customer_id = (select auth.uid())"
OF_OWN = "exists (select from accounts_kycapplication a where a.id = application_id)"


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0023_declared'),
    ]

    operations = [
        migrations.CreateModel(
            name='BankAccountClaim',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('bank_code', models.CharField(max_length=10)),
                ('sealed', models.TextField()),
                ('blind_index', models.CharField(db_index=True, max_length=64)),
                ('last_four', models.CharField(max_length=4)),
            ],
            options={
                'verbose_name': 'bank account of an application',
                'verbose_name_plural': 'bank accounts of applications',
            },
        ),
        migrations.CreateModel(
            name='CustomerStatusChange',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('from_status', models.CharField(choices=[('ACTIVE', 'Active'), ('NO_DEBIT', 'Nothing goes out'), ('NO_CREDIT', 'Nothing comes in'), ('FROZEN', 'Frozen'), ('LOCKED', 'Locked by its owner'), ('CLOSED', 'Closed')], max_length=9)),
                ('to_status', models.CharField(choices=[('ACTIVE', 'Active'), ('NO_DEBIT', 'Nothing goes out'), ('NO_CREDIT', 'Nothing comes in'), ('FROZEN', 'Frozen'), ('LOCKED', 'Locked by its owner'), ('CLOSED', 'Closed')], max_length=9)),
                ('cause', models.CharField(choices=[('STAFF', 'By staff'), ('RULE', 'By rule'), ('OWNER', 'By the customer')], max_length=5)),
                ('reason_code', models.CharField(max_length=40)),
                ('text', models.CharField(blank=True, max_length=500)),
                ('at', models.DateTimeField()),
                ('until', models.DateTimeField(null=True)),
            ],
            options={
                'verbose_name': "change of a customer's status",
                'verbose_name_plural': "changes of customers' statuses",
            },
        ),
        migrations.CreateModel(
            name='IdentityNumber',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('BVN', 'BVN'), ('NIN', 'NIN')], max_length=3)),
                ('sealed', models.TextField()),
                ('blind_index', models.CharField(max_length=64)),
                ('last_four', models.CharField(max_length=4)),
                ('verified_at', models.DateTimeField(null=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('released_at', models.DateTimeField(null=True)),
            ],
            options={
                'verbose_name': 'identity number',
                'verbose_name_plural': 'identity numbers',
            },
        ),
        migrations.CreateModel(
            name='KycApplication',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('target_tier', models.PositiveSmallIntegerField()),
                ('state', models.CharField(choices=[('DRAFT', 'Not sent yet'), ('SUBMITTED', 'Waiting for review'), ('IN_REVIEW', 'In review'), ('MORE_NEEDED', 'More needed'), ('APPROVED', 'Approved'), ('REJECTED', 'Rejected'), ('EXPIRED', 'Expired')], default='DRAFT', max_length=11)),
                ('revision', models.PositiveIntegerField(default=0)),
                ('priority', models.PositiveSmallIntegerField(default=0)),
                ('first_name', models.CharField(blank=True, max_length=60)),
                ('middle_name', models.CharField(blank=True, max_length=60)),
                ('last_name', models.CharField(blank=True, max_length=60)),
                ('date_of_birth', models.DateField(blank=True, null=True)),
                ('address', models.CharField(blank=True, max_length=200)),
                ('city', models.CharField(blank=True, max_length=80)),
                ('region', models.CharField(blank=True, max_length=40)),
                ('country', models.CharField(default='NG', max_length=2)),
                ('consent_version', models.CharField(blank=True, max_length=20)),
                ('consent_text', models.TextField(blank=True)),
                ('consented_at', models.DateTimeField(blank=True, null=True)),
                ('asked_again', models.JSONField(blank=True, default=list)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('updated_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('submitted_at', models.DateTimeField(blank=True, null=True)),
                ('decided_at', models.DateTimeField(blank=True, null=True)),
                ('expires_at', models.DateTimeField()),
                ('leased_until', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'verbose_name': 'application',
                'verbose_name_plural': 'applications',
                'permissions': [('review_kyc', 'Can claim and decide on applications'), ('approve_kyc', 'Can approve what a colleague recommended')],
            },
        ),
        migrations.CreateModel(
            name='KycCheck',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('BVN', 'BVN'), ('NIN', 'NIN'), ('BANK_ACCOUNT', 'Name on the bank account'), ('DOCUMENT', 'Document'), ('SCREENING', 'Sanctions lists')], max_length=12)),
                ('source', models.CharField(max_length=40)),
                ('reference', models.CharField(blank=True, max_length=100)),
                ('outcome', models.CharField(choices=[('MATCH', 'Agrees'), ('PARTIAL', 'Agrees in part'), ('MISMATCH', 'Does not agree'), ('CLEAR', 'Nothing found'), ('HIT', 'Something found'), ('PENDING', 'The answer comes later'), ('UNDECIDED', 'Cannot decide yet')], max_length=9)),
                ('score', models.DecimalField(decimal_places=4, max_digits=5, null=True)),
                ('facts', models.TextField(blank=True)),
                ('revision', models.PositiveIntegerField()),
                ('at', models.DateTimeField()),
            ],
            options={
                'verbose_name': 'check',
                'verbose_name_plural': 'checks',
            },
        ),
        migrations.CreateModel(
            name='KycDecision',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('outcome', models.CharField(choices=[('RECOMMEND', 'Approval recommended'), ('APPROVE', 'Approved'), ('ASK_MORE', 'More asked for'), ('REJECT', 'Rejected'), ('SEND_BACK', 'Recommendation sent back')], max_length=10)),
                ('revision', models.PositiveIntegerField()),
                ('reason_code', models.CharField(max_length=40)),
                ('text', models.CharField(max_length=1000)),
                ('message', models.TextField(blank=True)),
                ('asked_again', models.JSONField(blank=True, default=list)),
                ('at', models.DateTimeField()),
            ],
            options={
                'verbose_name': 'decision',
                'verbose_name_plural': 'decisions',
            },
        ),
        migrations.CreateModel(
            name='KycDocument',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('PASSPORT', 'International passport'), ('DRIVERS_LICENCE', "Driver's licence"), ('NIN_SLIP', 'NIN slip or card'), ('VOTERS_CARD', "Voter's card"), ('UTILITY_BILL', 'Utility bill'), ('BANK_STATEMENT', 'Bank statement'), ('SELFIE', 'Photograph of yourself')], max_length=16)),
                ('side', models.CharField(choices=[('FRONT', 'Front'), ('BACK', 'Back'), ('WHOLE', 'Whole')], default='WHOLE', max_length=5)),
                ('state', models.CharField(choices=[('PENDING', 'Not checked yet'), ('ACCEPTED', 'Accepted'), ('REJECTED', 'Needed again'), ('REPLACED', 'Replaced'), ('DELETED', 'Deleted by its owner')], default='PENDING', max_length=8)),
                ('object_name', models.CharField(max_length=200, unique=True)),
                ('content_type', models.CharField(max_length=60)),
                ('size', models.BigIntegerField()),
                ('width', models.PositiveIntegerField(null=True)),
                ('height', models.PositiveIntegerField(null=True)),
                ('sha256', models.CharField(max_length=64)),
                ('picture_hash', models.BigIntegerField(null=True)),
                ('quality', models.JSONField(default=dict)),
                ('reason_code', models.CharField(blank=True, max_length=40)),
                ('fix', models.CharField(blank=True, max_length=300)),
                ('uploaded_at', models.DateTimeField()),
            ],
            options={
                'verbose_name': 'document',
                'verbose_name_plural': 'documents',
                'permissions': [('download_kycdocument', 'Can download a document as it was sent')],
            },
        ),
        migrations.CreateModel(
            name='KycNote',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('text', models.CharField(max_length=2000)),
                ('at', models.DateTimeField()),
            ],
            options={
                'verbose_name': 'note on an application',
                'verbose_name_plural': 'notes on applications',
            },
        ),
        migrations.CreateModel(
            name='KycStateChange',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('from_state', models.CharField(blank=True, max_length=11)),
                ('to_state', models.CharField(choices=[('DRAFT', 'Not sent yet'), ('SUBMITTED', 'Waiting for review'), ('IN_REVIEW', 'In review'), ('MORE_NEEDED', 'More needed'), ('APPROVED', 'Approved'), ('REJECTED', 'Rejected'), ('EXPIRED', 'Expired')], max_length=11)),
                ('reason_code', models.CharField(blank=True, max_length=40)),
                ('message', models.TextField(blank=True)),
                ('at', models.DateTimeField()),
            ],
            options={
                'verbose_name': 'state of an application',
                'verbose_name_plural': 'states of applications',
            },
        ),
        migrations.RemoveConstraint(
            model_name='customer',
            name='customer_status_known',
        ),
        migrations.AlterField(
            model_name='customer',
            name='status',
            field=models.CharField(choices=[('ACTIVE', 'Active'), ('NO_DEBIT', 'Nothing goes out'), ('NO_CREDIT', 'Nothing comes in'), ('FROZEN', 'Frozen'), ('LOCKED', 'Locked by its owner'), ('CLOSED', 'Closed')], default='ACTIVE', max_length=9),
        ),
        migrations.AlterField(
            model_name='customerhistory',
            name='status',
            field=models.CharField(choices=[('ACTIVE', 'Active'), ('NO_DEBIT', 'Nothing goes out'), ('NO_CREDIT', 'Nothing comes in'), ('FROZEN', 'Frozen'), ('LOCKED', 'Locked by its owner'), ('CLOSED', 'Closed')], default='ACTIVE', max_length=9),
        ),
        migrations.AddConstraint(
            model_name='customer',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['ACTIVE', 'NO_DEBIT', 'NO_CREDIT', 'FROZEN', 'LOCKED', 'CLOSED'])), name='customer_status_known'),
        ),
        migrations.AddField(
            model_name='customerstatuschange',
            name='by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='customerstatuschange',
            name='customer',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='status_changes', to='accounts.customer'),
        ),
        migrations.AddField(
            model_name='identitynumber',
            name='customer',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='identity_numbers', to='accounts.customer'),
        ),
        migrations.AddField(
            model_name='kycapplication',
            name='claimed_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='kycapplication',
            name='customer',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='kyc_applications', to='accounts.customer'),
        ),
        migrations.AddField(
            model_name='kycapplication',
            name='decided_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='kycapplication',
            name='recommended_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='bankaccountclaim',
            name='application',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='bank_account', to='accounts.kycapplication'),
        ),
        migrations.AddField(
            model_name='kyccheck',
            name='application',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='checks', to='accounts.kycapplication'),
        ),
        migrations.AddField(
            model_name='kycdecision',
            name='application',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='decisions', to='accounts.kycapplication'),
        ),
        migrations.AddField(
            model_name='kycdecision',
            name='by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='kycdocument',
            name='application',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='documents', to='accounts.kycapplication'),
        ),
        migrations.AddField(
            model_name='kycdocument',
            name='decided_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='kycdocument',
            name='replaced_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.kycdocument'),
        ),
        migrations.AddField(
            model_name='kyccheck',
            name='document',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='checks', to='accounts.kycdocument'),
        ),
        migrations.AddField(
            model_name='kycnote',
            name='application',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='notes', to='accounts.kycapplication'),
        ),
        migrations.AddField(
            model_name='kycnote',
            name='by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='kycstatechange',
            name='application',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='changes', to='accounts.kycapplication'),
        ),
        migrations.AddField(
            model_name='kycstatechange',
            name='by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddIndex(
            model_name='customerstatuschange',
            index=models.Index(fields=['customer', 'id'], name='status_change_of'),
        ),
        migrations.AddConstraint(
            model_name='identitynumber',
            constraint=models.UniqueConstraint(condition=models.Q(('released_at', None)), fields=('kind', 'blind_index'), name='identity_number_one_customer'),
        ),
        migrations.AddConstraint(
            model_name='identitynumber',
            constraint=models.UniqueConstraint(condition=models.Q(('released_at', None)), fields=('customer', 'kind'), name='identity_number_one_each'),
        ),
        migrations.AddIndex(
            model_name='kycapplication',
            index=models.Index(fields=['customer', 'id'], name='kyc_of_customer'),
        ),
        migrations.AddIndex(
            model_name='kycapplication',
            index=models.Index(condition=models.Q(('state__in', ['SUBMITTED', 'IN_REVIEW'])), fields=['-priority', 'submitted_at', 'id'], name='kyc_queue'),
        ),
        migrations.AddIndex(
            model_name='kycapplication',
            index=models.Index(condition=models.Q(('state__in', ['DRAFT', 'MORE_NEEDED'])), fields=['expires_at'], name='kyc_running_out'),
        ),
        migrations.AddConstraint(
            model_name='kycapplication',
            constraint=models.CheckConstraint(condition=models.Q(('target_tier__range', (1, 3))), name='kyc_tier_known'),
        ),
        migrations.AddConstraint(
            model_name='kycapplication',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['DRAFT', 'SUBMITTED', 'IN_REVIEW', 'MORE_NEEDED', 'APPROVED', 'REJECTED', 'EXPIRED'])), name='kyc_state_known'),
        ),
        migrations.AddConstraint(
            model_name='kycapplication',
            constraint=models.CheckConstraint(condition=models.Q(('state', 'DRAFT'), ('state', 'EXPIRED'), models.Q(('consented_at', None), _negated=True), _connector='OR'), name='kyc_sent_with_consent'),
        ),
        migrations.AddConstraint(
            model_name='kycapplication',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('decided_at__isnull', False), ('state__in', ['APPROVED', 'REJECTED'])), models.Q(('state__in', ['APPROVED', 'REJECTED']), _negated=True), _connector='OR'), name='kyc_decided_at'),
        ),
        migrations.AddConstraint(
            model_name='kycapplication',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('claimed_by', None), ('leased_until', None)), models.Q(('claimed_by__isnull', False), ('leased_until__isnull', False)), _connector='OR'), name='kyc_claim_is_a_lease'),
        ),
        migrations.AddConstraint(
            model_name='kycapplication',
            constraint=models.CheckConstraint(condition=models.Q(('target_tier__lte', 2), models.Q(('state', 'APPROVED'), _negated=True), models.Q(('decided_by__isnull', False), ('recommended_by__isnull', False), models.Q(('recommended_by', models.F('decided_by')), _negated=True)), _connector='OR'), name='kyc_two_people_above_tier_2'),
        ),
        migrations.AddConstraint(
            model_name='kycapplication',
            constraint=models.CheckConstraint(condition=models.Q(('decided_by', None), models.Q(('decided_by', models.F('customer')), _negated=True), _connector='OR'), name='kyc_not_by_oneself'),
        ),
        migrations.AddConstraint(
            model_name='kycapplication',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['DRAFT', 'SUBMITTED', 'IN_REVIEW', 'MORE_NEEDED'])), fields=('customer',), name='kyc_one_open'),
        ),
        migrations.AddIndex(
            model_name='kycdecision',
            index=models.Index(fields=['application', 'id'], name='kyc_decision_of'),
        ),
        migrations.AddIndex(
            model_name='kycdocument',
            index=models.Index(fields=['application', 'id'], name='kyc_document_of'),
        ),
        migrations.AddIndex(
            model_name='kycdocument',
            index=models.Index(fields=['sha256'], name='kyc_document_same'),
        ),
        migrations.AddIndex(
            model_name='kycdocument',
            index=models.Index(condition=models.Q(('picture_hash__isnull', False)), fields=['picture_hash'], name='kyc_document_like'),
        ),
        migrations.AddConstraint(
            model_name='kycdocument',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['PENDING', 'ACCEPTED', 'REJECTED'])), fields=('application', 'kind', 'side'), name='kyc_document_one_current'),
        ),
        migrations.AddIndex(
            model_name='kyccheck',
            index=models.Index(fields=['application', 'kind', 'id'], name='kyc_check_of'),
        ),
        migrations.AddIndex(
            model_name='kyccheck',
            index=models.Index(condition=models.Q(('reference', ''), _negated=True), fields=['source', 'reference'], name='kyc_check_by_reference'),
        ),
        migrations.AddIndex(
            model_name='kycnote',
            index=models.Index(fields=['application', 'id'], name='kyc_note_of'),
        ),
        migrations.AddIndex(
            model_name='kycstatechange',
            index=models.Index(fields=['application', 'id'], name='kyc_change_of'),
        ),
        # What staff find and think of an application stays with the service.
        Protect(
            "accounts_kycapplication",
            policies=[Policy("own", "SELECT", using=OWN)],
            authenticated="SELECT (id, customer_id, target_tier, state, revision, first_name, middle_name, last_name,"
            " date_of_birth, address, city, region, country, consent_version, consent_text, consented_at, asked_again,"
            " created_at, updated_at, submitted_at, decided_at, expires_at)",
            service="SELECT, INSERT, UPDATE",
        ),
        Protect(
            "accounts_kycstatechange",
            policies=[Policy("own", "SELECT", using=OF_OWN)],
            authenticated="SELECT (id, application_id, from_state, to_state, reason_code, message, at)",
            service="SELECT, INSERT",
        ),
        Protect(
            "accounts_kycdocument",
            policies=[Policy("own", "SELECT", using=OF_OWN)],
            authenticated="SELECT (id, application_id, kind, side, state, object_name, content_type, size, width, height,"
            " quality, replaced_by_id, reason_code, fix, uploaded_at)",
            service="SELECT, INSERT, UPDATE",
        ),
        Protect(
            "accounts_identitynumber",
            policies=[Policy("own", "SELECT", using=OWN)],
            authenticated="SELECT (id, customer_id, kind, last_four, verified_at, created_at, released_at)",
            service="SELECT, INSERT, UPDATE",
        ),
        Protect(
            "accounts_bankaccountclaim",
            policies=[Policy("own", "SELECT", using=OF_OWN)],
            authenticated="SELECT (id, application_id, bank_code, last_four)",
        ),
        Protect(
            "accounts_customerstatuschange",
            policies=[Policy("own", "SELECT", using=OWN)],
            authenticated="SELECT (id, customer_id, from_status, to_status, cause, reason_code, at, until)",
            service="SELECT, INSERT",
        ),
        ServiceOnly("accounts_kycdecision", service="SELECT, INSERT"),
        ServiceOnly("accounts_kycnote", service="SELECT, INSERT"),
        ServiceOnly("accounts_kyccheck", service="SELECT, INSERT"),
        migrations.RunSQL((SQL / "kyc.sql").read_text(), (SQL / "kyc_drop.sql").read_text()),
    ]
