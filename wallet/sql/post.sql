-- Posting: the one door to money. Reverse: drop.sql.

-- sha256 over every content column, as text with times in microseconds since 1970 so that no setting matters.
-- Only the description, which comes last, may contain the separator.
create or replace function wallet.digest_of(
    p_id uuid, p_posting uuid, p_debit uuid, p_credit uuid, p_amount bigint, p_currency text,
    p_debit_version bigint, p_debit_balance bigint, p_credit_version bigint, p_credit_balance bigint,
    p_effective_at timestamptz, p_recorded_at timestamptz, p_hold uuid, p_reverses uuid, p_actor uuid,
    p_kind text, p_description text
) returns bytea
language sql stable
return sha256(convert_to(concat(
    p_id, '|', p_posting, '|', p_debit, '|', p_credit, '|', p_amount, '|', p_currency, '|',
    p_debit_version, '|', p_debit_balance, '|', p_credit_version, '|', p_credit_balance, '|',
    (extract(epoch from p_effective_at) * 1000000)::bigint, '|',
    (extract(epoch from p_recorded_at) * 1000000)::bigint, '|',
    p_hold, '|', p_reverses, '|', p_actor, '|', p_kind, '|', p_description), 'UTF8'));

create or replace function wallet.refuse(p_code text, p_data jsonb) returns void
language plpgsql set search_path = '' as $$
begin
    raise exception using errcode = 'ALJ01', message = p_code, detail = p_data::text;
end
$$;

-- True when the caller may act on everything; false for a customer; refuses anybody else.
create or replace function wallet.is_service() returns boolean
language plpgsql stable set search_path = '' as $$
declare
    v_role constant text := current_setting('role', true);
begin
    if v_role = 'service_role' then
        return true;
    elsif v_role = 'authenticated' then
        return false;
    elsif pg_has_role(session_user, current_user, 'MEMBER') then
        return true;
    end if;
    raise exception using errcode = '42501', message = 'the ledger takes orders from authenticated and service_role only';
end
$$;

create or replace function wallet.require_service() returns void
language plpgsql stable set search_path = '' as $$
begin
    if not wallet.is_service() then
        raise exception using errcode = '42501', message = 'only service_role may do this';
    end if;
end
$$;

create or replace function wallet.nth(p_posting uuid, p_n integer) returns uuid
language sql immutable
return case p_n when 0 then p_posting else (left(p_posting::text, 34) || lpad(to_hex(p_n), 2, '0'))::uuid end;

-- Why an account may not take part on this side now; null when it may.
create or replace function wallet.state_refusal(p_state text, p_side text) returns text
language sql immutable
return case
    when p_state = 'ACTIVE' then null
    when p_state = 'CLOSED' then 'account_closed'
    when p_state = 'FROZEN' then 'account_frozen'
    when p_state = 'NO_DEBIT' and p_side = 'DEBIT' then 'account_no_debit'
    when p_state = 'NO_CREDIT' and p_side = 'CREDIT' then 'account_no_credit'
end;

-- Why a new posting may not have this id or this time; null when it may. Ids are bounded so that each meets a partition;
-- in hours, since a day of an interval asks the time zone.
create or replace function wallet.id_refusal(p_posting uuid, p_effective_at timestamptz, p_now timestamptz) returns text
language sql stable
return case
    when uuid_extract_version(p_posting) is distinct from 7
        or get_byte(uuid_send(p_posting), 15) <> 0
        or uuid_extract_timestamp(p_posting) not between
            p_now - interval '840 hours' and p_now + interval '24 hours'
        then 'posting_id_out_of_range'
    when p_effective_at > p_now then 'effective_in_future'
end;

