import django.core.validators
import django.db.models.deletion
import pghistory.utils
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

from core.history import Guard
from core.rls import Policy, Protect, ServiceOnly

KEPT = [
    (
        "user",
        "accounts_user",
        "id",
        ["email", "role", "is_active", "is_superuser", "user_metadata", "app_metadata", "new_email"]
        + ["email_confirmed_at", "invited_at", "banned_until", "deleted_at"],
    ),
    ("customer", "accounts_customer", "user_id", ["status", "tier", "phone", "date_of_birth"]),
    ("profile", "accounts_profile", "user_id", ["handle", "display_name"]),
    ("emailaddress", "account_emailaddress", "id", ["user_id", "email", "verified", "primary"]),
    ("authenticator", "mfa_authenticator", "id", ["user_id", "type"]),
    ("organization", "accounts_organization", "id", ["name", "slug", "closed_at"]),
    ("membership", "accounts_membership", "id", ["organization_id", "user_id", "role"]),
    (
        "apikey",
        "accounts_apikey",
        "id",
        ["organization_id", "name", "mode", "scopes", "allowed_networks", "last_four", "created_by_id"]
        + ["expires_at", "revoked_at", "replaced_by_id"],
    ),
]


class Migration(migrations.Migration):

    dependencies = [
        ("accounts", "0011_life"),
        ("account", "0009_emailaddress_unique_primary_email"),
        ("mfa", "0003_authenticator_type_uniq"),
        ("pghistory", "0007_auto_20250421_0444"),
    ]

    operations = [
        migrations.CreateModel(
            name='ApiKeyHistory',
            fields=[
                ('pgh_id', models.BigAutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_context', pghistory.utils.JSONField(null=True)),
                ('name', models.CharField(max_length=60)),
                ('mode', models.CharField(choices=[('TEST', 'Test'), ('LIVE', 'Live')], max_length=4)),
                ('scopes', models.JSONField(default=list)),
                ('allowed_networks', models.JSONField(default=list)),
                ('last_four', models.CharField(max_length=4)),
                ('expires_at', models.DateTimeField(null=True)),
                ('revoked_at', models.DateTimeField(null=True)),
            ],
            options={
                'abstract': False,
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='AuthenticatorHistory',
            fields=[
                ('pgh_id', models.BigAutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_context', pghistory.utils.JSONField(null=True)),
                ('type', models.CharField(choices=[('recovery_codes', 'Recovery codes'), ('totp', 'TOTP Authenticator'), ('webauthn', 'WebAuthn')], max_length=20)),
            ],
            options={
                'abstract': False,
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='CustomerHistory',
            fields=[
                ('pgh_id', models.BigAutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_context', pghistory.utils.JSONField(null=True)),
                ('status', models.CharField(choices=[('ACTIVE', 'Active'), ('LOCKED', 'Locked'), ('CLOSED', 'Closed')], default='ACTIVE', max_length=8)),
                ('tier', models.PositiveSmallIntegerField(default=1)),
                ('phone', models.CharField(blank=True, max_length=16, validators=[django.core.validators.RegexValidator('^\\+[1-9]\\d{6,14}$')])),
                ('date_of_birth', models.DateField(blank=True, null=True)),
            ],
            options={
                'abstract': False,
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='EmailAddressHistory',
            fields=[
                ('pgh_id', models.BigAutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_context', pghistory.utils.JSONField(null=True)),
                ('email', models.EmailField(max_length=254, verbose_name='email address')),
                ('verified', models.BooleanField(default=False, verbose_name='verified')),
                ('primary', models.BooleanField(default=False, verbose_name='primary')),
            ],
            options={
                'abstract': False,
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='MembershipHistory',
            fields=[
                ('pgh_id', models.BigAutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_context', pghistory.utils.JSONField(null=True)),
                ('role', models.CharField(choices=[('OWNER', 'Owner'), ('ADMIN', 'Administrator'), ('MEMBER', 'Member')], max_length=6)),
            ],
            options={
                'abstract': False,
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='OrganizationHistory',
            fields=[
                ('pgh_id', models.BigAutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_context', pghistory.utils.JSONField(null=True)),
                ('name', models.CharField(max_length=80)),
                ('slug', models.CharField(max_length=40, validators=[django.core.validators.RegexValidator('^[a-z][a-z0-9-]{1,38}[a-z0-9]$')])),
                ('closed_at', models.DateTimeField(null=True)),
            ],
            options={
                'abstract': False,
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='ProfileHistory',
            fields=[
                ('pgh_id', models.BigAutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_context', pghistory.utils.JSONField(null=True)),
                ('handle', models.CharField(max_length=30, validators=[django.core.validators.RegexValidator('^[a-z][a-z0-9_]{2,29}$')])),
                ('display_name', models.CharField(max_length=80)),
            ],
            options={
                'abstract': False,
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='UserHistory',
            fields=[
                ('pgh_id', models.BigAutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_context', pghistory.utils.JSONField(null=True)),
                ('email', models.EmailField(max_length=254, verbose_name='e-mail')),
                ('role', models.CharField(choices=[('USER', 'Customer'), ('AGENT', 'Agent'), ('ADMIN', 'Administrator')], default='USER', max_length=8)),
                ('is_active', models.BooleanField(default=True)),
                ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                ('user_metadata', models.JSONField(blank=True, default=dict)),
                ('app_metadata', models.JSONField(blank=True, default=dict)),
                ('new_email', models.EmailField(blank=True, max_length=254)),
                ('email_confirmed_at', models.DateTimeField(blank=True, null=True)),
                ('invited_at', models.DateTimeField(blank=True, null=True)),
                ('banned_until', models.DateTimeField(blank=True, null=True)),
                ('deleted_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'abstract': False,
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='KeptEmailAddress',
            fields=[
            ],
            options={
                'proxy': True,
                'default_permissions': (),
                'indexes': [],
                'constraints': [],
            },
            bases=('account.emailaddress',),
        ),
        migrations.CreateModel(
            name='KeptAuthenticator',
            fields=[
            ],
            options={
                'proxy': True,
                'default_permissions': (),
                'indexes': [],
                'constraints': [],
            },
            bases=('mfa.authenticator',),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='apikey',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "accounts_apikeyhistory" ("allowed_networks", "created_by_id", "expires_at", "last_four", "mode", "name", "organization_id", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "replaced_by_id", "revoked_at", "scopes") VALUES (NEW."allowed_networks", NEW."created_by_id", NEW."expires_at", NEW."last_four", NEW."mode", NEW."name", NEW."organization_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'insert\', NEW."id", NEW."replaced_by_id", NEW."revoked_at", NEW."scopes"); RETURN NULL;', hash='ff946e706491f0ad45ef7731956df9cf1e367b9d', operation='INSERT', pgid='pgtrigger_insert_insert_1ed31', table='accounts_apikey', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='apikey',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."allowed_networks" IS DISTINCT FROM (NEW."allowed_networks") OR OLD."created_by_id" IS DISTINCT FROM (NEW."created_by_id") OR OLD."digest" IS DISTINCT FROM (NEW."digest") OR OLD."expires_at" IS DISTINCT FROM (NEW."expires_at") OR OLD."last_four" IS DISTINCT FROM (NEW."last_four") OR OLD."mode" IS DISTINCT FROM (NEW."mode") OR OLD."name" IS DISTINCT FROM (NEW."name") OR OLD."organization_id" IS DISTINCT FROM (NEW."organization_id") OR OLD."replaced_by_id" IS DISTINCT FROM (NEW."replaced_by_id") OR OLD."revoked_at" IS DISTINCT FROM (NEW."revoked_at") OR OLD."scopes" IS DISTINCT FROM (NEW."scopes"))', func='INSERT INTO "accounts_apikeyhistory" ("allowed_networks", "created_by_id", "expires_at", "last_four", "mode", "name", "organization_id", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "replaced_by_id", "revoked_at", "scopes") VALUES (NEW."allowed_networks", NEW."created_by_id", NEW."expires_at", NEW."last_four", NEW."mode", NEW."name", NEW."organization_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'update\', NEW."id", NEW."replaced_by_id", NEW."revoked_at", NEW."scopes"); RETURN NULL;', hash='28b258716aa8b48d97542b87d6ffa75c3150f6fa', operation='UPDATE', pgid='pgtrigger_update_update_1c34c', table='accounts_apikey', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='apikey',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "accounts_apikeyhistory" ("allowed_networks", "created_by_id", "expires_at", "last_four", "mode", "name", "organization_id", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "replaced_by_id", "revoked_at", "scopes") VALUES (OLD."allowed_networks", OLD."created_by_id", OLD."expires_at", OLD."last_four", OLD."mode", OLD."name", OLD."organization_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'delete\', OLD."id", OLD."replaced_by_id", OLD."revoked_at", OLD."scopes"); RETURN NULL;', hash='f65d15f6f478d9f2c860128f3365fc59b378bb05', operation='DELETE', pgid='pgtrigger_delete_delete_18c5d', table='accounts_apikey', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='customer',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "accounts_customerhistory" ("date_of_birth", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "phone", "status", "tier") VALUES (NEW."date_of_birth", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'insert\', NEW."user_id", NEW."phone", NEW."status", NEW."tier"); RETURN NULL;', hash='5b7c3c74b5e976c81a45e1e102dba24e2b110b30', operation='INSERT', pgid='pgtrigger_insert_insert_32108', table='accounts_customer', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='customer',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."date_of_birth" IS DISTINCT FROM (NEW."date_of_birth") OR OLD."phone" IS DISTINCT FROM (NEW."phone") OR OLD."status" IS DISTINCT FROM (NEW."status") OR OLD."tier" IS DISTINCT FROM (NEW."tier"))', func='INSERT INTO "accounts_customerhistory" ("date_of_birth", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "phone", "status", "tier") VALUES (NEW."date_of_birth", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'update\', NEW."user_id", NEW."phone", NEW."status", NEW."tier"); RETURN NULL;', hash='3dc87391c2f6365b10cb11e635031b4e163367b6', operation='UPDATE', pgid='pgtrigger_update_update_8724e', table='accounts_customer', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='customer',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "accounts_customerhistory" ("date_of_birth", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "phone", "status", "tier") VALUES (OLD."date_of_birth", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'delete\', OLD."user_id", OLD."phone", OLD."status", OLD."tier"); RETURN NULL;', hash='acc15308b6010b1c884a36bc4a4845e0defff143', operation='DELETE', pgid='pgtrigger_delete_delete_a8cb7', table='accounts_customer', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='membership',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "accounts_membershiphistory" ("organization_id", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "role", "user_id") VALUES (NEW."organization_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'insert\', NEW."id", NEW."role", NEW."user_id"); RETURN NULL;', hash='5797356792dd5e8fb75cc68deb9bc1b4bdbea431', operation='INSERT', pgid='pgtrigger_insert_insert_fc05a', table='accounts_membership', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='membership',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."organization_id" IS DISTINCT FROM (NEW."organization_id") OR OLD."role" IS DISTINCT FROM (NEW."role") OR OLD."user_id" IS DISTINCT FROM (NEW."user_id"))', func='INSERT INTO "accounts_membershiphistory" ("organization_id", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "role", "user_id") VALUES (NEW."organization_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'update\', NEW."id", NEW."role", NEW."user_id"); RETURN NULL;', hash='251775dc1f4e4a4d1b1741a485eea70687109ff8', operation='UPDATE', pgid='pgtrigger_update_update_20ab5', table='accounts_membership', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='membership',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "accounts_membershiphistory" ("organization_id", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "role", "user_id") VALUES (OLD."organization_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'delete\', OLD."id", OLD."role", OLD."user_id"); RETURN NULL;', hash='453dc1f293e9c9bf7bcae2ed02843ccb56fad263', operation='DELETE', pgid='pgtrigger_delete_delete_19a8f', table='accounts_membership', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='organization',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "accounts_organizationhistory" ("closed_at", "name", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "slug") VALUES (NEW."closed_at", NEW."name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'insert\', NEW."id", NEW."slug"); RETURN NULL;', hash='b2ce4c774dd3d57e8fff493414d7f8167ea5bc3e', operation='INSERT', pgid='pgtrigger_insert_insert_6d17a', table='accounts_organization', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='organization',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."closed_at" IS DISTINCT FROM (NEW."closed_at") OR OLD."name" IS DISTINCT FROM (NEW."name") OR OLD."slug" IS DISTINCT FROM (NEW."slug"))', func='INSERT INTO "accounts_organizationhistory" ("closed_at", "name", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "slug") VALUES (NEW."closed_at", NEW."name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'update\', NEW."id", NEW."slug"); RETURN NULL;', hash='9f2ea269292a1e1e9f208a3ec24612511d0ad00e', operation='UPDATE', pgid='pgtrigger_update_update_df7c2', table='accounts_organization', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='organization',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "accounts_organizationhistory" ("closed_at", "name", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "slug") VALUES (OLD."closed_at", OLD."name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'delete\', OLD."id", OLD."slug"); RETURN NULL;', hash='c4115898ea014a35fe8f6d1236052a7cca918475', operation='DELETE', pgid='pgtrigger_delete_delete_c7034', table='accounts_organization', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='profile',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "accounts_profilehistory" ("display_name", "handle", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id") VALUES (NEW."display_name", NEW."handle", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'insert\', NEW."user_id"); RETURN NULL;', hash='8355bdcd8ba2280c405fa3d26e556ea8fa5aad53', operation='INSERT', pgid='pgtrigger_insert_insert_02af1', table='accounts_profile', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='profile',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."display_name" IS DISTINCT FROM (NEW."display_name") OR OLD."handle" IS DISTINCT FROM (NEW."handle"))', func='INSERT INTO "accounts_profilehistory" ("display_name", "handle", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id") VALUES (NEW."display_name", NEW."handle", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'update\', NEW."user_id"); RETURN NULL;', hash='82e17ec88df972efb689b969363ec45637912ba6', operation='UPDATE', pgid='pgtrigger_update_update_fed28', table='accounts_profile', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='profile',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "accounts_profilehistory" ("display_name", "handle", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id") VALUES (OLD."display_name", OLD."handle", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'delete\', OLD."user_id"); RETURN NULL;', hash='55b924dad428725fc1fff5762f1acb26e6a6774a', operation='DELETE', pgid='pgtrigger_delete_delete_221fd', table='accounts_profile', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='user',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "accounts_userhistory" ("app_metadata", "banned_until", "deleted_at", "email", "email_confirmed_at", "invited_at", "is_active", "is_superuser", "new_email", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "role", "user_metadata") VALUES (NEW."app_metadata", NEW."banned_until", NEW."deleted_at", NEW."email", NEW."email_confirmed_at", NEW."invited_at", NEW."is_active", NEW."is_superuser", NEW."new_email", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'insert\', NEW."id", NEW."role", NEW."user_metadata"); RETURN NULL;', hash='b2cd3f1a12bdcd435d26ed608082a2adec6321d1', operation='INSERT', pgid='pgtrigger_insert_insert_3867c', table='accounts_user', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='user',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."app_metadata" IS DISTINCT FROM (NEW."app_metadata") OR OLD."banned_until" IS DISTINCT FROM (NEW."banned_until") OR OLD."deleted_at" IS DISTINCT FROM (NEW."deleted_at") OR OLD."email" IS DISTINCT FROM (NEW."email") OR OLD."email_confirmed_at" IS DISTINCT FROM (NEW."email_confirmed_at") OR OLD."invited_at" IS DISTINCT FROM (NEW."invited_at") OR OLD."is_active" IS DISTINCT FROM (NEW."is_active") OR OLD."is_superuser" IS DISTINCT FROM (NEW."is_superuser") OR OLD."new_email" IS DISTINCT FROM (NEW."new_email") OR OLD."password" IS DISTINCT FROM (NEW."password") OR OLD."role" IS DISTINCT FROM (NEW."role") OR OLD."user_metadata" IS DISTINCT FROM (NEW."user_metadata"))', func='INSERT INTO "accounts_userhistory" ("app_metadata", "banned_until", "deleted_at", "email", "email_confirmed_at", "invited_at", "is_active", "is_superuser", "new_email", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "role", "user_metadata") VALUES (NEW."app_metadata", NEW."banned_until", NEW."deleted_at", NEW."email", NEW."email_confirmed_at", NEW."invited_at", NEW."is_active", NEW."is_superuser", NEW."new_email", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'update\', NEW."id", NEW."role", NEW."user_metadata"); RETURN NULL;', hash='86ca4f83095525bbb864c1d6c317dfc2df5a039d', operation='UPDATE', pgid='pgtrigger_update_update_0e890', table='accounts_user', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='user',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "accounts_userhistory" ("app_metadata", "banned_until", "deleted_at", "email", "email_confirmed_at", "invited_at", "is_active", "is_superuser", "new_email", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "role", "user_metadata") VALUES (OLD."app_metadata", OLD."banned_until", OLD."deleted_at", OLD."email", OLD."email_confirmed_at", OLD."invited_at", OLD."is_active", OLD."is_superuser", OLD."new_email", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'delete\', OLD."id", OLD."role", OLD."user_metadata"); RETURN NULL;', hash='b5b1fbe2b79cc3572f04dea01c9c7ac55dfb7d87', operation='DELETE', pgid='pgtrigger_delete_delete_19f14', table='accounts_user', when='AFTER')),
        ),
        migrations.AddField(
            model_name='apikeyhistory',
            name='created_by',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='apikeyhistory',
            name='organization',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='accounts.organization'),
        ),
        migrations.AddField(
            model_name='apikeyhistory',
            name='pgh_obj',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='accounts.apikey'),
        ),
        migrations.AddField(
            model_name='apikeyhistory',
            name='replaced_by',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='accounts.apikey'),
        ),
        migrations.AddField(
            model_name='authenticatorhistory',
            name='user',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='customerhistory',
            name='pgh_obj',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='accounts.customer'),
        ),
        migrations.AddField(
            model_name='emailaddresshistory',
            name='user',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL, verbose_name='user'),
        ),
        migrations.AddField(
            model_name='membershiphistory',
            name='organization',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='accounts.organization'),
        ),
        migrations.AddField(
            model_name='membershiphistory',
            name='pgh_obj',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='accounts.membership'),
        ),
        migrations.AddField(
            model_name='membershiphistory',
            name='user',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='organizationhistory',
            name='pgh_obj',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='accounts.organization'),
        ),
        migrations.AddField(
            model_name='profilehistory',
            name='pgh_obj',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='accounts.profile'),
        ),
        migrations.AddField(
            model_name='userhistory',
            name='pgh_obj',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='emailaddresshistory',
            name='pgh_obj',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='accounts.keptemailaddress'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='keptemailaddress',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "accounts_emailaddresshistory" ("email", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "primary", "user_id", "verified") VALUES (NEW."email", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'insert\', NEW."id", NEW."primary", NEW."user_id", NEW."verified"); RETURN NULL;', hash='83797a99ee878b2ab226f06896d4c903c364fc71', operation='INSERT', pgid='pgtrigger_insert_insert_23784', table='account_emailaddress', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='keptemailaddress',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."email" IS DISTINCT FROM (NEW."email") OR OLD."primary" IS DISTINCT FROM (NEW."primary") OR OLD."user_id" IS DISTINCT FROM (NEW."user_id") OR OLD."verified" IS DISTINCT FROM (NEW."verified"))', func='INSERT INTO "accounts_emailaddresshistory" ("email", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "primary", "user_id", "verified") VALUES (NEW."email", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'update\', NEW."id", NEW."primary", NEW."user_id", NEW."verified"); RETURN NULL;', hash='38f608bee79da0841c939308af9256a3052d8f2c', operation='UPDATE', pgid='pgtrigger_update_update_1f70d', table='account_emailaddress', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='keptemailaddress',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "accounts_emailaddresshistory" ("email", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "primary", "user_id", "verified") VALUES (OLD."email", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'delete\', OLD."id", OLD."primary", OLD."user_id", OLD."verified"); RETURN NULL;', hash='92aaaf49d69d96d86789a468612677dfadd5bef0', operation='DELETE', pgid='pgtrigger_delete_delete_aa88b', table='account_emailaddress', when='AFTER')),
        ),
        migrations.AddField(
            model_name='authenticatorhistory',
            name='pgh_obj',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='accounts.keptauthenticator'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='keptauthenticator',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "accounts_authenticatorhistory" ("pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "type", "user_id") VALUES (COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'insert\', NEW."id", NEW."type", NEW."user_id"); RETURN NULL;', hash='09880b003df89c763129980b73c8173e1aa1f05d', operation='INSERT', pgid='pgtrigger_insert_insert_81ad7', table='mfa_authenticator', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='keptauthenticator',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."type" IS DISTINCT FROM (NEW."type") OR OLD."user_id" IS DISTINCT FROM (NEW."user_id"))', func='INSERT INTO "accounts_authenticatorhistory" ("pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "type", "user_id") VALUES (COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'update\', NEW."id", NEW."type", NEW."user_id"); RETURN NULL;', hash='258f567fd1b96b77b28e42144d501a56546e9096', operation='UPDATE', pgid='pgtrigger_update_update_22e39', table='mfa_authenticator', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='keptauthenticator',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "accounts_authenticatorhistory" ("pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "type", "user_id") VALUES (COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'delete\', OLD."id", OLD."type", OLD."user_id"); RETURN NULL;', hash='eb1bf483aebe9408d18fda9dd883392b359ecf66', operation='DELETE', pgid='pgtrigger_delete_delete_b21f6', table='mfa_authenticator', when='AFTER')),
        ),
        migrations.AddIndex(
            model_name='apikeyhistory',
            index=models.Index(fields=['pgh_obj', '-pgh_id'], name='apikeyhistory_object'),
        ),
        migrations.AddIndex(
            model_name='apikeyhistory',
            index=models.Index(fields=['organization', '-pgh_id'], name='apikeyhistory_organization'),
        ),
        migrations.AddIndex(
            model_name='customerhistory',
            index=models.Index(fields=['pgh_obj', '-pgh_id'], name='customerhistory_object'),
        ),
        migrations.AddIndex(
            model_name='membershiphistory',
            index=models.Index(fields=['pgh_obj', '-pgh_id'], name='membershiphistory_object'),
        ),
        migrations.AddIndex(
            model_name='membershiphistory',
            index=models.Index(fields=['organization', '-pgh_id'], name='membershiphistory_organization'),
        ),
        migrations.AddIndex(
            model_name='membershiphistory',
            index=models.Index(fields=['user', '-pgh_id'], name='membershiphistory_user'),
        ),
        migrations.AddIndex(
            model_name='organizationhistory',
            index=models.Index(fields=['pgh_obj', '-pgh_id'], name='organizationhistory_object'),
        ),
        migrations.AddIndex(
            model_name='profilehistory',
            index=models.Index(fields=['pgh_obj', '-pgh_id'], name='profilehistory_object'),
        ),
        migrations.AddIndex(
            model_name='userhistory',
            index=models.Index(fields=['pgh_obj', '-pgh_id'], name='userhistory_object'),
        ),
        migrations.AddIndex(
            model_name='emailaddresshistory',
            index=models.Index(fields=['pgh_obj', '-pgh_id'], name='emailaddresshistory_object'),
        ),
        migrations.AddIndex(
            model_name='emailaddresshistory',
            index=models.Index(fields=['user', '-pgh_id'], name='emailaddresshistory_user'),
        ),
        migrations.AddIndex(
            model_name='authenticatorhistory',
            index=models.Index(fields=['pgh_obj', '-pgh_id'], name='authenticatorhistory_object'),
        ),
        migrations.AddIndex(
            model_name='authenticatorhistory',
            index=models.Index(fields=['user', '-pgh_id'], name='authenticatorhistory_user'),
        ),
        migrations.AlterModelOptions(
            name="profile",
            options={
                "permissions": [("reveal_personal", "Can see how to reach a person, and their date of birth")],
                "verbose_name": "profile",
                "verbose_name_plural": "profiles",
            },
        ),
        # What was tried on somebody by nobody known (a refused sign-in) is theirs to see; what staff did is not.
        Protect(
            "accounts_auditevent",
            policies=[
                Policy("own", "SELECT", using="actor_id = (select auth.uid())"),
                Policy(
                    "about me",
                    "SELECT",
                    using="actor_id is null and target_type = 'accounts.user'"
                    " and target_id = (select auth.uid())::text",
                ),
                Policy("own deed", "INSERT", check="actor_id = (select auth.uid()) and actor_role = 'authenticated'"),
            ],
            authenticated="SELECT, INSERT",
            service="SELECT, INSERT",
        ),
        # Not used: each snapshot says itself who acted.
        ServiceOnly("pghistory_context", service=""),
        *[
            Guard(f"accounts_{name}history", rows=rows, key=key, columns=columns)
            for name, rows, key, columns in KEPT
        ],
    ]
