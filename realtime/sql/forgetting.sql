-- The outbox forgets: whole months of messages, and the places of what everybody has had. Reverse: drop schema realtime.

-- Drops the months of messages that ended before the two that `partitions.ensure` keeps; says how many. Runs as the owner,
-- so that a task without the right to drop tables can do this and nothing else.
create function realtime.drop_old_months() returns integer
language plpgsql security definer set search_path = '' as $$
declare
    v_name text;
    v_dropped integer := 0;
begin
    for v_name in
        select p.name from partitions.list('realtime_message') p
        where p.until <= (date_trunc('month', now() at time zone 'UTC') - interval '2 months') at time zone 'UTC'
    loop
        execute format('drop table public.%I', v_name);
        v_dropped := v_dropped + 1;
    end loop;
    return v_dropped;
end
$$;
