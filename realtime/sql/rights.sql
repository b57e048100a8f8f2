-- What somebody may do on a private topic, asked of the policies on messages. Reverse: drop function.

-- For the service, which hands in the claims of whoever joins. It puts down a message of each kind that can be sent, then
-- looks as that person whether they see it and whether they may write one like it. Nothing of all this is kept: neither
-- a row nor the role. A policy that fails is told as `error`, and takes nobody else's rights.
create function realtime.rights(p_claims text, p_topic text)
returns table (reads text[], writes text[], error text)
language plpgsql set search_path = '' as $$
declare
    v_probes uuid[];
    v_kind text;
begin
    reads := '{}';
    writes := '{}';
    begin
        with probe as (
            insert into public.realtime_message (topic, extension, event, payload, private)
            select p_topic, kind, 'probe', '{}', true from unnest(array['broadcast', 'presence']) kind
            returning id
        )
        select array_agg(id) into v_probes from probe;
        perform set_config('role', p_claims::jsonb ->> 'role', true), set_config('request.jwt.claims', p_claims, true),
            set_config('realtime.topic', p_topic, true);
        select coalesce(array_agg(m.extension::text), '{}') into reads
        from public.realtime_message m where m.id = any (v_probes);
        foreach v_kind in array array['broadcast', 'presence'] loop
            begin
                insert into public.realtime_message (topic, extension, event, payload, private)
                values (p_topic, v_kind, 'probe', '{}', true);
                writes := writes || v_kind;
            exception when insufficient_privilege then
                null;
            end;
        end loop;
        raise sqlstate 'RT000';
    exception
        when sqlstate 'RT000' then
            null;
        when others then
            reads := '{}';
            writes := '{}';
            error := sqlerrm;
    end;
    return next;
end
$$;
revoke all on function realtime.rights(text, text) from public;
grant execute on function realtime.rights(text, text) to service_role;
