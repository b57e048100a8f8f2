import core.ids
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from core.rls import Policy, Protect, ServiceOnly

MINE = "user_id = (select auth.uid())"


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0020_avatars'),
    ]

    operations = [
        migrations.CreateModel(
            name='NotificationDelivery',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('channel', models.CharField(choices=[('IN_APP', 'In the app'), ('EMAIL', 'E-mail'), ('SMS', 'Text message'), ('PUSH', 'Push')], max_length=6)),
                ('state', models.CharField(choices=[('WAITING', 'Waiting'), ('SENDING', 'Being sent'), ('SENT', 'Sent'), ('FAILED', 'Failed'), ('SKIPPED', 'Not sent')], default='WAITING', max_length=7)),
                ('not_before', models.DateTimeField()),
                ('digest_at', models.DateTimeField(null=True)),
                ('tries', models.PositiveSmallIntegerField(default=0)),
                ('sent_at', models.DateTimeField(null=True)),
                ('error', models.CharField(blank=True, choices=[('unavailable', 'The service that sends did not answer'), ('refused', 'The service that sends refused it'), ('fault', 'It could not be put into words; the error log says more'), ('gave_up', 'Tried as often as we try, to no end'), ('read', 'Read on our pages before its time came'), ('unwanted', 'Switched off before its time came'), ('no_address', 'No address or number any more'), ('closed', 'The account is closed'), ('too_old', 'Too old to be news when it was taken up'), ('not_offered', 'The channel is no longer offered')], max_length=12)),
            ],
            options={
                'verbose_name': 'notification delivery',
                'verbose_name_plural': 'notification deliveries',
                'permissions': [('send_notice_again', 'Can have a notice sent again that failed')],
            },
        ),
        migrations.CreateModel(
            name='NotificationPreference',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(max_length=20)),
                ('channel', models.CharField(choices=[('IN_APP', 'In the app'), ('EMAIL', 'E-mail'), ('SMS', 'Text message'), ('PUSH', 'Push')], max_length=6)),
                ('wanted', models.BooleanField()),
            ],
            options={
                'verbose_name': 'notification preference',
                'verbose_name_plural': 'notification preferences',
            },
        ),
        migrations.CreateModel(
            name='NotificationSettings',
            fields=[
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to=settings.AUTH_USER_MODEL)),
                ('quiet_from', models.TimeField(null=True)),
                ('quiet_until', models.TimeField(null=True)),
                ('zone', models.CharField(default='Africa/Lagos', max_length=64)),
                ('digest', models.CharField(choices=[('OFF', 'Each notice by itself'), ('DAILY', 'One mail a day')], default='OFF', max_length=5)),
                ('digest_hour', models.PositiveSmallIntegerField(default=8)),
            ],
            options={
                'verbose_name': 'notification settings',
                'verbose_name_plural': 'notification settings',
            },
        ),
        migrations.AddField(
            model_name='notification',
            name='muted',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddIndex(
            model_name='notification',
            index=models.Index(condition=models.Q(('muted', False), ('read_at', None)), fields=['user', '-id'], name='notification_unread'),
        ),
        migrations.AddField(
            model_name='notificationdelivery',
            name='notification',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.notification'),
        ),
        migrations.AddField(
            model_name='notificationdelivery',
            name='user',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='notificationpreference',
            name='user',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddConstraint(
            model_name='notificationsettings',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('quiet_from', None), ('quiet_until', None)), models.Q(('quiet_from__isnull', False), ('quiet_until__isnull', False), models.Q(('quiet_from', models.F('quiet_until')), _negated=True)), _connector='OR'), name='notification_settings_quiet_hours'),
        ),
        migrations.AddConstraint(
            model_name='notificationsettings',
            constraint=models.CheckConstraint(condition=models.Q(('digest__in', ['OFF', 'DAILY']), ('digest_hour__lte', 23)), name='notification_settings_digest'),
        ),
        migrations.AddIndex(
            model_name='notificationdelivery',
            index=models.Index(condition=models.Q(('state__in', ['WAITING', 'SENDING'])), fields=['channel', 'not_before'], name='delivery_due'),
        ),
        migrations.AddConstraint(
            model_name='notificationdelivery',
            constraint=models.UniqueConstraint(fields=('notification', 'channel'), name='delivery_once'),
        ),
        migrations.AddConstraint(
            model_name='notificationdelivery',
            constraint=models.CheckConstraint(condition=models.Q(('channel__in', ['EMAIL', 'SMS', 'PUSH'])), name='delivery_channel_outside'),
        ),
        migrations.AddConstraint(
            model_name='notificationdelivery',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('sent_at__isnull', False), ('state', 'SENT')), models.Q(models.Q(('state', 'SENT'), _negated=True), ('sent_at', None)), _connector='OR'), name='delivery_sent_at_a_time'),
        ),
        migrations.AddConstraint(
            model_name='notificationpreference',
            constraint=models.UniqueConstraint(fields=('user', 'kind', 'channel'), name='notification_preference_once'),
        ),
        migrations.AddConstraint(
            model_name='notificationpreference',
            constraint=models.CheckConstraint(condition=models.Q(('channel__in', ['IN_APP', 'EMAIL', 'SMS', 'PUSH'])), name='notification_preference_channel_known'),
        ),
        migrations.AddConstraint(
            model_name='notificationpreference',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('channel__in', ('IN_APP', 'EMAIL')), ('kind__in', ('SECURITY', 'LEGAL')), _negated=True), ('wanted', True), _connector='OR'), name='notification_preference_locked_on'),
        ),
        # A person's choices are written by the service, which says so in the trail.
        Protect("accounts_notificationpreference", policies=[Policy("own", "SELECT", using=MINE)], authenticated="SELECT"),
        Protect("accounts_notificationsettings", policies=[Policy("own", "SELECT", using=MINE)], authenticated="SELECT"),
        ServiceOnly("accounts_notificationdelivery"),
    ]
