-- Months that are old enough leave their table. What a month held is hashed here before anything of it is written elsewhere,
-- so that whoever writes and reads the files can neither leave a row out nor bring another one back. All of it is done by
-- functions that run as the owner: the service orders, and can change no row on the way.

-- Where months lie that were taken out, and where one is put together again. Nobody reads it.
CREATE SCHEMA archived;
GRANT USAGE ON SCHEMA archived TO service_role;

-- Tables whose months may be taken out, with what is to be done before and after by the app that owns each.
CREATE TABLE partitions.archivable (parent text PRIMARY KEY, before_detach text, after_attach text);

CREATE FUNCTION partitions.chain_step(head bytea, row_hash bytea) RETURNS bytea LANGUAGE sql IMMUTABLE
RETURN sha256(head || row_hash);
CREATE AGGREGATE partitions.chain(bytea) (SFUNC = partitions.chain_step, STYPE = bytea, INITCOND = '');

-- How many rows a table has from one moment of its ids to another, and one hash over all of them in the order of their ids,
-- whatever the session's settings. A month in its table is read through that table: its own has no policy for anybody.
CREATE FUNCTION partitions.content_of(
  source regclass, columns jsonb, since timestamptz, until timestamptz, OUT rows bigint, OUT content bytea
) LANGUAGE plpgsql STABLE SET search_path = '' SET timezone = 'UTC' SET datestyle = 'ISO, YMD' SET bytea_output = 'hex'
SET extra_float_digits = 1 SET intervalstyle = 'postgres' AS $$
BEGIN
  EXECUTE format(
    'SELECT count(*), partitions.chain(sha256(convert_to(ROW(%s)::text, ''UTF8'')) ORDER BY id) FROM %s '
    'WHERE id >= $1 AND id < $2',
    (SELECT string_agg(quote_ident(name), ', ' ORDER BY place)
     FROM jsonb_array_elements_text(columns) WITH ORDINALITY c (name, place)), source)
  INTO rows, content USING partitions.floor_of(since), partitions.floor_of(until);
END $$;

CREATE FUNCTION partitions.archive_at(wanted uuid, VARIADIC states text[]) RETURNS public.core_archive
LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE found public.core_archive;
BEGIN
  SELECT * INTO found FROM public.core_archive WHERE id = wanted FOR UPDATE;
  IF found.id IS NULL OR found.state <> ALL (states) THEN
    RAISE EXCEPTION USING ERRCODE = 'ALJ03', MESSAGE = 'archive_not_so_far',
      DETAIL = format('%s is %s', found.partition, coalesce(found.state, 'unknown'));
  END IF;
  RETURN found;
END $$;

-- Takes down what a closed month holds; asked again, it returns the same. A month is closed when no id of it can come any
-- more: the ledger takes ids up to 35 days old and a day ahead.
CREATE FUNCTION partitions.archive_begin(wanted uuid, parent_name text, child_name text) RETURNS SETOF public.core_archive
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
  month record;
  names text[];
BEGIN
  IF parent_name NOT IN (SELECT a.parent FROM partitions.archivable a) THEN
    RAISE EXCEPTION 'table % has no archive', parent_name;
  END IF;
  IF NOT EXISTS (SELECT FROM public.core_archive a WHERE a.partition = child_name) THEN
    SELECT * INTO month FROM partitions.list(parent_name) l WHERE l.name = child_name;
    IF month.name IS NULL OR month.until + interval '864 hours' > now() THEN
      RAISE EXCEPTION USING ERRCODE = 'ALJ03', MESSAGE = 'archive_too_young', DETAIL = child_name;
    END IF;
    SELECT array_agg(attname::text ORDER BY attnum) INTO names FROM pg_catalog.pg_attribute
    WHERE attrelid = format('public.%I', child_name)::regclass AND attnum > 0 AND NOT attisdropped;
    INSERT INTO public.core_archive (id, parent, partition, since, until, state, columns, rows, content, parts, begun_at)
    SELECT wanted, parent_name, child_name, month.since, month.until, 'BEGUN', to_jsonb(names), c.rows, c.content, '[]', now()
    FROM partitions.content_of(format('public.%I', parent_name)::regclass, to_jsonb(names), month.since, month.until) c;
  END IF;
  RETURN QUERY SELECT * FROM public.core_archive a WHERE a.partition = child_name;
END $$;