-- Why a balance may not move by this much; null when it may.
create or replace function wallet.balance_refusal(
    p_balance bigint, p_held bigint, p_floor bigint, p_cap bigint, p_change bigint
) returns text
language sql immutable
return case
    when p_balance::numeric + p_change > 9223372036854775807
        or p_balance::numeric - p_held + p_change < -9223372036854775808
        then 'amount_too_large'
    when p_change < 0 and p_balance::numeric - p_held + p_change < p_floor then 'insufficient_funds'
    when p_change > 0 and p_balance + p_change > p_cap then 'balance_cap_exceeded'
end;

create or replace function wallet.balance_facts(
    p_account uuid, p_balance bigint, p_held bigint, p_floor bigint, p_cap bigint, p_change bigint
) returns jsonb
language sql immutable
return jsonb_build_object(
    'account', p_account, 'amount', abs(p_change::numeric), 'balance', p_balance, 'held', p_held,
    'available', p_balance::numeric - p_held - p_floor, 'floor', p_floor, 'cap', p_cap);

-- Closes the account's overdue holds. The caller has the account's row lock and has begun its day. Returns the account as it
-- is then: what they held is available again, and what of it counted today is given back.
create or replace function wallet.release_overdue(p_account public.wallet_account) returns public.wallet_account
language plpgsql set search_path = '' as $$
declare
    v_freed bigint;
    v_given_back bigint;
begin
    with closed as (
        update public.wallet_hold set state = 'EXPIRED', closed_at = clock_timestamp()
        where account_id = p_account.id and state = 'OPEN' and expires_at <= clock_timestamp()
        returning amount - committed as rest, counted - counted_committed as unused, created_at
    )
    select coalesce(sum(rest), 0), coalesce(sum(unused) filter (where wallet.in_day(created_at, p_account.counted_until)), 0)
    into v_freed, v_given_back from closed;
    if v_freed > 0 then
        update public.wallet_account
        set held = held - v_freed, sent = sent - least(v_given_back, sent) where id = p_account.id
        returning held into p_account.held;
        p_account.sent := p_account.sent - least(v_given_back, p_account.sent);
    end if;
    return p_account;
end
$$;

-- The first result of a posting that already happened; no rows when it did not.
-- Refuses with posting_id_reused when it happened with other content. The effective time counts only when given.
create or replace function wallet.replay(
    p_posting uuid, p_kinds text[], p_debits uuid[], p_credits uuid[], p_amounts bigint[],
    p_description text, p_effective_at timestamptz, p_hold uuid, p_reverses uuid
) returns setof wallet.posted
language plpgsql set search_path = '' as $$
declare
    v_found integer;
    v_field text;
begin
    select count(*),
        case
            when count(*) <> cardinality(p_debits) then 'count'
            else min(case
                when t.debit_account_id <> p_debits[n.n] then 'debit'
                when t.credit_account_id <> p_credits[n.n] then 'credit'
                when t.amount <> p_amounts[n.n] then 'amount'
                when t.kind <> p_kinds[n.n] then 'kind'
                when t.description <> coalesce(p_description, '') then 'description'
                when t.effective_at <> p_effective_at then 'effective_at'
                when t.hold_id is distinct from p_hold then 'hold'
                when t.reverses is distinct from p_reverses then 'reverses'
            end)
        end
    into v_found, v_field
    from public.wallet_transaction t
    cross join lateral (select get_byte(uuid_send(t.id), 15) + 1 as n) n
    where t.id between p_posting and wallet.nth(p_posting, 255);
    if v_found = 0 then
        return;
    elsif v_field is not null then
        perform wallet.refuse('posting_id_reused', jsonb_build_object('posting', p_posting, 'field', v_field));
    end if;
    return query
        select t.id, t.amount, t.debit_version, t.debit_balance, t.credit_version, t.credit_balance, t.recorded_at, true
        from public.wallet_transaction t
        where t.id between p_posting and wallet.nth(p_posting, 255) order by t.id;
end
$$;

