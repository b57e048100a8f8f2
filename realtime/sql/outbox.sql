-- The outbox: who has read how far, and the order of commits. Run once, by the schema owner. Reverse: drop schema realtime.
--
-- Ids and transaction numbers rise in the order in which transactions began to write, not in the one in which they
-- committed: whoever reads "everything after the last id" passes over a transaction that began early and commits late.
-- So messages are numbered after they are visible. The horizon keeps the snapshot up to which that is done; what the
-- present snapshot sees and that one did not is new, whatever its id, and is numbered in the order of commit times. What it
-- did not show are transactions from its end on, and those that it lists as running: two questions to an index, however
-- long one of them runs. No long transaction holds up the others.

do $$
begin
    if current_setting('track_commit_timestamp') <> 'on' then
        raise exception 'the outbox is read in the order of commits, of which this server keeps no record'
            using hint = 'Set track_commit_timestamp = on in postgresql.conf and start the server again.';
    end if;
end
$$;

create schema realtime;
grant usage on schema realtime to anon, authenticated, service_role;

alter table public.realtime_message
    alter column id set default uuidv7(),
    alter column private set default true,
    add column xid xid8 not null default pg_current_xact_id();
create index realtime_message_xid on public.realtime_message (xid);

-- One row. `position` is the last number given.
create table public.realtime_horizon (
    id boolean primary key default true check (id),
    position bigint not null default 0,
    snapshot pg_snapshot not null
);
insert into public.realtime_horizon (snapshot) values (pg_current_snapshot());

-- The moment a transaction committed. Needs `track_commit_timestamp = on`; what is too old to be known comes first.
create function realtime.committed_at(p_xid xid8) returns timestamptz
language sql stable set search_path = ''
return coalesce(pg_xact_commit_timestamp(p_xid::xid), '-infinity');

-- The snapshot `p_now`, cut off below `p_cap` where one is given: what it shows is what has been read up to there.
create function realtime.cut(p_now pg_snapshot, p_cap xid8) returns pg_snapshot
language sql immutable set search_path = ''
return case when p_cap is null or p_cap >= pg_snapshot_xmax(p_now) then p_now else (
    least(pg_snapshot_xmin(p_now), p_cap) || ':' || p_cap || ':'
    || coalesce((select string_agg(x::text, ',' order by x) from pg_snapshot_xip(p_now) x where x < p_cap), '')
)::pg_snapshot end;

-- The messages at the `p_limit` places behind a position, in order; only events, where `p_events` says so.
-- Each is one probe of an index, also where the planner knows nothing of the tables yet: it would read all of them.
create function realtime.after(p_position bigint, p_limit integer, p_events boolean default false)
returns table (
    "position" bigint, id uuid, topic text, extension text, event text, payload text, binary_payload bytea,
    private boolean, owners uuid[], inserted_at timestamptz
)
language plpgsql stable set search_path = ''
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
begin
    return query
        select p.position, m.id, m.topic::text, m.extension::text, m.event::text, m.payload::text, m.binary_payload,
            m.private, m.owners, m.inserted_at
        from public.realtime_position p join public.realtime_message m on m.id = p.message_id
        where p.position > p_position and p.position <= p_position + p_limit
            and (not p_events or m.extension = 'event')
        order by p.position;
end
$$;

-- Numbers what has committed since the last call, about `p_limit` messages at once, and returns it in that order. Call it
-- in a transaction of its own that has written no message: to itself its own rows look committed. While another
-- dispatcher is at it, it returns nothing.
create function realtime.sequence(p_limit integer)
returns table (
    "position" bigint, id uuid, topic text, extension text, event text, payload text, binary_payload bytea,
    private boolean, owners uuid[], inserted_at timestamptz
)
language plpgsql set search_path = ''
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
declare
    v_from bigint;
    v_seen pg_snapshot;
    v_cap xid8;
    v_running xid8[];
    v_many bigint;
    v_restored boolean;
begin
    -- What is lost with the server before it is on disk is numbered again.
    perform set_config('synchronous_commit', 'off', true);
    select h.position, h.snapshot into v_from, v_seen from public.realtime_horizon h for update skip locked;
    if not found then
        return;
    end if;
    -- Restored into a cluster whose transactions count anew: what is of late and has no number is new.
    v_restored := pg_snapshot_xmin(v_seen) > pg_snapshot_xmax(pg_current_snapshot());
    if v_restored then
        v_seen := '1:1:';
    end if;
    -- The first transaction behind the one that fills the bite: a transaction is numbered whole, however large.
    select n.xid into v_cap from public.realtime_message n
    where n.xid > (
        select m.xid from public.realtime_message m
        where m.xid >= pg_snapshot_xmax(v_seen) order by m.xid offset p_limit - 1 limit 1)
    order by n.xid limit 1;
    v_running := array(select pg_snapshot_xip(v_seen));
    with new as (
        select m.xid, m.id from public.realtime_message m
        where m.xid >= pg_snapshot_xmax(v_seen) and (v_cap is null or m.xid < v_cap)
        union all
        select m.xid, m.id from public.realtime_message m where m.xid = any (v_running)
    ), placed as (
        insert into public.realtime_position ("position", message_id)
        select v_from + row_number() over (order by realtime.committed_at(n.xid), n.xid, n.id), n.id
        from new n
        where not v_restored or (n.id > partitions.floor_of(now() - interval '2 days')
            and not exists (select from public.realtime_position p where p.message_id = n.id))
        returning 1
    ), counted as (
        select count(*) as many from placed
    )
    update public.realtime_horizon h
    set position = h.position + c.many, snapshot = realtime.cut(pg_current_snapshot(), v_cap)
    from counted c
    returning c.many into v_many;
    if v_many > 0 then
        return query select * from realtime.after(v_from, v_many::integer);
    end if;
end
$$;

