from django.db import migrations, models

from core.rls import Policy, Protect, ServiceOnly

OWN = "user_id = (select auth.uid())"
OF_OWN = "application_id in (select a.id from credit_application a where a.user_id = (select auth.uid()))"


def own(table: str, using: str, service: str) -> Protect:
    return Protect(
        table, policies=[Policy("own", "SELECT", using=using)], authenticated="SELECT", service=service
    )


class Migration(migrations.Migration):
    """A signed contract may be paid out in parts: until when, what is still set aside, what was paid so far."""

    dependencies = [
        ('credit', '0081_loan_modifications'),
    ]

    operations = [
        migrations.AddField(
            model_name='contract',
            name='draw_until',
            field=models.DateField(null=True),
        ),
        migrations.AddField(
            model_name='disbursement',
            name='hold_id',
            field=models.UUIDField(null=True, unique=True),
        ),
        migrations.AlterField(
            model_name='disbursement',
            name='state',
            field=models.CharField(choices=[('DUE', 'To be paid out'), ('OPEN', 'In parts, as it is asked for'), ('PAID', 'Paid out'), ('STOPPED', 'Stopped')], default='DUE', max_length=7),
        ),
        migrations.RemoveConstraint(
            model_name='disbursement',
            name='disbursement_waits_or_ended',
        ),
        migrations.AddConstraint(
            model_name='disbursement',
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(('next_try_at__isnull', False), ('state', 'DUE')),
                    models.Q(('ended_at', None), ('next_try_at', None), ('state', 'OPEN')),
                    models.Q(
                        models.Q(('state__in', ('DUE', 'OPEN')), _negated=True),
                        ('ended_at__isnull', False),
                        ('next_try_at', None),
                    ),
                    _connector='OR',
                ),
                name='disbursement_waits_or_ended',
            ),
        ),
        own(
            "credit_contract",
            OF_OWN,
            "SELECT, INSERT, UPDATE (signed_at, cooling_off_until, draw_until, ended_at, end_reason)",
        ),
        ServiceOnly(
            "credit_disbursement",
            service="SELECT, INSERT, UPDATE (state, hold_id, tries, next_try_at, code, ended_at)",
        ),
        own("credit_loan", OWN, "SELECT, INSERT, UPDATE (amount, replaced_by_id, closed_on)"),
    ]
