import core.ids
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from core.rls import ServiceOnly


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0005_organizations'),
    ]

    operations = [
        migrations.CreateModel(
            name='FlowState',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('purpose', models.CharField(max_length=20)),
                ('code_challenge', models.CharField(max_length=128)),
                ('code_challenge_method', models.CharField(choices=[('s256', 'S256'), ('plain', 'plain')], max_length=5)),
                ('auth_code_digest', models.CharField(max_length=64, null=True, unique=True)),
                ('redirect_to', models.TextField(blank=True)),
                ('method', models.CharField(blank=True, max_length=30)),
                ('provider', models.CharField(blank=True, max_length=60)),
                ('created_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField(db_index=True)),
                ('used_at', models.DateTimeField(null=True)),
                ('user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'sign-in under way',
                'verbose_name_plural': 'sign-ins under way',
            },
        ),
        migrations.CreateModel(
            name='OneTimeCode',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('purpose', models.CharField(choices=[('signup', 'Sign-up'), ('magiclink', 'Log in'), ('recovery', 'New password'), ('invite', 'Invitation'), ('email_change_current', 'Change of address, to the old one'), ('email_change_new', 'Change of address, to the new one'), ('reauthentication', 'Confirm it is you')], max_length=20)),
                ('email', models.EmailField(max_length=254)),
                ('code_digest', models.CharField(max_length=64)),
                ('token_digest', models.CharField(max_length=64, unique=True)),
                ('created_at', models.DateTimeField()),
                ('sent_at', models.DateTimeField(null=True)),
                ('expires_at', models.DateTimeField()),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('used_at', models.DateTimeField(null=True)),
                ('redirect_to', models.TextField(blank=True)),
                ('new_email', models.EmailField(blank=True, max_length=254)),
                ('code_challenge', models.CharField(blank=True, max_length=128)),
                ('code_challenge_method', models.CharField(blank=True, max_length=5)),
                ('user', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='codes', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'one-time code',
                'verbose_name_plural': 'one-time codes',
                'indexes': [models.Index(fields=['user', 'purpose'], name='code_of_user'), models.Index(fields=['email', 'sent_at'], name='code_by_address')],
            },
        ),
        ServiceOnly("accounts_onetimecode"),
        ServiceOnly("accounts_flowstate"),
    ]
