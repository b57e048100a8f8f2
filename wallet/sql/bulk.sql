-- Thousands of single-transaction postings in one statement. Reverse: drop.sql.

-- Counts what of a batch counts towards limits, or refuses it by the first posting that is over one. The caller has the locks
-- of p_accounts and has found that postings p_known are there already.
create or replace function wallet.count_many(
    p_ids uuid[], p_kinds text[], p_debits uuid[], p_credits uuid[], p_amounts bigint[], p_accounts uuid[], p_known uuid[],
    p_now timestamptz
) returns void
language plpgsql set search_path = '' as $$
declare
    v_wrong record;
    v_account public.wallet_account;
    v_code text;
begin
    perform wallet.begin_day(p_accounts, p_now);
    perform wallet.release_overdue(a) from public.wallet_account a
    where a.id in (
        select h.account_id from public.wallet_hold h
        where h.state = 'OPEN' and h.expires_at <= p_now and h.account_id = any (p_debits));
    with account as materialized (
        select a.id, a.sent, a.received, a.daily_sending, a.daily_receiving, a.single_amount
        from public.wallet_account a where a.id = any (p_accounts) and a.sent is not null
    ), step as materialized (
        select u.n, u.id, s.side, u.amount, a.id as account, a.single_amount,
            case s.side when 'DEBIT' then a.sent else a.received end + sum(u.amount) over w as used,
            case s.side when 'DEBIT' then a.daily_sending else a.daily_receiving end as most,
            row_number() over (partition by a.id, s.side order by u.n desc) = 1 as last
        from unnest(p_ids, p_kinds, p_debits, p_credits, p_amounts) with ordinality u (id, kind, debit, credit, amount, n)
        cross join lateral (values ('DEBIT', u.debit), ('CREDIT', u.credit)) s (side, account)
        join account a on a.id = s.account
        where wallet.counts(u.kind) and (p_known is null or u.id <> all (p_known))
        window w as (partition by a.id, s.side order by u.n)
    ), wrong as materialized (
        select s.* from step s
        where s.used > coalesce(s.most, 4000000000000000000) or s.side = 'DEBIT' and s.amount > s.single_amount
        order by s.n, s.side desc limit 1
    ), moved as (
        update public.wallet_account a
        set sent = coalesce(s.sent, a.sent), received = coalesce(s.received, a.received)
        from (
            select account, max(used) filter (where side = 'DEBIT')::bigint as sent,
                max(used) filter (where side = 'CREDIT')::bigint as received
            from step where last and not exists (select from wrong) group by account
        ) s
        where a.id = s.account
        returning 1
    )
    select w.* into v_wrong from wrong w;
    if v_wrong.id is not null then
        select * into v_account from public.wallet_account where id = v_wrong.account;
        v_account := wallet.counted(v_account, v_wrong.side,
            (v_wrong.used - v_wrong.amount)::bigint - case v_wrong.side when 'DEBIT' then v_account.sent
                else v_account.received end);
        v_code := wallet.limit_refusal(v_account, v_wrong.side, v_wrong.amount);
        perform wallet.refuse(v_code, jsonb_build_object('posting', v_wrong.id, 'index', v_wrong.n - 1)
            || wallet.limit_facts(v_account, v_code, v_wrong.amount));
    end if;
end
$$;

-- Posts them all, in the order given, or none. Postings that exist with equal content are skipped; a posting that
-- exists with other content, or that may not be made, refuses the whole and is named (`posting`, `index`).
-- Returns how many were posted now. For service_role only.
create or replace function wallet.post_many(
    p_ids uuid[], p_kinds text[], p_debits uuid[], p_credits uuid[], p_amounts bigint[], p_descriptions text[],
    p_effective_at timestamptz default null
) returns bigint
language plpgsql security definer set search_path = '' set random_page_cost = 1
set enable_seqscan = off set enable_mergejoin = off as $$
declare
    v_count constant integer := coalesce(cardinality(p_ids), 0);
    v_actor constant uuid := auth.uid();
    v_accounts uuid[];
    v_known uuid[];
    v_short uuid;
    v_now timestamptz;
    v_wrong record;
    v_result record;
