-- What happened in the books is told by whoever follows them, so that a posting stays one round trip and pays for
-- nothing but itself. Reverse: see the migration.

-- Leaves a notice to sender and recipient of every transfer, and to whoever got a bonus, that has committed since the last
-- call, and tells each owner of an account that moved; about `p_limit` transactions at once. Returns how many transactions
-- it passed. A transfer is told by its notice, any other movement by itself (and a bonus by both). As a change of a row a
-- transaction is told only where somebody listens to such now; whoever was told that they do is found here, since their
-- subscription had been written. While another process is at it, it returns nothing. However large the books are, and
-- whatever the planner knows of them, it looks things up by index.
create or replace function wallet.announce(p_limit integer) returns bigint
language plpgsql set search_path = '' set timezone = 'UTC'
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
declare
    v_seen pg_snapshot;
    v_cap xid8;
    v_running xid8[];
    v_many bigint;
begin
    select f.snapshot into v_seen from public.wallet_follower f where f.name = 'notices' for update skip locked;
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
    -- Told one by one as they are written, notices would cost five times what they do: below they are told of together.
    perform set_config('realtime.told_in_bulk', 'accounts_notification', true);
    v_running := array(select pg_snapshot_xip(v_seen));
    with new as (
        select t.* from public.wallet_transaction t
        where t.xid >= pg_snapshot_xmax(v_seen) and (v_cap is null or t.xid < v_cap)
        union all
        select t.* from public.wallet_transaction t where t.xid = any (v_running)
    ), moved as materialized (
        select t.id, t.posting_id, t.kind, t.amount, t.currency, t.description, t.recorded_at, t.xid,
            t.debit_account_id, t.credit_account_id, d.owner_id as debit_owner, c.owner_id as credit_owner
        from new t
        join public.wallet_account d on d.id = t.debit_account_id
        join public.wallet_account c on c.id = t.credit_account_id
    ), notice as materialized (
        -- One row of the books is two notices. Each names the other person; neither tells a balance.
        select uuidv7() as id, side.me, side.event, m.recorded_at, m.xid, m.id as transaction_id,
            jsonb_build_object('transaction', m.id, 'amount', m.amount, 'currency', m.currency,
                'note', m.description, 'name', coalesce(p.display_name, '')) as data
        from moved m
        cross join lateral (values
            ('transfer.sent', m.debit_owner, m.credit_owner), ('transfer.received', m.credit_owner, m.debit_owner)
        ) side (event, me, other)
        left join public.accounts_profile p on p.user_id = side.other
        where m.kind = 'TRANSFER' and side.me is not null
        union all
        select uuidv7(), m.credit_owner, 'referral.paid', m.recorded_at, m.xid, m.id,
            jsonb_build_object('transaction', m.id, 'amount', m.amount, 'currency', m.currency)
        from moved m where m.kind = 'BONUS' and m.credit_owner is not null
    ), noticed as (
        insert into public.accounts_notification (id, user_id, event, data, created_at)
        select n.id, n.me, n.event, n.data, n.recorded_at from notice n order by n.xid, n.transaction_id
        returning *
    ), told as (
        insert into public.realtime_message (topic, extension, event, payload)
        select 'user:' || n.me, 'event', 'notification.created',
            jsonb_build_object('notification', n.id, 'event', n.event, 'data', n.data)
        from notice n
        union all
        select 'user:' || side.owner, 'event', 'transaction.posted',
            jsonb_build_object('transaction', m.id, 'posting', m.posting_id, 'account', side.account, 'side', side.name,
                'kind', m.kind, 'amount', m.amount, 'currency', m.currency)
        from moved m
        cross join lateral (values
            ('DEBIT', m.debit_account_id, m.debit_owner), ('CREDIT', m.credit_account_id, m.credit_owner)
        ) side (name, account, owner)
        where m.kind <> 'TRANSFER' and side.owner is not null
    ), changed as (
        insert into public.realtime_message (topic, extension, event, payload, owners)
        select '', 'postgres_changes', 'INSERT', realtime.change(d, 'INSERT', to_jsonb(t), null, t.recorded_at), o.owners
        from moved m
        cross join lateral (select array_remove(array[m.debit_owner, m.credit_owner], null) as owners) o
        join public.realtime_declared d on d.schema = 'public' and d.table = 'wallet_transaction'
        join public.wallet_transaction t on t.id = m.id
        where exists (
            select from public.realtime_subscription s
            where s.bindings <> '[]' and (s.user_id = any (o.owners) or s.role = 'service_role'))
        union all
        select '', 'postgres_changes', 'INSERT', realtime.change(d, 'INSERT', to_jsonb(n), null, n.created_at), array[n.user_id]
        from noticed n
        join public.realtime_declared d on d.schema = 'public' and d.table = 'accounts_notification'
        where exists (
            select from public.realtime_subscription s
            where s.bindings <> '[]' and (s.user_id = n.user_id or s.role = 'service_role'))
    ), counted as (
        select count(*) as many from moved
    )
    update public.wallet_follower f set snapshot = realtime.cut(pg_current_snapshot(), v_cap)
    from counted c where f.name = 'notices' returning c.many into v_many;
    perform set_config('realtime.told_in_bulk', '', true);
    return v_many;
end
$$;
revoke all on function wallet.announce(integer) from public;
grant execute on function wallet.announce(integer) to service_role;
