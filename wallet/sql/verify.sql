-- Proof of the books. Reverse: drop.sql.

-- Returns one row per fault; nothing when the books are right. Reads one snapshot (a single statement), locks nothing.
-- p_archived: months have been taken out, so an account may begin past version 1 and seals may miss rows.
create or replace function wallet.verify(p_archived boolean default false)
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
    ), chain as (
        select s.*, lag(s.version) over w as version_before, lag(s.balance) over w as balance_before
        from signed s where not s.hot
        window w as (partition by s.account order by s.version, s.id)
    ), totals as materialized (
        select account, count(*) as entries, sum(change) as change, max(version) as version from signed group by account
    ), last_entry as (
        select distinct on (account) account, version, balance from signed
        where not hot order by account, version desc
    ), holds as (
        select account_id, sum(amount - committed) as held from public.wallet_hold where state = 'OPEN' group by account_id
    ), sealed as (
        select s.number, s.rows, s.previous, s.head, s.from_xid, s.to_xid,
            lag(s.head) over (order by s.number) as head_before, lag(s.to_xid) over (order by s.number) as to_before,
            lag(s.number) over (order by s.number) as number_before, d.found, d.digests
        from public.wallet_seal s
        cross join lateral (
            select count(*) as found, coalesce(string_agg(t.digest, '' order by t.id), '') as digests
            from public.wallet_transaction t where t.xid >= s.from_xid and t.xid < s.to_xid
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
    select 'version', c.id::text, format('account %s goes from version %s to %s', c.account, coalesce(c.version_before, 0), c.version)
    from chain c
    where c.version <> coalesce(c.version_before, case when p_archived then c.version - 1 else 0 end) + 1
    union all
    select 'running_balance', c.id::text, format('account %s: %s and %s do not give %s at version %s',
        c.account, c.balance_before, c.change, c.balance, c.version)
    from chain c
    where c.balance <> coalesce(c.balance_before, case when p_archived and c.version > 1 then c.balance - c.change else 0 end)
        + c.change
    union all
    select 'account_balance', a.id::text, format('balance %s at version %s, last entry %s at version %s',
        a.balance, a.version, coalesce(l.balance, 0), coalesce(l.version, 0))
    from public.wallet_account a left join last_entry l on l.account = a.id
    where not a.hot and (a.balance, a.version) <> (coalesce(l.balance, 0), coalesce(l.version, 0))
        and not (p_archived and l.account is null)
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
        select hold_id, sum(amount) as amount, sum(amount) filter (where wallet.counts(kind)) as counted
        from public.wallet_transaction where hold_id is not null group by hold_id
    ) p on p.hold_id = h.id
    where (h.committed, h.counted_committed) <> (coalesce(p.amount, 0), coalesce(p.counted, 0)) and not p_archived
    union all
    select 'checkpoint', c.id::text, format('account %s below %s: %s of %s entries, found %s of %s',
        c.account_id, c.horizon, c.balance, c.entries, f.balance, f.entries)
    from public.wallet_checkpoint c
    join (
        select c.id, coalesce(sum(s.change), 0) as balance, count(s.id) as entries
        from (
            select k.*, lag(k.horizon) over (partition by k.account_id order by k.horizon) as horizon_before
            from public.wallet_checkpoint k
        ) c
        left join signed s on s.account = c.account_id and s.xid < c.horizon
            and (c.horizon_before is null or s.xid >= c.horizon_before)
        group by c.id
    ) f on f.id = c.id
    left join lateral (
        select k.balance, k.entries from public.wallet_checkpoint k
        where k.account_id = c.account_id and k.horizon < c.horizon order by k.horizon desc limit 1
    ) b on true
    where (c.balance, c.entries) <> (coalesce(b.balance, 0) + f.balance, coalesce(b.entries, 0) + f.entries)
        and not p_archived
    union all
    select 'seal', s.number::text, format('%s rows sealed, %s found%s', s.rows, s.found,
        case when s.rows = s.found then '; the chain does not hold' else '' end)
    from sealed s
    where s.previous <> coalesce(s.head_before, '')
        or s.number <> coalesce(s.number_before, 0) + 1
        or s.from_xid <> coalesce(s.to_before, '0'::xid8)
        or (not p_archived and (s.rows <> s.found
            or s.head <> wallet.seal_head(s.previous, s.number, s.from_xid, s.to_xid, s.rows, s.digests)))
    union all
    select 'conservation', b.currency_id, format('debit balances %s, credit balances %s', b.debit, b.credit)
    from (
        select a.currency_id,
            coalesce(sum(case when a.hot then t.change else a.balance end) filter (where a.normal_side = 'DEBIT'), 0) as debit,
            coalesce(sum(case when a.hot then t.change else a.balance end) filter (where a.normal_side = 'CREDIT'), 0) as credit
        from public.wallet_account a left join totals t on t.account = a.id
        group by a.currency_id
    ) b
    where b.debit <> b.credit and not p_archived
    union all
    select 'reversal', r.posting_id::text, format('reversed by %s, which is not in the books', r.reversed_by)
    from public.wallet_reversal r
    where not p_archived and not exists (
        select from public.wallet_transaction t where t.id = r.reversed_by and t.reverses = r.posting_id)
    union all
    select 'reversal', t.id::text, format('reverses %s without being its one reversal', t.reverses)
    from public.wallet_transaction t
    where t.reverses is not null and not exists (
        select from public.wallet_reversal r where r.posting_id = t.reverses and r.reversed_by = t.posting_id);
end;