-- Posts 1..256 transactions that stand or fall together; p_origins are those they take back, when they do. Internal: asks
-- nobody who they are.
create or replace function wallet.apply_posting(
    p_posting uuid, p_kinds text[], p_debits uuid[], p_credits uuid[], p_amounts bigint[],
    p_description text, p_effective_at timestamptz, p_hold uuid, p_reverses uuid, p_origins uuid[] default null
) returns setof wallet.posted
language plpgsql set search_path = '' as $$
declare
    v_count constant integer := coalesce(cardinality(p_debits), 0);
    v_accounts public.wallet_account[];
    v_ids uuid[];
    v_debit public.wallet_account;
    v_credit public.wallet_account;
    v_account public.wallet_account;
    v_change bigint;
    v_code text;
    v_data jsonb := jsonb_build_object('posting', p_posting);
    v_at integer;
    v_debit_versions bigint[] := '{}';
    v_debit_balances bigint[] := '{}';
    v_credit_versions bigint[] := '{}';
    v_credit_balances bigint[] := '{}';
    v_currencies text[] := '{}';
    v_now timestamptz;
    v_inserted integer;
    v_counted bigint;
    v_day_is_over boolean;
    v_sides constant text[] := '{DEBIT,CREDIT}';
begin
    if v_count = 0 then
        perform wallet.refuse('nothing_to_post', v_data);
    elsif v_count > 256 or v_count <> cardinality(p_kinds) or v_count <> cardinality(p_credits)
        or v_count <> cardinality(p_amounts) then
        raise exception using errcode = '22023', message = 'a posting has 1 to 256 transactions and arrays of one length';
    end if;
    for n in 1 .. v_count loop
        if (p_amounts[n] > 0) is not true then
            perform wallet.refuse('amount_not_positive', v_data || jsonb_build_object('amount', p_amounts[n], 'index', n - 1));
        elsif p_debits[n] = p_credits[n] then
            perform wallet.refuse('same_account', v_data || jsonb_build_object('account', p_debits[n], 'index', n - 1));
        end if;
    end loop;

    perform 1 from public.wallet_account where id = any (p_debits || p_credits) and not hot
        order by id for no key update;
    v_now := clock_timestamp();
    for attempt in 1 .. 2 loop
        select array_agg(a order by a.id), array_agg(a.id order by a.id), bool_or(a.counted_until <= v_now)
        into v_accounts, v_ids, v_day_is_over
        from public.wallet_account a where a.id = any (p_debits || p_credits);
        exit when v_day_is_over is not true;
        perform wallet.begin_day(v_ids, v_now);
    end loop;
    v_code := wallet.id_refusal(p_posting, p_effective_at, v_now);
    if v_code is null and p_effective_at is not null then
        v_code := wallet.period_refusal(p_effective_at);
        if v_code is not null then
            v_data := v_data || wallet.period_facts(p_effective_at);
        end if;
    end if;

    for n in 1 .. v_count loop
        exit when v_code is not null;
        if array_position(v_ids, p_debits[n]) is null or array_position(v_ids, p_credits[n]) is null then
            perform wallet.refuse('account_not_found', v_data || jsonb_build_object('index', n - 1, 'account',
                case when array_position(v_ids, p_debits[n]) is null then p_debits[n] else p_credits[n] end));
        end if;
        v_debit := v_accounts[array_position(v_ids, p_debits[n])];
        v_credit := v_accounts[array_position(v_ids, p_credits[n])];
        if v_debit.currency_id <> v_credit.currency_id then
            perform wallet.refuse('currency_mismatch', v_data || jsonb_build_object('index', n - 1,
                'debit_currency', v_debit.currency_id, 'credit_currency', v_credit.currency_id));
        end if;
        v_currencies[n] := v_debit.currency_id;
        v_counted := case when wallet.counts(p_kinds[n]) then p_amounts[n] else 0 end;
        for side in 1 .. 2 loop
            v_account := case side when 1 then v_debit else v_credit end;
            v_at := array_position(v_ids, v_account.id);
            v_code := coalesce(
                wallet.state_refusal(v_account.state, v_sides[side]),
                -- What was set aside before is for somebody who has paid already.
                case when p_hold is null or side = 2 or v_account.owner_state = 'CLOSED'
                    then wallet.owner_refusal(v_account.owner_state, v_sides[side]) end);
            if v_code is not null then
                v_data := v_data || jsonb_build_object('index', n - 1, 'account', v_account.id);
                exit;
            end if;
            continue when v_account.hot;
            v_change := case when (side = 1) = (v_account.normal_side = 'DEBIT') then p_amounts[n] else -p_amounts[n] end;
            v_code := wallet.balance_refusal(v_account.balance, v_account.held, v_account.floor, v_account.cap, v_change);
            if v_code = 'insufficient_funds' then
                v_account := wallet.release_overdue(v_account);
                v_code := wallet.balance_refusal(v_account.balance, v_account.held, v_account.floor, v_account.cap, v_change);
            end if;
            if v_code is not null then
                v_data := v_data || jsonb_build_object('index', n - 1) || wallet.balance_facts(
                    v_account.id, v_account.balance, v_account.held, v_account.floor, v_account.cap, v_change);
                exit;
            end if;
            if p_reverses is not null then
                v_account := wallet.given_back(v_account, v_sides[side], p_origins[n], p_amounts[n]);
            elsif p_hold is null or side = 2 then
                v_code := wallet.limit_refusal(v_account, v_sides[side], v_counted);
                if v_code = 'daily_sending_limit_exceeded' then
                    v_account := wallet.release_overdue(v_account);
                    v_code := wallet.limit_refusal(v_account, v_sides[side], v_counted);
                end if;
                if v_code is not null then
                    v_data := v_data || jsonb_build_object('index', n - 1)
                        || wallet.limit_facts(v_account, v_code, v_counted);
                    exit;
                end if;
                v_account := wallet.counted(v_account, v_sides[side], v_counted);
            end if;
            v_account.balance := v_account.balance + v_change;
            v_account.version := v_account.version + 1;
            v_accounts[v_at] := v_account;
            if side = 1 then
                v_debit_versions[n] := v_account.version;
                v_debit_balances[n] := v_account.balance;
            else
                v_credit_versions[n] := v_account.version;
                v_credit_balances[n] := v_account.balance;
            end if;
        end loop;
    end loop;
    if v_code is not null then
        return query select * from wallet.replay(
            p_posting, p_kinds, p_debits, p_credits, p_amounts, p_description, p_effective_at, p_hold, p_reverses);
        if not found then
            perform wallet.refuse(v_code, v_data);
        end if;
        return;
    end if;

    insert into public.wallet_transaction (
        id, posting_id, debit_account_id, credit_account_id, amount, currency,
        debit_version, debit_balance, credit_version, credit_balance, effective_at, recorded_at,
        hold_id, reverses, actor_id, kind, description, digest)
    select r.id, p_posting, r.debit, r.credit, r.amount, r.currency,
        r.debit_version, r.debit_balance, r.credit_version, r.credit_balance, r.effective_at, v_now,
        p_hold, p_reverses, r.actor, r.kind, r.description,
        wallet.digest_of(r.id, p_posting, r.debit, r.credit, r.amount, r.currency,
            r.debit_version, r.debit_balance, r.credit_version, r.credit_balance, r.effective_at, v_now,
            p_hold, p_reverses, r.actor, r.kind, r.description)
    from (
        select wallet.nth(p_posting, n - 1) as id, p_debits[n] as debit, p_credits[n] as credit,
            p_amounts[n] as amount, v_currencies[n] as currency,
            v_debit_versions[n] as debit_version, v_debit_balances[n] as debit_balance,
            v_credit_versions[n] as credit_version, v_credit_balances[n] as credit_balance,
            coalesce(p_effective_at, v_now) as effective_at, auth.uid() as actor,
            p_kinds[n] as kind, coalesce(p_description, '') as description
        from generate_series(1, v_count) n order by n
    ) r
    on conflict (id) do nothing;
    get diagnostics v_inserted = row_count;
    if v_inserted = 0 then
        return query select * from wallet.replay(
            p_posting, p_kinds, p_debits, p_credits, p_amounts, p_description, p_effective_at, p_hold, p_reverses);
        return;
    elsif v_inserted < v_count then
        perform wallet.refuse('posting_id_reused', jsonb_build_object('posting', p_posting, 'field', 'count'));
    end if;

    update public.wallet_account a set balance = u.balance, version = u.version, sent = u.sent, received = u.received
    from unnest(v_accounts) u
    where a.id = u.id and not u.hot;
    return query
        select t.id, t.amount, t.debit_version, t.debit_balance, t.credit_version, t.credit_balance, t.recorded_at, false
        from public.wallet_transaction t
        where t.id between p_posting and wallet.nth(p_posting, v_count - 1) order by t.id;
