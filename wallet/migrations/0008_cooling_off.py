from datetime import date

import django.db.models.deletion
from django.db import migrations, models

from core.rls import Policy, Protect

# A rule is only ever followed by one of a later day.
APPEND_ONLY = """
create trigger append_only before update or delete on wallet_coolingoffrule
    for each row execute function core.append_only();
create trigger no_truncate before truncate on wallet_coolingoffrule
    for each statement execute function core.append_only();
"""


def seed(apps, schema_editor):
    rules = apps.get_model("wallet", "CoolingOffRule").objects.using(schema_editor.connection.alias)
    rules.create(
        currency_id="NGN", from_date=date(2026, 1, 1), amount=20_000_00, source="The operator's own rule against takeovers"
    )


class Migration(migrations.Migration):

    dependencies = [
        ('wallet', '0007_limits'),
    ]

    operations = [
        migrations.CreateModel(
            name='CoolingOffRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('from_date', models.DateField()),
                ('amount', models.BigIntegerField()),
                ('source', models.CharField(max_length=500)),
                ('currency', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to='wallet.currency')),
            ],
            options={
                'verbose_name': 'cooling-off rule',
                'verbose_name_plural': 'cooling-off rules',
                'constraints': [models.UniqueConstraint(fields=('currency', 'from_date'), name='cooling_off_rule_once'), models.CheckConstraint(condition=models.Q(('amount__range', (0, 1000000000000000000))), name='cooling_off_rule_amount')],
            },
        ),
        Protect(
            "wallet_coolingoffrule",
            policies=[Policy("all", "SELECT", using="true")],
            authenticated="SELECT",
            service="SELECT, INSERT",
        ),
        migrations.RunPython(seed, migrations.RunPython.noop),
        migrations.RunSQL(APPEND_ONLY, migrations.RunSQL.noop),
    ]
