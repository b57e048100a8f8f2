-- Opening accounts and changing what they allow. Reverse: drop.sql.

-- The owner's account of this kind and currency, opened when there is none. Internal: asks nobody who they are. Its
-- balance lies on the credit side and may not fall below nought; what a wallet may hold and move, wallet.open_limited says.
create or replace function wallet.account_of(p_owner uuid, p_kind text, p_currency char(3)) returns uuid
language plpgsql set search_path = '' as $$
declare
    v_id uuid;
begin
    select id into v_id from public.wallet_account
    where owner_id = p_owner and kind = p_kind and currency_id = p_currency;
    if v_id is null then
        insert into public.wallet_account (id, owner_id, kind, currency_id, normal_side, floor)
        values (uuidv7(), p_owner, p_kind, p_currency, 'CREDIT', 0)
        on conflict do nothing returning id into v_id;
    end if;
    if v_id is null then
        select id into strict v_id from public.wallet_account
        where owner_id = p_owner and kind = p_kind and currency_id = p_currency;
    end if;
    return v_id;
end
$$;

-- The same for whoever may ask: a customer opens WALLET accounts for itself only, service_role any.
create or replace function wallet.open_account(p_owner uuid, p_kind text, p_currency text) returns uuid
language plpgsql security definer set search_path = '' as $$
begin
    if not wallet.is_service() and (p_owner = auth.uid() and p_kind = 'WALLET') is not true then
        perform wallet.refuse('not_your_account', jsonb_build_object('owner', p_owner, 'kind', p_kind));
    elsif p_owner is null then
        raise exception using errcode = '22004', message = 'an account opened so has an owner';
    end if;
    return wallet.account_of(p_owner, p_kind, p_currency::char(3));
end
$$;

-- The operator's own account of this code and currency, opened when there is none. A hot one has no floor.
create or replace function wallet.open_system_account(
    p_code text, p_kind text, p_currency text, p_normal_side text, p_hot boolean default true, p_floor bigint default null
) returns uuid
language plpgsql security definer set search_path = '' as $$
declare
    v_account public.wallet_account;
begin
    perform wallet.require_service();
    insert into public.wallet_account (id, code, kind, currency_id, normal_side, hot, floor)
    values (uuidv7(), p_code, p_kind, p_currency::char(3), p_normal_side, p_hot, p_floor)
    on conflict do nothing;
    select * into strict v_account from public.wallet_account where code = p_code and currency_id = p_currency::char(3);
    if (v_account.kind, v_account.normal_side, v_account.hot) <> (p_kind, p_normal_side, p_hot) then
        perform wallet.refuse('account_differs', jsonb_build_object('account', v_account.id, 'code', p_code));
    end if;
    return v_account.id;
end
$$;

-- Sets what the account lets pass. Closing wants an empty account, nothing held; a closed one stays closed.
create or replace function wallet.set_state(p_account uuid, p_state text) returns void
language plpgsql security definer set search_path = '' as $$
declare
    v_account public.wallet_account;
begin
    perform wallet.require_service();
    select * into v_account from public.wallet_account where id = p_account for no key update;
    if not found then
        perform wallet.refuse('account_not_found', jsonb_build_object('account', p_account));
    elsif v_account.state = 'CLOSED' and p_state <> 'CLOSED' then
        perform wallet.refuse('account_closed', jsonb_build_object('account', p_account));
    elsif p_state = 'CLOSED' and (v_account.balance <> 0 or v_account.held <> 0 or v_account.hot) then
        perform wallet.refuse('account_not_empty', jsonb_build_object(
            'account', p_account, 'balance', v_account.balance, 'held', v_account.held));
    end if;
    update public.wallet_account
    set state = p_state, closed_at = case when p_state = 'CLOSED' then coalesce(closed_at, clock_timestamp()) end
    where id = p_account;
end
$$;

-- Sets floor and cap (null: unbounded). The floor may not rise above what is available; the cap may fall below the
-- balance and then stops what comes in.
create or replace function wallet.set_limits(p_account uuid, p_floor bigint, p_cap bigint) returns void
language plpgsql security definer set search_path = '' as $$
declare
    v_account public.wallet_account;
begin
    perform wallet.require_service();
    select * into v_account from public.wallet_account where id = p_account for no key update;
    if not found then
        perform wallet.refuse('account_not_found', jsonb_build_object('account', p_account));
    elsif v_account.balance::numeric - v_account.held < p_floor then
        perform wallet.refuse('insufficient_funds', wallet.balance_facts(
            p_account, v_account.balance, v_account.held, p_floor, p_cap, 0));
    end if;
    update public.wallet_account set floor = p_floor, cap = p_cap where id = p_account;
end
$$;

-- The caller's accounts, once per query, for row security.
create or replace function wallet.own_accounts() returns uuid[]
language sql stable security definer set search_path = ''
return (select coalesce(array_agg(id), '{}') from public.wallet_account where owner_id = auth.uid());
