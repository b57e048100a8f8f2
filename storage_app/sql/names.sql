-- The functions that policies on files are written with. Reverse: drop schema storage cascade.

create schema storage;
grant usage on schema storage to anon, authenticated, service_role;

-- The folders of a name, outermost first, without the file.
create function storage.foldername(name text) returns text[] language sql immutable strict parallel safe
begin atomic
    select (string_to_array(name, '/'))[1:cardinality(string_to_array(name, '/')) - 1];
end;

create function storage.filename(name text) returns text language sql immutable strict parallel safe
begin atomic
    select split_part(name, '/', -1);
end;

-- What follows the last dot; a name without a dot is its own extension, as imported policies expect.
create function storage.extension(name text) returns text language sql immutable strict parallel safe
begin atomic
    select split_part(split_part(name, '/', -1), '.', -1);
end;

-- The request that policies may ask about.
create function storage.operation() returns text language sql stable parallel safe
begin atomic
    select nullif(current_setting('storage.operation', true), '');
end;
