from django.db import migrations


class Migration(migrations.Migration):
    """Old months of the audit trail may be taken out, like those of the books; nothing else hangs on them."""

    dependencies = [
        ("accounts", "0032_by_two_people"),
        ("core", "0003_archives"),
    ]

    operations = [
        migrations.RunSQL(
            "insert into partitions.archivable values ('accounts_auditevent', null, null)",
            "delete from partitions.archivable where parent = 'accounts_auditevent'",
        ),
    ]
