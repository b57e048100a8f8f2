from django.db import migrations

# Books made before the ledger shared this function with the trail have triggers that call one of their own.
SHARE = """
DO $$ DECLARE definition text; BEGIN
  FOR definition IN
    SELECT pg_get_triggerdef(oid) FROM pg_trigger
    WHERE tgfoid = to_regprocedure('wallet.refuse_change()') AND NOT tgisinternal AND tgparentid = 0
  LOOP
    EXECUTE replace(replace(definition, 'CREATE TRIGGER', 'CREATE OR REPLACE TRIGGER'),
                    'wallet.refuse_change()', 'core.append_only()');
  END LOOP;
END $$;
DROP FUNCTION IF EXISTS wallet.refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("wallet", "0003_history")]
    operations = [migrations.RunSQL(SHARE, migrations.RunSQL.noop)]
