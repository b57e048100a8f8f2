-- Monthly partitions on a UUIDv7 key. The functions run as the owner, so that a task without the right to create
-- tables can still keep partitions ahead, and can do nothing else.
CREATE SCHEMA partitions;
GRANT USAGE ON SCHEMA partitions TO service_role;

-- The lowest UUIDv7 of a moment: its milliseconds, then zeros.
CREATE FUNCTION partitions.floor_of(moment timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = '' AS $$
  SELECT (lpad(to_hex(floor(extract(epoch FROM moment) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
$$;

CREATE FUNCTION partitions.tables() RETURNS TABLE (name text) LANGUAGE sql STABLE SET search_path = '' AS $$
  SELECT c.relname::text
  FROM pg_catalog.pg_partitioned_table p
  JOIN pg_catalog.pg_class c ON c.oid = p.partrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = 'public' ORDER BY 1
$$;

-- What a partition does not inherit: triggers per statement, and settings. Nobody is granted a partition by itself.
CREATE FUNCTION partitions.prepare(parent regclass, child regclass) RETURNS void LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE definition text;
BEGIN
  EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', child);
  EXECUTE format('ALTER TABLE %s SET (autovacuum_vacuum_insert_scale_factor = 0.05, '
                 'autovacuum_analyze_scale_factor = 0.02)', child);
  FOR definition IN
    SELECT replace(pg_get_triggerdef(oid), ' ON ' || parent::text || ' ', ' ON ' || child::text || ' ')
    FROM pg_catalog.pg_trigger WHERE tgrelid = parent AND NOT tgisinternal AND (tgtype & 1) = 0
  LOOP
    EXECUTE definition;
  END LOOP;
END $$;

-- Makes the partitions that are missing from two months before `at` (ids may be 35 days old) to `months` after it; says how many it made.
CREATE FUNCTION partitions.ensure(parent text, at timestamptz, months integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
  month timestamptz;
  child text;
  made integer := 0;
BEGIN
  IF parent NOT IN (SELECT name FROM partitions.tables()) THEN
    RAISE EXCEPTION 'table % is not partitioned by month', parent;
  END IF;
  IF months NOT BETWEEN 0 AND 120 THEN
    RAISE EXCEPTION 'months must be from 0 to 120';
  END IF;
  PERFORM pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtext('partitions.ensure'));
  FOR step IN -2 .. months LOOP
    month := (date_trunc('month', at AT TIME ZONE 'UTC') + make_interval(months => step)) AT TIME ZONE 'UTC';
    child := format('%s_%s', parent, to_char(month AT TIME ZONE 'UTC', '"y"YYYY"m"MM'));
    IF to_regclass(format('public.%I', child)) IS NULL THEN
      EXECUTE format(
        'CREATE TABLE public.%I PARTITION OF public.%I FOR VALUES FROM (%L) TO (%L)',
        child, parent, partitions.floor_of(month),
        partitions.floor_of((month AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC'));
      PERFORM partitions.prepare(format('public.%I', parent)::regclass, format('public.%I', child)::regclass);
      made := made + 1;
    END IF;
  END LOOP;
  RETURN made;
END $$;

CREATE FUNCTION partitions.list(parent text)
RETURNS TABLE (name text, since timestamptz, until timestamptz, rows bigint)
LANGUAGE sql STABLE SET search_path = '' AS $$
  WITH child AS (
    SELECT c.relname::text AS name, greatest(c.reltuples, 0)::bigint AS rows,
           to_timestamp(substring(c.relname FROM 'y(\d{4}m\d{2})$'), 'YYYY"m"MM')::timestamp AT TIME ZONE 'UTC' AS since
    FROM pg_catalog.pg_inherits i
    JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
    JOIN pg_catalog.pg_class p ON p.oid = i.inhparent
    JOIN pg_catalog.pg_namespace n ON n.oid = p.relnamespace AND n.nspname = 'public'
    WHERE p.relname = parent
  )
  SELECT name, since, (since AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC', rows FROM child ORDER BY since
$$;

REVOKE ALL ON FUNCTION partitions.ensure(text, timestamptz, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION partitions.ensure(text, timestamptz, integer) TO service_role;
