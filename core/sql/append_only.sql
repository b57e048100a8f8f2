CREATE SCHEMA core;

-- For append-only tables: refuses by name whatever would change or remove what has been written.
CREATE FUNCTION core.append_only() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'ALJ02', MESSAGE = format('%s is append-only', TG_TABLE_NAME),
    HINT = 'Correct it by a new row.';
END $$;
