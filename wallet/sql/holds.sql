-- Holds reserve before money moves: place, commit (whole or in parts), release, expire. Reverse: drop.sql.
-- Whoever changes a hold has its account's row lock first, so exactly one of commit, release and expiry wins.

-- Locks the account and others that will move with it, then the hold. Refuses with hold_not_found.
create or replace function wallet.lock_hold(p_hold uuid, p_others uuid[] default '{}') returns public.wallet_hold
language plpgsql set search_path = '' as $$
declare
    v_hold public.wallet_hold;
begin
    select * into v_hold from public.wallet_hold where id = p_hold;
    if not found then
        perform wallet.refuse('hold_not_found', jsonb_build_object('hold', p_hold));
    end if;
    perform 1 from public.wallet_account where id = any (v_hold.account_id || p_others) and not hot
        order by id for no key update;
    select * into strict v_hold from public.wallet_hold where id = p_hold for update;
    return v_hold;
end
$$;

-- Frees so much of what a hold set aside; what counted and is not paid out is given back to its day, if that lasts.
create or replace function wallet.free_held(p_hold public.wallet_hold, p_freed bigint, p_unused bigint) returns void
language sql set search_path = '' as $$
    update public.wallet_account
    set held = held - p_freed,
        sent = case when wallet.in_day(p_hold.created_at, counted_until) then sent - least(p_unused, sent) else sent end
    where id = p_hold.account_id
$$;

-- Reserves an amount of what is available, and p_counted of it (null: all) of what may be sent today: fees do not count,
-- and only service_role may say so. A repeat with the same id and content changes nothing and returns the
-- hold as it is now. A customer holds on own accounts only. Refuses with hold_id_reused{field}, not_your_account, customer_locked,
-- amount_not_positive, account_not_found, account_hot, account_held, account_saves, the account's state and its owner's,
-- expiry_in_past, insufficient_funds, the limits.
create or replace function wallet.place_hold(
    p_hold uuid, p_account uuid, p_amount bigint, p_expires_at timestamptz default null, p_reason text default '',
    p_counted bigint default null
) returns public.wallet_hold
language plpgsql security definer set search_path = '' as $$
declare
    v_service constant boolean := wallet.is_service();
    v_counted constant bigint := coalesce(p_counted, p_amount);
    v_account public.wallet_account;
    v_hold public.wallet_hold;
    v_code text;
    v_now timestamptz;
begin
    select * into v_account from public.wallet_account where id = p_account for no key update;
    v_now := clock_timestamp();
    if not v_service and p_counted is not null then
        raise exception using errcode = '42501', message = 'only service_role may say what counts';
    elsif not v_service and (v_account.owner_id = auth.uid()) is not true then
        perform wallet.refuse('not_your_account', jsonb_build_object('account', p_account));
    elsif not v_service then
        perform wallet.require_sender();
    end if;
    if v_account.id is null then
        perform wallet.refuse('account_not_found', jsonb_build_object('account', p_account));
    elsif (p_amount > 0) is not true then
        perform wallet.refuse('amount_not_positive', jsonb_build_object('amount', p_amount));
    elsif v_counted not between 0 and p_amount then
        raise exception using errcode = '22023', message = 'what counts is a part of the amount';
    end if;
    select * into v_hold from public.wallet_hold where id = p_hold;
    if found then
        v_code := case
            when v_hold.account_id <> p_account then 'account'
            when v_hold.amount <> p_amount then 'amount'
            when v_hold.counted <> v_counted then 'counted'
            when v_hold.expires_at is distinct from p_expires_at then 'expires_at'
            when v_hold.reason <> coalesce(p_reason, '') then 'reason'
        end;
        if v_code is not null then
            perform wallet.refuse('hold_id_reused', jsonb_build_object('hold', p_hold, 'field', v_code));
        end if;
        return v_hold;
    end if;

    v_code := case
        when v_account.hot then 'account_hot'
        when not v_service and v_account.kind = 'HELD' then 'account_held'
        when not v_service and v_account.kind = 'SAVINGS' then 'account_saves'
        when p_expires_at <= v_now then 'expiry_in_past'
        else coalesce(
            wallet.state_refusal(v_account.state, 'DEBIT'), wallet.owner_refusal(v_account.owner_state, 'DEBIT'))
    end;
    if v_code is not null then
        perform wallet.refuse(v_code, jsonb_build_object('hold', p_hold, 'account', p_account));
    end if;
    if v_account.counted_until <= v_now then
        perform wallet.begin_day(array[p_account], v_now);
        select * into strict v_account from public.wallet_account where id = p_account;
    end if;
    if wallet.balance_refusal(v_account.balance, v_account.held, v_account.floor, null, -p_amount) is not null then
        v_account := wallet.release_overdue(v_account);
        v_code := wallet.balance_refusal(v_account.balance, v_account.held, v_account.floor, null, -p_amount);
        if v_code is not null then
            perform wallet.refuse(v_code, jsonb_build_object('hold', p_hold) || wallet.balance_facts(
                p_account, v_account.balance, v_account.held, v_account.floor, v_account.cap, -p_amount));
        end if;
    end if;
    v_code := wallet.limit_refusal(v_account, 'DEBIT', v_counted);
    if v_code = 'daily_sending_limit_exceeded' then
        v_account := wallet.release_overdue(v_account);
        v_code := wallet.limit_refusal(v_account, 'DEBIT', v_counted);
    end if;
    if v_code is not null then
        perform wallet.refuse(
            v_code, jsonb_build_object('hold', p_hold) || wallet.limit_facts(v_account, v_code, v_counted));
    end if;
    insert into public.wallet_hold (id, account_id, amount, counted, expires_at, reason, actor_id, created_at)
    values (p_hold, p_account, p_amount, v_counted, p_expires_at, coalesce(p_reason, ''), auth.uid(), v_now)
    on conflict (id) do nothing returning * into v_hold;
    if not found then
        perform wallet.refuse('hold_id_reused', jsonb_build_object('hold', p_hold, 'field', 'account'));
    end if;
    update public.wallet_account set held = held + p_amount, sent = sent + v_counted where id = p_account;
    return v_hold;