-- One more file of it lies there.
CREATE FUNCTION partitions.archive_part(wanted uuid, part jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
  PERFORM partitions.archive_at(wanted, 'BEGUN');
  UPDATE public.core_archive SET parts = parts || part WHERE id = wanted;
END $$;

CREATE FUNCTION partitions.archive_written(wanted uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE found public.core_archive := partitions.archive_at(wanted, 'BEGUN', 'WRITTEN');
BEGIN
  IF found.rows <> (SELECT coalesce(sum((p ->> 'rows')::bigint), 0) FROM jsonb_array_elements(found.parts) p) THEN
    RAISE EXCEPTION USING ERRCODE = 'ALJ03', MESSAGE = 'archive_differs', DETAIL = found.partition;
  END IF;
  UPDATE public.core_archive SET state = 'WRITTEN', written_at = coalesce(written_at, now()) WHERE id = wanted;
END $$;

-- An empty table like the one the month came from, which the service may fill from the files, and read in no way.
CREATE FUNCTION partitions.archive_staging(wanted uuid) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
  found public.core_archive := partitions.archive_at(wanted, 'WRITTEN', 'VERIFIED', 'DETACHED', 'DROPPED', 'RESTORED');
  staging text := format('archived.%I', found.partition || '_read');
BEGIN
  EXECUTE format('DROP TABLE IF EXISTS %s', staging);
  EXECUTE format('CREATE TABLE %s (LIKE public.%I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', staging, found.parent);
  EXECUTE format('GRANT INSERT ON %s TO service_role', staging);
  RETURN staging;
END $$;

-- Refuses a table that does not hold exactly what the month held.
CREATE FUNCTION partitions.archive_equal(found public.core_archive, source regclass) RETURNS void
LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE has record;
BEGIN
  SELECT * INTO has FROM partitions.content_of(source, found.columns, found.since, found.until);
  IF (has.rows, has.content) IS DISTINCT FROM (found.rows, found.content) THEN
    RAISE EXCEPTION USING ERRCODE = 'ALJ03', MESSAGE = 'archive_differs',
      DETAIL = format('%s had %s rows, %s has %s', found.partition, found.rows, source, has.rows);
  END IF;
END $$;

-- The files were read back into the staging table: it must be what the month is.
CREATE FUNCTION partitions.archive_verified(wanted uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
  found public.core_archive := partitions.archive_at(wanted, 'WRITTEN', 'VERIFIED', 'DETACHED', 'DROPPED', 'RESTORED');
  staging text := format('archived.%I', found.partition || '_read');
BEGIN
  EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', staging);
  PERFORM partitions.archive_equal(found, staging::regclass);
  EXECUTE format('DROP TABLE %s', staging);
  UPDATE public.core_archive SET verified_at = now(), state = CASE state WHEN 'WRITTEN' THEN 'VERIFIED' ELSE state END
  WHERE id = wanted;
END $$;

-- Takes the month out of its table, still in the database. Waits two seconds for the table at most, since whoever comes
-- after a waiting one waits too.
CREATE FUNCTION partitions.archive_detach(wanted uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
  found public.core_archive := partitions.archive_at(wanted, 'VERIFIED', 'RESTORED');
  child text := format('public.%I', found.partition);
  rule partitions.archivable;
BEGIN
  SELECT * INTO rule FROM partitions.archivable WHERE parent = found.parent;
  EXECUTE format('LOCK TABLE ONLY %s IN SHARE MODE', child);
  PERFORM partitions.archive_equal(found, format('public.%I', found.parent)::regclass);
  IF rule.before_detach IS NOT NULL THEN
    EXECUTE format('SELECT %s($1)', rule.before_detach) USING found.id;
  END IF;
  PERFORM set_config('lock_timeout', '2s', true);
  EXECUTE format('ALTER TABLE public.%I DETACH PARTITION %s', found.parent, child);
  EXECUTE format('ALTER TABLE %s SET SCHEMA archived', child);
  EXECUTE format('ALTER TABLE archived.%I NO FORCE ROW LEVEL SECURITY', found.partition);
  UPDATE public.core_archive SET state = 'DETACHED', detached_at = now() WHERE id = wanted;
END $$;

-- The month is in the files alone from now on.
CREATE FUNCTION partitions.archive_drop(wanted uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE found public.core_archive := partitions.archive_at(wanted, 'DETACHED');
BEGIN
  EXECUTE format('DROP TABLE archived.%I', found.partition);
  UPDATE public.core_archive SET state = 'DROPPED', dropped_at = now() WHERE id = wanted;
END $$;

-- Puts a month back into its table: the one that was taken out, or the staging table filled from the files.
CREATE FUNCTION partitions.archive_attach(wanted uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
  found public.core_archive := partitions.archive_at(wanted, 'DETACHED', 'DROPPED');
  source text := format('archived.%I', found.partition || CASE found.state WHEN 'DROPPED' THEN '_read' ELSE '' END);
  rule partitions.archivable;
BEGIN
  SELECT * INTO rule FROM partitions.archivable WHERE parent = found.parent;
  EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', source);
  EXECUTE format('REVOKE ALL ON %s FROM service_role', source);
  PERFORM partitions.archive_equal(found, source::regclass);
  IF found.state = 'DROPPED' THEN
    EXECUTE format('ALTER TABLE %s RENAME TO %I', source, found.partition);
  END IF;
  EXECUTE format('ALTER TABLE archived.%I SET SCHEMA public', found.partition);
  PERFORM set_config('lock_timeout', '2s', true);
  EXECUTE format('ALTER TABLE public.%I ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)', found.parent,
    found.partition, partitions.floor_of(found.since), partitions.floor_of(found.until));
  -- What was made with its table has its triggers per statement still.
  IF found.state = 'DETACHED' THEN
    EXECUTE format('ALTER TABLE public.%I FORCE ROW LEVEL SECURITY', found.partition);
  ELSE
    PERFORM partitions.prepare(format('public.%I', found.parent)::regclass, format('public.%I', found.partition)::regclass);
  END IF;
  IF rule.after_attach IS NOT NULL THEN
    EXECUTE format('SELECT %s($1)', rule.after_attach) USING found.id;
  END IF;
  UPDATE public.core_archive SET state = 'RESTORED', restored_at = now(), detached_at = NULL, dropped_at = NULL
  WHERE id = wanted;
END $$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA partitions FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
  partitions.floor_of(timestamptz), partitions.tables(), partitions.list(text)
TO PUBLIC;
GRANT EXECUTE ON FUNCTION
  partitions.ensure(text, timestamptz, integer), partitions.archive_begin(uuid, text, text),
  partitions.archive_part(uuid, jsonb), partitions.archive_written(uuid), partitions.archive_staging(uuid),
  partitions.archive_verified(uuid), partitions.archive_detach(uuid), partitions.archive_drop(uuid),
  partitions.archive_attach(uuid)
TO service_role;
