-- Statements: which entries belong to a period, and the proof of those that were made. Run again by a migration.

-- Waits until nothing is on its way on these accounts: what is recorded on them from now on is recorded later than now.
-- The locks are kept until the transaction ends. For service_role only.
create or replace function wallet.hold_still(p_accounts uuid[]) returns void
language plpgsql security definer set search_path = '' as $$
begin
    perform wallet.require_service();
    perform from public.wallet_account where id = any (p_accounts) and not hot order by id for share;
end
$$;

-- One row for each fault of a statement: nothing when all are right. An entry that was taken out into the archive stands
-- in the runs that were kept of it (archives.sql). For service_role only.
create or replace function wallet.verify_statements()
returns table (check_name text, row_id text, detail text)
language sql stable security definer set search_path = '' set work_mem = '128MB'
begin atomic
    with side as (
        select t.debit_account_id as account, t.debit_version as version, t.debit_balance as balance,
            case a.normal_side when 'DEBIT' then t.amount else -t.amount end as change
        from public.wallet_transaction t join public.wallet_account a on a.id = t.debit_account_id
        where t.debit_version is not null
        union all
        select t.credit_account_id, t.credit_version, t.credit_balance,
            case a.normal_side when 'CREDIT' then t.amount else -t.amount end
        from public.wallet_transaction t join public.wallet_account a on a.id = t.credit_account_id
        where t.credit_version is not null
    ), step as (
        select s.account, s.version as first, s.version as last, s.balance - s.change as opening, s.balance as closing,
            greatest(s.change, 0) as money_in, greatest(-s.change, 0) as money_out
        from side s
        where s.account in (select k.account_id from public.wallet_statement k)
        union all
        select r.account_id, r.first_version, r.last_version, r.opening, r.closing, r.money_in, r.money_out
        from public.wallet_archivedrun r
        where r.account_id in (select k.account_id from public.wallet_statement k)
    ), summed as (
        select s.*, sum(s.money_in) over w as so_far_in, sum(s.money_out) over w as so_far_out
        from step s window w as (partition by s.account order by s.first)
    ), found as (
        select k.id, k.opening, k.closing, k.money_in, k.money_out,
            o.opening as had_opening, c.closing as had_closing,
            c.so_far_in - o.so_far_in + o.money_in as had_in, c.so_far_out - o.so_far_out + o.money_out as had_out,
            o.first is not null and c.last is not null as whole
        from public.wallet_statement k
        -- A period that begins or ends inside a run of the archive is proven when its months are fetched, not here.
        left join summed o on o.account = k.account_id and o.first = k.first_version
        left join summed c on c.account = k.account_id and c.last = k.last_version
        where k.state = 'READY' and k.last_version >= k.first_version
    )
    select 'statement'::text, f.id::text, format('says %s + %s - %s = %s, the books %s + %s - %s = %s', f.opening, f.money_in,
        f.money_out, f.closing, f.had_opening, f.had_in, f.had_out, f.had_closing)
    from found f
    where f.whole and (f.opening, f.closing, f.money_in, f.money_out)
        is distinct from (f.had_opening, f.had_closing, f.had_in, f.had_out)
    union all
    select 'statement', f.id::text, 'its entries are not in the books'
    from found f join public.wallet_statement k on k.id = f.id
    where not f.whole and not exists (
        select from public.wallet_archivedrun r where r.account_id = k.account_id
            and (k.first_version between r.first_version and r.last_version
                or k.last_version between r.first_version and r.last_version))
    union all
    -- One month ends where the next begins.
    select 'statement', n.id::text, format('opens with %s at version %s, the month before closed with %s at version %s',
        n.opening, n.first_version, n.closed_with, n.last_before)
    from (
        select k.id, k.opening, k.first_version, lag(k.closing) over w as closed_with, lag(k.last_version) over w as last_before
        from public.wallet_statement k where k.monthly and k.state = 'READY'
        window w as (partition by k.account_id order by k.since)
    ) n
    where n.closed_with is not null
        and (n.opening, n.first_version) is distinct from (n.closed_with, n.last_before + 1);
end;

revoke all on function wallet.hold_still(uuid[]), wallet.verify_statements() from public;
grant execute on function wallet.hold_still(uuid[]), wallet.verify_statements() to service_role;
