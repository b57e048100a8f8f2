-- What stands in suspense, one row each, kept by following the books: a hot account's own rows have no index.
-- Reverse: see the migration.

-- Takes in what has been put aside since the last call, and what gave it to somebody: its reversal, a posting that an
-- adjustment ties to it, or the one by which a suspended deposit went to its customer. Passes about p_limit transactions at once and returns how many. One process at a time.
create or replace function wallet.follow_suspense(p_limit integer) returns bigint
language plpgsql set search_path = '' set enable_seqscan = off as $$
declare
    v_seen pg_snapshot;
    v_cap xid8;
    v_many bigint;
begin
    select f.snapshot into v_seen from public.wallet_follower f where f.name = 'suspense' for update skip locked;
    if not found then
        return 0;
    end if;
    if pg_snapshot_xmin(v_seen) > pg_snapshot_xmax(pg_current_snapshot()) then
        raise exception using errcode = '55000', message = 'this server counts transactions from below the books',
            hint = 'The books were restored into a new cluster: raise its epoch with pg_resetwal -e before use.';
    end if;
    select n.xid into v_cap from public.wallet_transaction n
    where n.xid > (
        select t.xid from public.wallet_transaction t
        where t.xid >= pg_snapshot_xmax(v_seen) order by t.xid offset p_limit - 1 limit 1)
    order by n.xid limit 1;
    with new as (
        select t.* from public.wallet_transaction t
        where t.xid >= pg_snapshot_xmax(v_seen) and (v_cap is null or t.xid < v_cap)
        union all
        select t.* from public.wallet_transaction t where t.xid = any (array(select pg_snapshot_xip(v_seen)))
    ), into_suspense as materialized (
        select n.* from new n join public.wallet_account a on a.id = n.credit_account_id where a.kind = 'SUSPENSE'
    ), out_of_suspense as materialized (
        select n.*, coalesce(n.reverses, j.adjusts, d.posting_id) as gives_back
        from new n
        join public.wallet_account a on a.id = n.debit_account_id and a.kind = 'SUSPENSE'
        left join public.wallet_adjustment j on j.posting_id = n.posting_id
        left join public.wallet_suspendeddeposit d on d.resolved_posting_id = n.posting_id
    ), kept as (
        insert into public.wallet_suspenseitem (id, account_id, posting_id, amount, currency, kind, description,
            suspended_at, attributed_by, attributed_at)
        select i.id, i.credit_account_id, i.posting_id, i.amount, i.currency, i.kind, i.description, i.recorded_at,
            o.posting_id, o.recorded_at
        from into_suspense i
        left join lateral (
            select s.posting_id, s.recorded_at from out_of_suspense s where s.gives_back = i.posting_id limit 1
        ) o on true
        -- The reversal of what gave it to somebody puts the old one back instead, below.
        where not exists (select from public.wallet_suspenseitem k where k.attributed_by = i.reverses)
        on conflict do nothing
    ), given as (
        update public.wallet_suspenseitem k set attributed_by = o.posting_id, attributed_at = o.recorded_at
        from out_of_suspense o where k.posting_id = o.gives_back and k.attributed_by is null
    ), put_back as (
        update public.wallet_suspenseitem k set attributed_by = null, attributed_at = null
        from into_suspense i where k.attributed_by = i.reverses
    ), counted as (
        select count(*) as many from new
    )
    update public.wallet_follower f set snapshot = realtime.cut(pg_current_snapshot(), v_cap)
    from counted c where f.name = 'suspense' returning c.many into v_many;
    return v_many;
end
$$;
revoke all on function wallet.follow_suspense(integer) from public;
grant execute on function wallet.follow_suspense(integer) to service_role;
