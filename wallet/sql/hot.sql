-- Balances: of hot accounts by checkpoint, of any account now. Reverse: drop.sql.

-- Makes a checkpoint for every hot account that moved since its last; returns how many. For service_role only.
-- The horizon is the oldest transaction still running: every row below it is final and visible, so nothing that
-- commits late is lost and nothing is locked. A checkpoint is true on its own, whoever else folds meanwhile.
create function wallet.fold() returns integer
language plpgsql security definer set search_path = '' as $$
declare
    v_horizon constant xid8 := pg_snapshot_xmin(pg_current_snapshot());
    v_fresh constant boolean := pg_current_xact_id_if_assigned() is null;
    v_made_at constant timestamptz := clock_timestamp();
    v_ceiling constant xid8 := pg_current_xact_id();
    v_made integer;
begin
    perform wallet.require_service();
    if v_horizon < (select max(horizon) from public.wallet_checkpoint) and v_ceiling < (
        select max(horizon) from public.wallet_checkpoint) then
        raise exception using errcode = '55000', message = 'this server counts transactions from below the books',
            hint = 'The books were restored into a new cluster: raise its epoch with pg_resetwal -e before use.';
    end if;
    insert into public.wallet_checkpoint (account_id, horizon, ceiling, balance, entries, made_at)
    select a.id, v_horizon, case when v_fresh then v_ceiling end,
        coalesce(l.balance, 0) + s.change, coalesce(l.entries, 0) + s.entries, v_made_at
    from public.wallet_account a
    left join lateral (
        select c.horizon, c.balance, c.entries from public.wallet_checkpoint c
        where c.account_id = a.id and c.horizon <= v_horizon order by c.horizon desc limit 1
    ) l on true
    cross join lateral (
        select sum(u.change)::bigint as change, count(*) as entries
        from (
            select case a.normal_side when 'DEBIT' then t.amount else -t.amount end as change
            from public.wallet_transaction t
            where t.debit_account_id = a.id and t.debit_version is null
                and t.xid >= coalesce(l.horizon, '0') and t.xid < v_horizon
            union all
            select case a.normal_side when 'CREDIT' then t.amount else -t.amount end
            from public.wallet_transaction t
            where t.credit_account_id = a.id and t.credit_version is null
                and t.xid >= coalesce(l.horizon, '0') and t.xid < v_horizon
        ) u
    ) s
    where a.hot and s.entries > 0
    on conflict (account_id, horizon) do nothing;
    get diagnostics v_made = row_count;
    return v_made;
end
$$;

-- What a hot account gathered from p_from on; p_below and p_recorded bound it when given. Runs as the caller.
create function wallet.hot_change(
    p_account uuid, p_normal_side text, p_from xid8, p_below xid8 default null, p_recorded timestamptz default null
) returns bigint
language sql stable set search_path = ''
return (
    select coalesce(sum(u.change), 0)::bigint
    from (
        select case p_normal_side when 'DEBIT' then t.amount else -t.amount end as change
        from public.wallet_transaction t
        where t.debit_account_id = p_account and t.debit_version is null and t.xid >= p_from
            and (p_below is null or t.xid <= p_below) and (p_recorded is null or t.recorded_at <= p_recorded)
        union all
        select case p_normal_side when 'CREDIT' then t.amount else -t.amount end
        from public.wallet_transaction t
        where t.credit_account_id = p_account and t.credit_version is null and t.xid >= p_from
            and (p_below is null or t.xid <= p_below) and (p_recorded is null or t.recorded_at <= p_recorded)
    ) u
);

-- The balance now, kept or hot; null when the caller may not see the account.
create function wallet.balance_of(p_account uuid) returns bigint
language sql stable set search_path = ''
return (
    select case
        when not a.hot then a.balance
        else coalesce(l.balance, 0) + wallet.hot_change(a.id, a.normal_side, coalesce(l.horizon, '0'::xid8))
    end
    from public.wallet_account a
    left join lateral (
        select c.horizon, c.balance from public.wallet_checkpoint c
        where a.hot and c.account_id = a.id order by c.horizon desc limit 1
    ) l on true
    where a.id = p_account
);