end
$$;

-- Takes p_amount out of a locked hold to be posted, p_counted of it in kinds that count; the rest is released when
-- p_final. Refuses with hold_not_open{state}, amount_not_positive, hold_exceeded{left}.
create or replace function wallet.take_from_hold(
    p_hold public.wallet_hold, p_amount bigint, p_counted bigint, p_final boolean
) returns void
language plpgsql set search_path = '' as $$
declare
    v_left constant bigint := p_hold.amount - p_hold.committed;
    v_closes constant boolean := p_final or p_amount = v_left;
begin
    if p_hold.state <> 'OPEN' then
        perform wallet.refuse('hold_not_open', jsonb_build_object('hold', p_hold.id, 'state', p_hold.state));
    elsif p_hold.expires_at <= clock_timestamp() then
        perform wallet.refuse('hold_not_open', jsonb_build_object('hold', p_hold.id, 'state', 'EXPIRED'));
    elsif (p_amount > 0) is not true then
        perform wallet.refuse('amount_not_positive', jsonb_build_object('amount', p_amount));
    elsif p_amount > v_left then
        perform wallet.refuse('hold_exceeded', jsonb_build_object('hold', p_hold.id, 'amount', p_amount, 'left', v_left));
    elsif p_counted > p_hold.counted - p_hold.counted_committed then
        perform wallet.refuse('hold_exceeded', jsonb_build_object(
            'hold', p_hold.id, 'amount', p_counted, 'left', p_hold.counted - p_hold.counted_committed));
    end if;
    update public.wallet_hold
    set committed = committed + p_amount, counted_committed = counted_committed + p_counted,
        state = case when v_closes then 'COMMITTED' else state end,
        closed_at = case when v_closes then clock_timestamp() end
    where id = p_hold.id;
    perform wallet.free_held(p_hold, case when p_final then v_left else p_amount end,
        case when v_closes then p_hold.counted - p_hold.counted_committed - p_counted else 0 end);
end
$$;

-- Posts p_amount (null: all that is left) of the hold from its account to p_credit, as posting p_posting; the rest is
-- released when p_final. A repeat with the same posting id returns the first result. For service_role only.
-- Refuses with hold_not_found, as wallet.take_from_hold, and as wallet.post does.
create or replace function wallet.commit_hold(
    p_hold uuid, p_posting uuid, p_credit uuid, p_amount bigint default null, p_kind text default 'TRANSFER',
    p_description text default '', p_final boolean default true, p_effective_at timestamptz default null
) returns setof wallet.posted
language plpgsql security definer set search_path = '' as $$
declare
    v_hold public.wallet_hold;
    v_amount bigint;
    v_stored bigint;
begin
    perform wallet.require_service();
    v_hold := wallet.lock_hold(p_hold, array[p_credit]);
    select t.amount into v_stored from public.wallet_transaction t where t.id = p_posting;
    if found then
        return query select * from wallet.replay(p_posting, array[p_kind], array[v_hold.account_id], array[p_credit],
            array[coalesce(p_amount, v_stored)], p_description, p_effective_at, p_hold, null);
        return;
    end if;
    v_amount := coalesce(p_amount, v_hold.amount - v_hold.committed);
    perform wallet.take_from_hold(
        v_hold, v_amount, case when wallet.counts(p_kind) then v_amount else 0 end, p_final);
    return query select * from wallet.post_held(
        v_hold, p_posting, array[p_kind], array[p_credit], array[v_amount], p_description, p_effective_at);
end
$$;

