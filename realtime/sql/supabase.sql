-- What apps and policies written for Supabase call. Reverse: drop schema realtime.

-- Rows as such an app knows them; the rights are those of the table, asked of whoever looks.
create view realtime.messages with (security_invoker = true) as
    select id, topic, extension, payload, binary_payload, event, private, inserted_at, inserted_at as updated_at
    from public.realtime_message;
grant select, insert on realtime.messages to authenticated, service_role;

-- The topic of the channel that somebody wants to join, while policies are asked.
create function realtime.topic() returns text language sql stable
return nullif(current_setting('realtime.topic', true), '');

-- Sends to everybody on a topic, in the caller's transaction and by the caller's rights.
create function realtime.send(payload jsonb, event text, topic text, private boolean default true) returns void
language sql set search_path = '' as $$
    insert into public.realtime_message (topic, extension, event, payload, private)
    values (topic, 'broadcast', event, coalesce(payload, '{}'), coalesce(private, true))
$$;
create function realtime.send(payload bytea, event text, topic text, private boolean default true) returns void
language sql set search_path = '' as $$
    insert into public.realtime_message (topic, extension, event, binary_payload, private)
    values (topic, 'broadcast', event, payload, coalesce(private, true))
$$;

-- For triggers: sends what a row was and is.
create function realtime.broadcast_changes(
    topic_name text, event_name text, operation text, table_name text, table_schema text, new record, old record,
    level text default 'ROW'
) returns void
language plpgsql set search_path = '' as $$
begin
    if level <> 'ROW' then
        raise exception 'realtime.broadcast_changes works in triggers FOR EACH ROW only';
    end if;
    if operation not in ('INSERT', 'UPDATE', 'DELETE') then
        raise exception 'realtime.broadcast_changes does not know the operation %', operation;
    end if;
    perform realtime.send(
        jsonb_build_object(
            'operation', operation, 'schema', table_schema, 'table', table_name,
            'record', case when operation <> 'DELETE' then to_jsonb(new) end,
            'old_record', case when operation <> 'INSERT' then to_jsonb(old) end),
        event_name, topic_name);
end
$$;

revoke all on all functions in schema realtime from public;
grant execute on function realtime.topic() to anon, authenticated, service_role;
grant execute on function
    realtime.send(jsonb, text, text, boolean), realtime.send(bytea, text, text, boolean),
    realtime.broadcast_changes(text, text, text, text, text, record, record, text)
to authenticated, service_role;
grant execute on function realtime.committed_at(xid8), realtime.cut(pg_snapshot, xid8), realtime.sequence(integer),
    realtime.after(bigint, integer, boolean),
    realtime.drop_old_months()
to service_role;
