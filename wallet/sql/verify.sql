-- Proof of the books. Reverse: drop.sql.

-- Returns one row per fault; nothing when the books are right. Reads one snapshot (a single statement), locks nothing.
-- For months that were taken out stands what was kept of them (archived.sql): runs of versions, what hot accounts gathered,
-- what of holds was posted, the digests of seals that are out in part.
create or replace function wallet.verify()
returns table (check_name text, row_id text, detail text)
language sql stable security definer set search_path = '' set work_mem = '128MB'
begin atomic
    with entry as materialized (
        select t.id, s.account, s.change, s.version, s.balance, t.currency, t.xid, a.id as known, a.hot,
            a.currency_id, s.side
        from public.wallet_transaction t
        cross join lateral (values
            ('DEBIT', t.debit_account_id, t.debit_version, t.debit_balance, t.amount),
            ('CREDIT', t.credit_account_id, t.credit_version, t.credit_balance, t.amount)
        ) s (side, account, version, balance, change)
        left join public.wallet_account a on a.id = s.account
    ), signed as materialized (
        select e.id, e.account, e.version, e.balance, e.xid, a.hot,
            case when e.side = a.normal_side then e.change else -e.change end as change
        from entry e join public.wallet_account a on a.id = e.account
    ), step as (
        select s.id::text, s.account, s.version, s.version as last_version, s.balance - s.change as opening, s.balance, s.change
        from signed s where not s.hot
        union all
        select 'run ' || r.id, r.account_id, r.first_version, r.last_version, r.opening, r.closing, r.money_in - r.money_out
        from public.wallet_archivedrun r
    ), chain as materialized (
        select s.*, lag(s.last_version) over w as version_before, lag(s.balance) over w as balance_before
        from step s
        window w as (partition by s.account order by s.version, s.id)
    ), folded as (
        select c.*, lag(c.balance, 1, 0::bigint) over w as balance_before, lag(c.entries, 1, 0::bigint) over w as entries_before,
            sum(c.change) over w as all_change, sum(c.changes) over w as all_changes
        from (
            select c.id, c.account_id, c.horizon, c.balance, c.entries, coalesce(sum(s.change), 0) as change,
                count(s.id) as changes
            from (
                select k.*, lag(k.horizon) over (partition by k.account_id order by k.horizon) as horizon_before
                from public.wallet_checkpoint k
            ) c
            left join signed s on s.account = c.account_id and s.xid < c.horizon
                and (c.horizon_before is null or s.xid >= c.horizon_before)
            group by c.id, c.account_id, c.horizon, c.balance, c.entries
        ) c
        window w as (partition by c.account_id order by c.horizon)
    ), taken_out as materialized (
        select account_id, sum(entries)::bigint as entries, sum(change)::bigint as change, max(newest) as newest
        from public.wallet_archivedhot group by account_id
    ), totals as materialized (
        select account, count(*) as entries, sum(change) as change, max(version) as version from signed group by account
    ), last_entry as (
        select distinct on (account) account, last_version as version, balance from chain
        order by account, last_version desc
    ), holds as (
        select account_id, sum(amount - committed) as held from public.wallet_hold where state = 'OPEN' group by account_id
    ), sealed as (
        select s.number, s.rows, s.previous, s.head, s.from_xid, s.to_xid,
            lag(s.head) over (order by s.number) as head_before, lag(s.to_xid) over (order by s.number) as to_before,
            lag(s.number) over (order by s.number) as number_before, d.found, d.away, d.digests
        from public.wallet_seal s
        cross join lateral (
            select coalesce(sum(p.rows), 0) as found, coalesce(bool_or(p.digests is null), false) as away,
                coalesce(string_agg(p.digests, '' order by p.id), '') as digests
            from (
                select t.id, 1 as rows, t.digest as digests
                from public.wallet_transaction t where t.xid >= s.from_xid and t.xid < s.to_xid
                union all
                select k.since, k.rows, k.digests from public.wallet_archivedseal k where k.number = s.number
            ) p
        ) d
    )
    select 'digest'::text, t.id::text, 'the row is not as it was written'::text
    from public.wallet_transaction t
    where t.digest <> wallet.digest_of(t.id, t.posting_id, t.debit_account_id, t.credit_account_id, t.amount, t.currency,
        t.debit_version, t.debit_balance, t.credit_version, t.credit_balance, t.effective_at, t.recorded_at,
        t.hold_id, t.reverses, t.actor_id, t.kind, t.description)
    union all
    select 'account_missing', e.id::text, format('%s account %s does not exist', lower(e.side), e.account)
    from entry e where e.known is null
    union all
    select 'currency', e.id::text, format('%s in account %s of %s', e.currency, e.account, e.currency_id)
    from entry e where e.currency <> e.currency_id
    union all
    select 'side_kept', e.id::text, format('account %s is %s but the entry has version %s', e.account,
        case when e.hot then 'hot' else 'kept' end, coalesce(e.version::text, 'none'))
    from entry e where e.known is not null and e.hot = (e.version is not null)
    union all
    select 'posting', t.id::text, format('not a transaction of posting %s', t.posting_id)
    from public.wallet_transaction t
    where left(t.id::text, 34) <> left(t.posting_id::text, 34) or right(t.posting_id::text, 2) <> '00'
    union all
    select 'version', c.id, format('account %s goes from version %s to %s', c.account, coalesce(c.version_before, 0), c.version)
    from chain c
    where c.version <> coalesce(c.version_before, 0) + 1
    union all
    select 'running_balance', c.id, format('account %s: %s and %s do not give %s at version %s',
        c.account, c.balance_before, c.change, c.balance, c.version)
    from chain c
    where c.balance <> coalesce(c.balance_before, 0) + c.change
    union all
    select 'account_balance', a.id::text, format('balance %s at version %s, last entry %s at version %s',
        a.balance, a.version, coalesce(l.balance, 0), coalesce(l.version, 0))
    from public.wallet_account a left join last_entry l on l.account = a.id
    where not a.hot and (a.balance, a.version) <> (coalesce(l.balance, 0), coalesce(l.version, 0))
    union all
    select 'floor', a.id::text, format('balance %s, held %s, floor %s', a.balance, a.held, a.floor)
    from public.wallet_account a where a.balance::numeric - a.held < a.floor or (a.hot and (a.balance, a.version) <> (0, 0))
    union all
    select 'held', a.id::text, format('held %s, open holds %s', a.held, coalesce(h.held, 0))
    from public.wallet_account a left join holds h on h.account_id = a.id
    where a.held <> coalesce(h.held, 0)
    union all
    select 'counter', a.id::text, format('counted as sent %s and received %s today, by the books %s and %s',
        a.sent, a.received, u.sent, u.received)
    from public.wallet_account a join wallet.used() u on u.account = a.id
    where a.counted_until > clock_timestamp() and (a.sent, a.received) <> (u.sent, u.received)
    union all
    select 'hold_committed', h.id::text, format('committed %s, of which %s counts; posted %s and %s',
        h.committed, h.counted_committed, coalesce(p.amount, 0), coalesce(p.counted, 0))
    from public.wallet_hold h
    left join (
        select hold_id, sum(amount) as amount, sum(counted) as counted
        from (
            select hold_id, amount, case when wallet.counts(kind) then amount end as counted
            from public.wallet_transaction where hold_id is not null
            union all
            select hold_id, amount, counted from public.wallet_archivedhold
        ) t
        group by hold_id
    ) p on p.hold_id = h.id
    where (h.committed, h.counted_committed) <> (coalesce(p.amount, 0), coalesce(p.counted, 0))
    union all
    select 'checkpoint', c.id::text, format('account %s below %s: %s of %s entries, found %s of %s',
        c.account_id, c.horizon, c.balance, c.entries, c.change, c.changes)
    from folded c
    left join taken_out o on o.account_id = c.account_id
    where case when o.account_id is null
            then (c.balance, c.entries) <> (c.balance_before + c.change, c.entries_before + c.changes)
            else (c.balance, c.entries) <> (o.change + c.all_change, o.entries + c.all_changes) end
        -- Those below the newest row that is out were proven when it was taken out.
        and (o.account_id is null or c.horizon > o.newest)
    union all
    select 'seal', s.number::text, format('%s rows sealed, %s found%s', s.rows, s.found,
        case when s.rows = s.found then '; the chain does not hold' else '' end)
    from sealed s
    where s.previous <> coalesce(s.head_before, '')
        or s.number <> coalesce(s.number_before, 0) + 1
        or s.from_xid <> coalesce(s.to_before, '0'::xid8)
        or s.rows <> s.found
        or (not s.away and s.head <> wallet.seal_head(s.previous, s.number, s.from_xid, s.to_xid, s.rows, s.digests))
    union all
    select 'conservation', b.currency_id, format('debit balances %s, credit balances %s', b.debit, b.credit)
    from (
        select a.currency_id,
            coalesce(sum(n.balance) filter (where a.normal_side = 'DEBIT'), 0) as debit,
            coalesce(sum(n.balance) filter (where a.normal_side = 'CREDIT'), 0) as credit
        from public.wallet_account a
        left join totals t on t.account = a.id
        left join taken_out o on o.account_id = a.id
        cross join lateral (
            select case when a.hot then coalesce(t.change, 0) + coalesce(o.change, 0) else a.balance end as balance
        ) n
        group by a.currency_id
    ) b
    where b.debit <> b.credit
    union all
    select 'reversal', r.posting_id::text, format('reversed by %s, which is not in the books', r.reversed_by)
    from public.wallet_reversal r
    where not exists (
        select from public.wallet_transaction t where t.id = r.reversed_by and t.reverses = r.posting_id)
        and not wallet.is_out(r.reversed_by)
    union all
    select 'archive', m.archive_id::text, format('%s rows and %s reversals went out, %s sides and %s reversals are known',
        m.rows, m.reversals, k.sides, k.reversals)
    from public.wallet_archivedmonth m
    cross join lateral (
        select coalesce((select sum(r.last_version - r.first_version + 1) from public.wallet_archivedrun r
                where r.archive_id = m.archive_id), 0)
            + coalesce((select sum(h.entries) from public.wallet_archivedhot h where h.archive_id = m.archive_id), 0) as sides,
            (select count(*) from public.wallet_reversal r
                where r.reversed_by >= m.since and r.reversed_by < m.until) as reversals
    ) k
    where (m.rows * 2, m.reversals) is distinct from (k.sides, k.reversals)
    union all
    select 'archive', c.archive_id::text, format('account %s changed by %s, and by %s in the sums of months', c.account_id,
        c.change, c.summed)
    from (
        select k.archive_id, k.account_id, sum(k.change) as change, sum(k.summed) as summed
        from (
            select r.archive_id, r.account_id, r.money_in - r.money_out as change, 0 as summed from public.wallet_archivedrun r
            union all
            select h.archive_id, h.account_id, h.change, 0 from public.wallet_archivedhot h
            union all
            select s.archive_id, s.account_id, 0, case a.normal_side when 'DEBIT' then s.debits - s.credits
                else s.credits - s.debits end
            from public.wallet_archivedsum s join public.wallet_account a on a.id = s.account_id
        ) k
        group by k.archive_id, k.account_id
    ) c
    where c.change <> c.summed
    union all
    select 'reversal', t.id::text, format('reverses %s without being its one reversal', t.reverses)
    from public.wallet_transaction t
    where t.reverses is not null and not exists (
        select from public.wallet_reversal r where r.posting_id = t.reverses and r.reversed_by = t.posting_id
    ) and not exists (
        select from public.wallet_partreversal p
        where p.posting_id = t.id and p.transaction_id = t.reverses and p.amount = t.amount)
    union all
    select 'part_reversal', p.posting_id::text, format('part of %s: %s after %s of %s, found %s before it and %s posted',
        p.transaction_id, p.amount, p.before, p.whole, p.found_before, coalesce(t.amount, 0))
    from (
        select r.*, coalesce(sum(r.amount) over (
            partition by r.transaction_id order by r.before rows between unbounded preceding and 1 preceding), 0) as found_before
        from public.wallet_partreversal r
    ) p
    left join public.wallet_transaction t on t.id = p.posting_id and t.reverses = p.transaction_id
    left join public.wallet_transaction o on o.id = p.transaction_id
    where p.before <> p.found_before or p.before + p.amount > p.whole
        or t.amount is distinct from p.amount and not wallet.is_out(p.posting_id)
        or o.amount is distinct from p.whole and not wallet.is_out(p.transaction_id)
    union all
    select 'reversal_amount', r.posting_id::text, format('moved %s, taken back %s', m.moved, m.back)
    from public.wallet_reversal r
    cross join lateral (
        select coalesce(sum(t.amount) filter (where t.posting_id = r.posting_id), 0) as moved,
            coalesce(sum(t.amount) filter (where t.posting_id = r.reversed_by), 0) + coalesce((
                select sum(p.amount) from public.wallet_partreversal p
                where p.transaction_id between r.posting_id and wallet.nth(r.posting_id, 255)), 0) as back
        from public.wallet_transaction t
        where t.id between r.posting_id and wallet.nth(r.posting_id, 255)
            or t.id between r.reversed_by and wallet.nth(r.reversed_by, 255)
    ) m
    where m.moved <> m.back and not wallet.is_out(r.posting_id) and not wallet.is_out(r.reversed_by);
end;