end
$$;

-- Refuses the caller whose money may not go out, by their standing. The service asks elsewhere.
create or replace function wallet.require_sender() returns void
language plpgsql stable set search_path = '' as $$
declare
    v_code constant text := coalesce(
        (select wallet.owner_refusal(c.status, 'DEBIT') from public.accounts_customer c where c.user_id = auth.uid()),
        case when not exists (select from public.accounts_customer c where c.user_id = auth.uid())
            then 'customer_locked' end);
begin
    if v_code is not null then
        perform wallet.refuse(v_code, '{}');
    end if;
end
$$;

-- Refuses what only service_role may do: to debit another's account, to post anything but transfers to people, to choose
-- the effective time. Refuses all to a customer whose money may not go out, to send what is kept until an upgrade, and to
-- move what is saved, in or out: that goes by its plan.
create or replace function wallet.check_customer(
    p_posting uuid, p_kinds text[], p_debits uuid[], p_credits uuid[], p_effective_at timestamptz
) returns void
language plpgsql stable set search_path = '' as $$
declare
    v_code text;
begin
    if wallet.is_service() then
        return;
    elsif p_effective_at is not null then
        raise exception using errcode = '42501', message = 'only service_role may choose the effective time';
    elsif exists (
        select from unnest(p_debits) d left join public.wallet_account a on a.id = d
        where (a.owner_id = auth.uid()) is not true
    ) then
        perform wallet.refuse('not_your_account', jsonb_build_object('posting', p_posting));
    end if;
    select case a.kind when 'HELD' then 'account_held' else 'account_saves' end into v_code
    from public.wallet_account a
    where a.id = any (p_debits || p_credits) and (a.kind = 'SAVINGS' or a.kind = 'HELD' and a.id = any (p_debits))
    limit 1;
    if v_code is not null then
        perform wallet.refuse(v_code, jsonb_build_object('posting', p_posting));
    elsif exists (select from unnest(p_kinds) k where k is distinct from 'TRANSFER') or exists (
        select from unnest(p_credits) c join public.wallet_account a on a.id = c where a.owner_id is null
    ) then
        raise exception using errcode = '42501', message = 'a customer posts transfers to people only';
    end if;
    perform wallet.require_sender();
end
$$;

-- Posts 1..256 transactions that stand or fall together; a repeat with the same id and content returns the first
-- result with replayed = true. A customer may debit own accounts only and may not choose the effective time.
-- Everything is refused by name: errcode ALJ01, message = code, detail = facts as JSON.
create or replace function wallet.post(
    p_posting uuid, p_kinds text[], p_debits uuid[], p_credits uuid[], p_amounts bigint[],
    p_description text default '', p_effective_at timestamptz default null
) returns setof wallet.posted
language plpgsql security definer set search_path = '' as $$
begin
    perform wallet.check_customer(p_posting, p_kinds, p_debits, p_credits, p_effective_at);
    return query select * from wallet.apply_posting(
        p_posting, p_kinds, p_debits, p_credits, p_amounts, coalesce(p_description, ''), p_effective_at, null, null);
end
$$;