-- Posts several amounts of one hold, each from its account to one of p_credits, as one posting: what was paid out, the
-- fee, the tax on it. What is left is released. A repeat with the same posting id returns the first result. For
-- service_role only. Refuses as wallet.commit_hold does.
create or replace function wallet.commit_hold_lines(
    p_hold uuid, p_posting uuid, p_kinds text[], p_credits uuid[], p_amounts bigint[],
    p_description text default '', p_effective_at timestamptz default null
) returns setof wallet.posted
language plpgsql security definer set search_path = '' as $$
declare
    v_hold public.wallet_hold;
    v_sum numeric;
    v_counted numeric;
begin
    perform wallet.require_service();
    v_hold := wallet.lock_hold(p_hold, p_credits);
    perform 1 from public.wallet_transaction t where t.id = p_posting;
    if found then
        return query select * from wallet.replay(
            p_posting, p_kinds, array_fill(v_hold.account_id, array[cardinality(p_credits)]), p_credits, p_amounts,
            p_description, p_effective_at, p_hold, null);
        return;
    end if;
    select coalesce(sum(l.amount), 0), coalesce(sum(l.amount) filter (where wallet.counts(l.kind)), 0)
    into v_sum, v_counted from unnest(p_kinds, p_amounts) l (kind, amount);
    perform wallet.take_from_hold(
        v_hold, least(v_sum, 9223372036854775807)::bigint, least(v_counted, 9223372036854775807)::bigint, true);
    return query select * from wallet.post_held(
        v_hold, p_posting, p_kinds, p_credits, p_amounts, p_description, p_effective_at);
end
$$;

-- Posts what was just taken out of a hold. Internal.
create or replace function wallet.post_held(
    p_hold public.wallet_hold, p_posting uuid, p_kinds text[], p_credits uuid[], p_amounts bigint[],
    p_description text, p_effective_at timestamptz
) returns setof wallet.posted
language plpgsql set search_path = '' as $$
declare
    v_done wallet.posted;
begin
    for v_done in
        select * from wallet.apply_posting(
            p_posting, p_kinds, array_fill(p_hold.account_id, array[cardinality(p_credits)]), p_credits, p_amounts,
            p_description, p_effective_at, p_hold.id, null)
    loop
        if v_done.replayed then
            raise exception using errcode = '40001', message = 'another caller made this posting meanwhile: try again';
        end if;
        return next v_done;
    end loop;
end
$$;

-- Gives back what is left of the hold. A repeat changes nothing. For service_role only.
-- Refuses with hold_not_found and hold_not_open{state} (committed or expired).
create or replace function wallet.release_hold(p_hold uuid) returns public.wallet_hold
language plpgsql security definer set search_path = '' as $$
declare
    v_hold public.wallet_hold;
begin
    perform wallet.require_service();
    v_hold := wallet.lock_hold(p_hold);
    if v_hold.state = 'OPEN' then
        update public.wallet_hold set state = 'RELEASED', closed_at = clock_timestamp() where id = p_hold;
        perform wallet.free_held(
            v_hold, v_hold.amount - v_hold.committed, v_hold.counted - v_hold.counted_committed);
        select * into strict v_hold from public.wallet_hold where id = p_hold;
    elsif v_hold.state <> 'RELEASED' then
        perform wallet.refuse('hold_not_open', jsonb_build_object('hold', p_hold, 'state', v_hold.state));
    end if;
    return v_hold;
end
$$;

-- Closes up to p_limit overdue holds, accounts in id order; returns how many. For service_role only.
create or replace function wallet.expire_holds(p_limit integer default 1000) returns integer
language plpgsql security definer set search_path = '' as $$
declare
    v_accounts uuid[];
    v_closed integer;
begin
    perform wallet.require_service();
    select array_agg(distinct h.account_id order by h.account_id) into v_accounts
    from (
        select account_id from public.wallet_hold
        where state = 'OPEN' and expires_at <= clock_timestamp() order by expires_at limit p_limit
    ) h;
    if v_accounts is null then
        return 0;
    end if;
    perform 1 from public.wallet_account where id = any (v_accounts) order by id for no key update;
    with closed as (
        update public.wallet_hold set state = 'EXPIRED', closed_at = clock_timestamp()
        where account_id = any (v_accounts) and state = 'OPEN' and expires_at <= clock_timestamp()
        returning account_id, amount - committed as rest, counted - counted_committed as unused, created_at
    ), freed as (
        update public.wallet_account a
        set held = a.held - c.rest, sent = a.sent - least(c.given_back, a.sent)
        from (
            select c.account_id, sum(c.rest)::bigint as rest,
                (coalesce(sum(c.unused) filter (where wallet.in_day(c.created_at, w.counted_until)), 0))::bigint as given_back
            from closed c join public.wallet_account w on w.id = c.account_id group by c.account_id
        ) c
        where a.id = c.account_id
        returning 1
    )
    select count(*) into v_closed from closed;
    return v_closed;
end
$$;
