import core.ids
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from core.rls import Policy, Protect, ServiceOnly

LOGIN = settings.DATABASES["default"]["USER"]


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_factor_device'),
        ('socialaccount', '0006_alter_socialaccount_extra_data'),
    ]

    operations = [
        migrations.CreateModel(
            name='SigningKey',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('algorithm', models.CharField(choices=[('ES256', 'ES256'), ('RS256', 'RS256')], max_length=5)),
                ('private_key', models.TextField()),
                ('public_jwk', models.JSONField()),
                ('created_at', models.DateTimeField()),
                ('signs_from', models.DateTimeField()),
                ('retired_at', models.DateTimeField(null=True)),
            ],
            options={
                'verbose_name': 'signing key',
                'verbose_name_plural': 'signing keys',
            },
        ),
        migrations.AddField(
            model_name='user',
            name='app_metadata',
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.AddField(
            model_name='user',
            name='banned_until',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='user',
            name='confirmation_sent_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='user',
            name='deleted_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='user',
            name='email_change_sent_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='user',
            name='email_confirmed_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='user',
            name='invited_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='user',
            name='new_email',
            field=models.EmailField(blank=True, max_length=254),
        ),
        migrations.AddField(
            model_name='user',
            name='reauthentication_sent_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='user',
            name='recovery_sent_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='user',
            name='updated_at',
            field=models.DateTimeField(auto_now=True),
        ),
        migrations.AddField(
            model_name='user',
            name='user_metadata',
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.CreateModel(
            name='Session',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('face', models.CharField(choices=[('PAGES', 'Browser'), ('APP', 'App')], max_length=5)),
                ('level', models.CharField(choices=[('aal1', 'One factor'), ('aal2', 'Two factors')], default='aal1', max_length=4)),
                ('methods', models.JSONField(default=list)),
                ('user_agent', models.CharField(blank=True, max_length=400)),
                ('ip', models.GenericIPAddressField(null=True)),
                ('last_ip', models.GenericIPAddressField(null=True)),
                ('created_at', models.DateTimeField()),
                ('last_seen_at', models.DateTimeField()),
                ('refreshed_at', models.DateTimeField(null=True)),
                ('generation', models.PositiveIntegerField(default=0)),
                ('ended_at', models.DateTimeField(null=True)),
                ('end_reason', models.CharField(blank=True, choices=[('SIGNED_OUT', 'Signed out'), ('ENDED', 'Ended from another device'), ('PASSWORD_CHANGED', 'Password changed'), ('FACTOR_CHANGED', 'Second factor changed'), ('TOKEN_REUSED', 'A refresh token was used twice'), ('REPORTED', 'Reported by its owner'), ('FROZEN', 'Account frozen'), ('CLOSED', 'Account closed'), ('STAFF', 'Ended by staff'), ('EXPIRED', 'Expired')], max_length=20)),
                ('user', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='sign_ins', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'session',
                'verbose_name_plural': 'sessions',
            },
        ),
        migrations.CreateModel(
            name='RefreshToken',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('generation', models.PositiveIntegerField()),
                ('digest', models.CharField(max_length=64, unique=True)),
                ('issued_at', models.DateTimeField()),
                ('replaced_at', models.DateTimeField(null=True)),
                ('session', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='refresh_tokens', to='accounts.session')),
            ],
            options={
                'verbose_name': 'refresh token',
                'verbose_name_plural': 'refresh tokens',
            },
        ),
        migrations.CreateModel(
            name='BrowserSession',
            fields=[
                ('session_key', models.CharField(max_length=40, primary_key=True, serialize=False, verbose_name='session key')),
                ('session_data', models.TextField(verbose_name='session data')),
                ('expire_date', models.DateTimeField(db_index=True, verbose_name='expire date')),
                ('sign_in', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='browsers', to='accounts.session')),
            ],
            options={
                'verbose_name': 'session',
                'verbose_name_plural': 'sessions',
                'db_table': 'accounts_browsersession',
                'abstract': False,
            },
        ),
        migrations.AddIndex(
            model_name='session',
            index=models.Index(fields=['user', '-id'], name='session_of_user'),
        ),
        migrations.AddIndex(
            model_name='session',
            index=models.Index(condition=models.Q(('ended_at__isnull', False)), fields=['ended_at'], name='session_ended'),
        ),
        migrations.AddConstraint(
            model_name='session',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('end_reason', ''), ('ended_at', None)), models.Q(('ended_at__isnull', False), models.Q(('end_reason', ''), _negated=True)), _connector='OR'), name='session_end_has_reason'),
        ),
        migrations.AddConstraint(
            model_name='refreshtoken',
            constraint=models.UniqueConstraint(fields=('session', 'generation'), name='refresh_token_generation'),
        ),
        Protect(
            "accounts_session",
            policies=[Policy("own", "SELECT", using="user_id = (select auth.uid())")],
            authenticated="SELECT",
        ),
        ServiceOnly("accounts_refreshtoken"),
        ServiceOnly("accounts_signingkey"),
        ServiceOnly("socialaccount_socialaccount"),
        ServiceOnly("socialaccount_socialapp"),
        ServiceOnly("socialaccount_socialtoken"),
        # Django's session is read before anyone is known, so by the login role itself; no customer's role reaches it.
        ServiceOnly("accounts_browsersession"),
        migrations.RunSQL(
            f"""
            GRANT SELECT, INSERT, UPDATE, DELETE ON accounts_browsersession TO "{LOGIN}";
            CREATE POLICY "before sign-in" ON accounts_browsersession TO "{LOGIN}" USING (true) WITH CHECK (true);
            """,
            f"""
            DROP POLICY "before sign-in" ON accounts_browsersession;
            REVOKE ALL ON accounts_browsersession FROM "{LOGIN}";
            """,
        ),
    ]
