from pathlib import Path

import core.ids
import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from core.rls import Policy, Protect

SQL = Path(__file__).parent.parent / "sql"
MINE = "= any (array (select auth.organizations()))"
MANAGED = "= any (array (select auth.organizations(array['OWNER', 'ADMIN'])))"


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0004_sessions'),
    ]

    operations = [
        migrations.CreateModel(
            name='Organization',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=80)),
                ('slug', models.CharField(max_length=40, unique=True, validators=[django.core.validators.RegexValidator('^[a-z][a-z0-9-]{1,38}[a-z0-9]$')])),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('closed_at', models.DateTimeField(null=True)),
            ],
            options={
                'verbose_name': 'organisation',
                'verbose_name_plural': 'organisations',
                'constraints': [models.CheckConstraint(condition=models.Q(('slug__regex', '^[a-z][a-z0-9-]{1,38}[a-z0-9]$')), name='organization_slug_form')],
            },
        ),
        migrations.CreateModel(
            name='Membership',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('role', models.CharField(choices=[('OWNER', 'Owner'), ('ADMIN', 'Administrator'), ('MEMBER', 'Member')], max_length=6)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='memberships', to=settings.AUTH_USER_MODEL)),
                ('organization', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to='accounts.organization')),
            ],
            options={
                'verbose_name': 'membership',
                'verbose_name_plural': 'memberships',
                'constraints': [models.UniqueConstraint(fields=('organization', 'user'), name='membership_once'), models.CheckConstraint(condition=models.Q(('role__in', ['OWNER', 'ADMIN', 'MEMBER'])), name='membership_role_known')],
            },
        ),
        migrations.CreateModel(
            name='Invitation',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('email', models.EmailField(max_length=254)),
                ('role', models.CharField(choices=[('OWNER', 'Owner'), ('ADMIN', 'Administrator'), ('MEMBER', 'Member')], max_length=6)),
                ('digest', models.CharField(max_length=64, unique=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('expires_at', models.DateTimeField()),
                ('accepted_at', models.DateTimeField(null=True)),
                ('withdrawn_at', models.DateTimeField(null=True)),
                ('invited_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='invitations', to='accounts.organization')),
            ],
            options={
                'verbose_name': 'invitation',
                'verbose_name_plural': 'invitations',
                'constraints': [models.UniqueConstraint(condition=models.Q(('accepted_at', None), ('withdrawn_at', None)), fields=('organization', 'email'), name='invitation_open_once')],
            },
        ),
        migrations.CreateModel(
            name='ApiKey',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=60)),
                ('mode', models.CharField(choices=[('TEST', 'Test'), ('LIVE', 'Live')], max_length=4)),
                ('scopes', models.JSONField(default=list)),
                ('allowed_networks', models.JSONField(default=list)),
                ('digest', models.CharField(max_length=64, unique=True)),
                ('last_four', models.CharField(max_length=4)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('expires_at', models.DateTimeField(null=True)),
                ('last_used_at', models.DateTimeField(null=True)),
                ('revoked_at', models.DateTimeField(null=True)),
                ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('replaced_by', models.OneToOneField(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='replaces', to='accounts.apikey')),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='api_keys', to='accounts.organization')),
            ],
            options={
                'verbose_name': 'API key',
                'verbose_name_plural': 'API keys',
                'constraints': [models.CheckConstraint(condition=models.Q(('mode__in', ['TEST', 'LIVE'])), name='api_key_mode_known')],
            },
        ),
        migrations.RunSQL(
            (SQL / "organizations.sql").read_text(), "drop function auth.organizations(text[]);"
        ),
        Protect(
            "accounts_organization",
            policies=[Policy("own", "SELECT", using=f"id {MINE}")],
            authenticated="SELECT",
        ),
        Protect(
            "accounts_membership",
            policies=[Policy("own", "SELECT", using=f"organization_id {MINE}")],
            authenticated="SELECT",
        ),
        # The keyed hashes stay with the service.
        Protect(
            "accounts_invitation",
            policies=[Policy("managed", "SELECT", using=f"organization_id {MANAGED}")],
            authenticated="SELECT (id, organization_id, email, role, invited_by_id, created_at, expires_at, accepted_at,"
            " withdrawn_at)",
        ),
        Protect(
            "accounts_apikey",
            policies=[Policy("managed", "SELECT", using=f"organization_id {MANAGED}")],
            authenticated="SELECT (id, organization_id, name, mode, scopes, allowed_networks, last_four, created_by_id,"
            " created_at, expires_at, last_used_at, revoked_at, replaced_by_id)",
        ),
    ]
