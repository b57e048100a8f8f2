-- Changes of declared tables. Run once, by the schema owner. Reverse: drop the functions and their triggers.
--
-- A table is declared with the column that says whose a row is (realtime/declaring.py). A trigger then writes each of
-- its changes into the outbox, in the transaction that changed it. Who may receive one is settled there, by `owners`:
-- it costs no question for each subscriber.

-- A row as JSON, cut down to what is published of it.
create function realtime.picked(p_record jsonb, p_names text[]) returns jsonb
language sql immutable
return (select jsonb_object_agg(e.key, e.value) from jsonb_each(p_record) e where e.key = any (p_names));

-- The same without the values that take more than 64 bytes.
create function realtime.shortened(p_record jsonb) returns jsonb
language sql immutable
return case when p_record is not null then
    coalesce((select jsonb_object_agg(e.key, e.value) from jsonb_each(p_record) e where octet_length(e.value::text) <= 64), '{}')
end;

-- What subscribers are told of one change: `p_record` and `p_old` are rows as JSON, of which only the published columns
-- are taken. A change of over 1 MB loses its long values. Whoever publishes the rows of a table that has no trigger
-- calls it for many at once, in a session whose time zone is UTC:
--     insert into realtime_message (topic, extension, event, payload, owners)
--     select '', 'postgres_changes', 'INSERT', realtime.change(d, 'INSERT', to_jsonb(t), null, t.at), array[t.owner_id]
--     from t, realtime_declared d where d.schema = 'public' and d.table = 't'
create function realtime.change(
    p_table public.realtime_declared, p_type text, p_record jsonb, p_old jsonb, p_at timestamptz
) returns jsonb
language plpgsql immutable set search_path = '' as $$
declare
    v_record jsonb := realtime.picked(p_record, p_table.names);
    v_old jsonb := realtime.picked(p_old, p_table.names);
    v_change jsonb := jsonb_build_object(
        'schema', p_table.schema, 'table', p_table.table, 'type', p_type, 'columns', p_table.columns, 'errors', null,
        'commit_timestamp', to_char(p_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'));
    v_rows jsonb := case p_type
        when 'INSERT' then jsonb_build_object('record', v_record)
        when 'DELETE' then jsonb_build_object('old_record', v_old)
        else jsonb_build_object('record', v_record, 'old_record', v_old) end;
begin
    if octet_length(v_rows::text) + octet_length(v_change::text) > 1048576 then
        v_rows := jsonb_build_object('errors', jsonb_build_array('Error 413: Payload Too Large')) || case p_type
            when 'INSERT' then jsonb_build_object('record', realtime.shortened(v_record))
            when 'DELETE' then jsonb_build_object('old_record', realtime.shortened(v_old))
            else jsonb_build_object(
                'record', realtime.shortened(v_record), 'old_record', realtime.shortened(v_old)) end;
    end if;
    return v_change || v_rows;
end
$$;

-- Whoever writes many rows at once may name the table in `realtime.told_in_bulk`, for the transaction, and tell of them by
-- realtime.change itself.
--
-- Runs as the owner: whoever changes a row has no right to write its change into the outbox, where it could be forged.
-- As a trigger it is called by nobody. A row that goes to another owner is deleted for the one and inserted for the
-- other, so that neither is told who else has it. An update that touched nothing published is no change.
create function realtime.tell_change() returns trigger
language plpgsql security definer set search_path = '' set timezone = 'UTC' as $$
declare
    v_table public.realtime_declared;
    v_old jsonb := to_jsonb(old);
    v_new jsonb := to_jsonb(new);
    v_was uuid;
    v_is uuid;
begin
    select d.* into strict v_table from public.realtime_declared d
    where d.schema = tg_argv[0] and d.table = tg_argv[1];
    v_was := v_old ->> v_table.owner;
    v_is := v_new ->> v_table.owner;
    if tg_op <> 'UPDATE' then
        insert into public.realtime_message (topic, extension, event, payload, owners)
        values ('', 'postgres_changes', tg_op, realtime.change(v_table, tg_op, v_new, v_old, statement_timestamp()),
            array_remove(array[coalesce(v_is, v_was)], null));
    elsif v_was is distinct from v_is then
        insert into public.realtime_message (topic, extension, event, payload, owners)
        values ('', 'postgres_changes', 'DELETE', realtime.change(v_table, 'DELETE', null, v_old, statement_timestamp()),
            array_remove(array[v_was], null));
        insert into public.realtime_message (topic, extension, event, payload, owners)
        values ('', 'postgres_changes', 'INSERT', realtime.change(v_table, 'INSERT', v_new, null, statement_timestamp()),
            array_remove(array[v_is], null));
    elsif realtime.picked(v_old, v_table.names) is distinct from realtime.picked(v_new, v_table.names) then
        insert into public.realtime_message (topic, extension, event, payload, owners)
        values ('', 'postgres_changes', 'UPDATE', realtime.change(v_table, 'UPDATE', v_new, v_old, statement_timestamp()),
            array_remove(array[v_is], null));
    end if;
    return null;
end
$$;

-- Declares a table of schema public, for migrations. `p_owner` is empty where no column says whose a row is, and whoever
-- publishes its changes does. Published are `p_columns`, or all that `authenticated` may select;
-- `p_key` is the primary key where the catalogue knows none (a view).
create function realtime.declare_table(
    p_table text, p_owner text, p_columns text[], p_key text[], p_trigger boolean
) returns void
language plpgsql set search_path = '' as $$
declare
    v_relation regclass := format('public.%I', p_table);
    v_names text[];
    v_columns jsonb;
    v_key text[];
begin
    if (p_trigger or p_owner <> '') and not exists (select from pg_catalog.pg_attribute a where a.attrelid = v_relation and a.attname = p_owner
            and a.atttypid = 'uuid'::regtype and not a.attisdropped) then
        raise exception 'The owner of % must be a column of type uuid: %', p_table, p_owner;
    end if;
    select array_agg(a.attname::text order by a.attnum),
        jsonb_agg(jsonb_build_object('name', a.attname, 'type', t.typname) order by a.attnum)
    into v_names, v_columns
    from pg_catalog.pg_attribute a join pg_catalog.pg_type t on t.oid = a.atttypid
    where a.attrelid = v_relation and a.attnum > 0 and not a.attisdropped
        and has_column_privilege('authenticated', a.attrelid, a.attnum, 'select')
        and (p_columns is null or a.attname = any (p_columns));
    if v_names is null or not v_names @> coalesce(p_columns, '{}') then
        raise exception 'Of % only columns that authenticated may select are published: %', p_table, p_columns;
    end if;
    v_key := coalesce(p_key, (
        select array_agg(a.attname::text order by array_position(i.indkey::int2[], a.attnum))
        from pg_catalog.pg_index i join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = any (i.indkey)
        where i.indrelid = v_relation and i.indisprimary));
    if v_key is null or not v_names @> v_key then
        raise exception 'The primary key of % must be known and published: %', p_table, v_key;
    end if;
    insert into public.realtime_declared (schema, "table", owner, names, columns, key)
    values ('public', p_table, p_owner, v_names, v_columns, v_key)
    on conflict (schema, "table") do update
    set owner = excluded.owner, names = excluded.names, columns = excluded.columns, key = excluded.key;
    if p_trigger then
        execute format(
            'create or replace trigger tell_change after insert or update or delete on %s for each row '
            'when (current_setting(''realtime.told_in_bulk'', true) is distinct from %L) '
            'execute function realtime.tell_change(''public'', %L)', v_relation, p_table, p_table);
    end if;
end
$$;

create function realtime.withdraw_table(p_table text) returns void
language plpgsql set search_path = '' as $$
begin
    delete from public.realtime_declared d where d.schema = 'public' and d.table = p_table;
    if exists (select from pg_catalog.pg_trigger t
            where t.tgrelid = format('public.%I', p_table)::regclass and t.tgname = 'tell_change') then
        execute format('drop trigger tell_change on public.%I', p_table);
    end if;
end
$$;

revoke all on function
    realtime.picked(jsonb, text[]), realtime.shortened(jsonb),
    realtime.change(public.realtime_declared, text, jsonb, jsonb, timestamptz), realtime.tell_change(),
    realtime.declare_table(text, text, text[], text[], boolean), realtime.withdraw_table(text)
from public;
grant execute on function
    realtime.picked(jsonb, text[]), realtime.shortened(jsonb),
    realtime.change(public.realtime_declared, text, jsonb, jsonb, timestamptz)
to service_role;
