import core.ids
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from core.rls import ServiceOnly


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0007_factors'),
        ('allauth_idp_oidc', '0003_client_allow_uri_wildcards'),
    ]

    operations = [
        migrations.CreateModel(
            name='AppGrant',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('scopes', models.JSONField(default=list)),
                ('granted_at', models.DateTimeField()),
                ('last_used_at', models.DateTimeField(null=True)),
                ('revoked_at', models.DateTimeField(null=True)),
                ('client', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='grants', to='allauth_idp_oidc.client')),
                ('user', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='app_grants', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'connected app',
                'verbose_name_plural': 'connected apps',
            },
        ),
        migrations.CreateModel(
            name='SpentAppToken',
            fields=[
                ('digest', models.CharField(max_length=64, primary_key=True, serialize=False)),
                ('spent_at', models.DateTimeField()),
                ('grant', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='spent_tokens', to='accounts.appgrant')),
            ],
            options={
                'verbose_name': 'spent app token',
                'verbose_name_plural': 'spent app tokens',
            },
        ),
        migrations.AddConstraint(
            model_name='appgrant',
            constraint=models.UniqueConstraint(fields=('user', 'client'), name='app_grant_of_user'),
        ),
        migrations.AddIndex(
            model_name='spentapptoken',
            index=models.Index(fields=['grant', 'spent_at'], name='spent_app_token_of_grant'),
        ),
        migrations.AddIndex(
            model_name='appgrant',
            index=models.Index(fields=['client'], name='app_grant_of_client'),
        ),
        ServiceOnly("accounts_appgrant"),
        ServiceOnly("accounts_spentapptoken"),
        ServiceOnly("allauth_idp_oidc_client"),
        ServiceOnly("allauth_idp_oidc_token"),
    ]