begin
    perform wallet.require_service();
    if v_count = 0 then
        perform wallet.refuse('nothing_to_post', '{}');
    elsif v_count <> cardinality(p_kinds) or v_count <> cardinality(p_debits) or v_count <> cardinality(p_credits)
        or v_count <> cardinality(p_amounts) or v_count <> cardinality(p_descriptions) then
        raise exception using errcode = '22023', message = 'the arrays have one length';
    end if;

    -- The locks stand alone and come first: a lock inside the statement that updates would read rows as they were
    -- before the wait.
    select array_agg(u.id order by u.id) into v_accounts from (select unnest(p_debits) union select unnest(p_credits)) u (id);
    perform 1 from unnest(v_accounts) with ordinality u (id, n)
    join public.wallet_account a on a.id = u.id and not a.hot
    order by u.n for no key update of a;
    v_now := clock_timestamp();

    select array_agg(t.id) into v_known from public.wallet_transaction t where t.id = any (p_ids);
    if v_known is not null then
        select r.n - 1 as n, r.id, case
                when t.debit_account_id <> r.debit then 'debit'
                when t.credit_account_id <> r.credit then 'credit'
                when t.amount <> r.amount then 'amount'
                when t.kind <> r.kind then 'kind'
                when t.description <> coalesce(r.description, '') then 'description'
                when t.effective_at <> p_effective_at then 'effective_at'
                when t.hold_id is not null then 'hold'
                when t.reverses is not null then 'reverses'
                else 'count'
            end as field
        into v_wrong
        from unnest(p_ids, p_kinds, p_debits, p_credits, p_amounts, p_descriptions)
            with ordinality r (id, kind, debit, credit, amount, description, n)
        join public.wallet_transaction t on t.id = r.id
        where (t.debit_account_id, t.credit_account_id, t.amount, t.kind, t.description)
            is distinct from (r.debit, r.credit, r.amount, r.kind, coalesce(r.description, ''))
            or t.effective_at <> p_effective_at or t.hold_id is not null or t.reverses is not null
            or exists (select from public.wallet_transaction u where u.id = wallet.nth(r.id, 1))
        order by r.n limit 1;
        if found then
            perform wallet.refuse('posting_id_reused', jsonb_build_object(
                'posting', v_wrong.id, 'index', v_wrong.n, 'field', v_wrong.field));
        end if;
    end if;

    if p_effective_at is not null and exists (
        select from unnest(p_ids) u (id) where v_known is null or u.id <> all (v_known)
    ) and wallet.period_refusal(p_effective_at) is not null then
        perform wallet.refuse('period_closed', wallet.period_facts(p_effective_at));
    end if;

    with account as materialized (
        select a.id, a.currency_id, a.state, a.owner_state from public.wallet_account a where a.id = any (v_accounts)
    )
    select r.n - 1 as n, r.id, r.amount, r.debit, r.credit, case
            when (r.amount > 0) is not true then 'amount_not_positive'
            when r.debit = r.credit then 'same_account'
            when d.id is null or c.id is null then 'account_not_found'
            when d.currency_id <> c.currency_id then 'currency_mismatch'
            else coalesce(wallet.state_refusal(d.state, 'DEBIT'), wallet.state_refusal(c.state, 'CREDIT'),
                wallet.owner_refusal(d.owner_state, 'DEBIT'), wallet.owner_refusal(c.owner_state, 'CREDIT'),
                wallet.id_refusal(r.id, p_effective_at, v_now), 'posting_id_repeated')
        end as code,
        case when d.id is null or coalesce(
            wallet.state_refusal(d.state, 'DEBIT'), case when wallet.state_refusal(c.state, 'CREDIT') is null
                then wallet.owner_refusal(d.owner_state, 'DEBIT') end) is not null then r.debit else r.credit end as account
    into v_wrong
    from (
        select *, row_number() over (partition by u.id order by u.n) as occurrence
        from unnest(p_ids, p_debits, p_credits, p_amounts) with ordinality u (id, debit, credit, amount, n)
    ) r
    left join account d on d.id = r.debit
    left join account c on c.id = r.credit
    where (v_known is null or r.id <> all (v_known)) and (
        (r.amount > 0) is not true or r.debit = r.credit or r.occurrence > 1 or (d.currency_id = c.currency_id) is not true
        or wallet.state_refusal(d.state, 'DEBIT') is not null or wallet.state_refusal(c.state, 'CREDIT') is not null
        or d.owner_state <> 'ACTIVE' and wallet.owner_refusal(d.owner_state, 'DEBIT') is not null
        or c.owner_state <> 'ACTIVE' and wallet.owner_refusal(c.owner_state, 'CREDIT') is not null
        or wallet.id_refusal(r.id, p_effective_at, v_now) is not null)
    order by r.n limit 1;
    if found then
        perform wallet.refuse(v_wrong.code, jsonb_build_object('posting', v_wrong.id, 'index', v_wrong.n,
            'account', v_wrong.account, 'amount', v_wrong.amount));
    end if;

    if exists (select from (select distinct unnest(p_kinds) as kind) k where wallet.counts(k.kind)) then
        perform wallet.count_many(p_ids, p_kinds, p_debits, p_credits, p_amounts, v_accounts, v_known, v_now);
    end if;
    for attempt in 1 .. 2 loop
        with account as materialized (
            select a.id, a.currency_id, a.normal_side, a.hot, a.balance, a.held, a.floor, a.cap, a.version
            from public.wallet_account a where a.id = any (v_accounts)
        ), input as materialized (
            select u.*, coalesce(u.note, '') as description, d.currency_id as currency, d.hot as d_hot, c.hot as c_hot,
                case d.normal_side when 'DEBIT' then u.amount else -u.amount end as d_change,
                case c.normal_side when 'CREDIT' then u.amount else -u.amount end as c_change
            from unnest(p_ids, p_kinds, p_debits, p_credits, p_amounts, p_descriptions)
                with ordinality u (id, kind, debit, credit, amount, note, n)
            join account d on d.id = u.debit
            join account c on c.id = u.credit
            where v_known is null or u.id <> all (v_known)
        ), step as materialized (
            select e.n, e.side, e.id, a.id as account, a.balance, a.held, a.floor, a.cap, e.change,
                a.version + row_number() over w as version, a.balance + sum(e.change) over w as after,
                row_number() over (partition by a.id order by e.n desc, e.side desc) = 1 as last
            from (
                select n, id, 1 as side, debit as account, d_change as change from input where not d_hot
                union all
                select n, id, 2, credit, c_change from input where not c_hot
            ) e
            join account a on a.id = e.account
            window w as (partition by a.id order by e.n, e.side)
        ), wrong as materialized (
            select s.*, case
                    when s.after not between -9223372036854775808 and 9223372036854775807 then 'amount_too_large'
                    when s.change < 0 and s.after - s.held < s.floor then 'insufficient_funds'
                    else 'balance_cap_exceeded'
                end as code
            from step s
            where s.after not between -9223372036854775808 and 9223372036854775807
                or s.change < 0 and s.after - s.held < s.floor
                or s.change > 0 and s.after > s.cap
            order by s.n, s.side limit 1
        ), written as (
            insert into public.wallet_transaction (
                id, posting_id, debit_account_id, credit_account_id, amount, currency,
                debit_version, debit_balance, credit_version, credit_balance, effective_at, recorded_at,
                actor_id, kind, description, digest)
            select r.id, r.id, r.debit, r.credit, r.amount, r.currency,
                r.debit_version, r.debit_balance, r.credit_version, r.credit_balance, r.effective_at, v_now,
                v_actor, r.kind, r.description,
                wallet.digest_of(r.id, r.id, r.debit, r.credit, r.amount, r.currency,
                    r.debit_version, r.debit_balance, r.credit_version, r.credit_balance, r.effective_at, v_now,
                    null, null, v_actor, r.kind, r.description)
            from (
                select i.*, d.version as debit_version, d.after::bigint as debit_balance,
                    c.version as credit_version, c.after::bigint as credit_balance,
                    coalesce(p_effective_at, v_now) as effective_at
                from input i
                left join step d on d.n = i.n and d.side = 1
                left join step c on c.n = i.n and c.side = 2
                where not exists (select from wrong)
            ) r
            on conflict (id) do nothing
            returning 1
        ), moved as (
            update public.wallet_account a set balance = s.after::bigint, version = s.version
            from step s
            where s.last and a.id = s.account and a.id = any (v_accounts) and not exists (select from wrong)
            returning 1
        )
        select (select count(*) from input) as asked, (select count(*) from written) as written,
            (select count(*) from moved) as moved, (select to_jsonb(w) from wrong w) as wrong
        into v_result;
        exit when v_result.wrong is null;
        v_short := v_result.wrong ->> 'account';
        if attempt = 1 and v_result.wrong ->> 'code' = 'insufficient_funds' and (
            select count((wallet.release_overdue(a)).id) from public.wallet_account a
            where a.id in (
                select h.account_id from public.wallet_hold h
                where h.state = 'OPEN' and h.expires_at <= clock_timestamp()
                    and (h.account_id = any (p_debits) or h.account_id = any (p_credits)))
        ) > 0 then
            continue;
        end if;
        perform wallet.refuse(v_result.wrong ->> 'code',
            jsonb_build_object('posting', v_result.wrong ->> 'id', 'index', (v_result.wrong ->> 'n')::bigint - 1)
            || wallet.balance_facts(v_short,
                ((v_result.wrong ->> 'after')::numeric - (v_result.wrong ->> 'change')::bigint)::bigint,
                (v_result.wrong ->> 'held')::bigint, (v_result.wrong ->> 'floor')::bigint,
                (v_result.wrong ->> 'cap')::bigint, (v_result.wrong ->> 'change')::bigint));
    end loop;
    if v_result.written <> v_result.asked then
        raise exception using errcode = '40001', message = 'another caller made some of these postings meanwhile: try again';
    end if;
    return v_result.written;
end
$$;
