-- Setting aside many amounts at once, on many accounts. Reverse: drop.sql.

-- Places each hold that fits, per account in the order given, and says of each: whether it was there before, and what
-- refused it (null: it is placed). It counts towards no limit. A repeat with the same id and content changes nothing and
-- is there; with other content it is hold_id_reused. One that does not fit leaves the others as they are.
-- Refuses the whole with amount_not_positive, account_not_found; a hold named twice is an error. For service_role only.
create or replace function wallet.reserve_many(
    p_holds uuid[], p_accounts uuid[], p_amounts bigint[], p_expires timestamptz[], p_reason text default ''
) returns table (hold uuid, was_there boolean, code text)
language plpgsql security definer set search_path = '' as $$
declare
    v_accounts constant uuid[] := array(select distinct a from unnest(p_accounts) a order by a);
    v_account public.wallet_account;
    v_one record;
    v_barred text;
    v_held bigint;
    v_ids uuid[];
    v_amounts bigint[];
    v_expires timestamptz[];
    v_placed integer;
    v_now timestamptz;
begin
    perform wallet.require_service();
    if cardinality(p_holds) <> all (array[cardinality(p_accounts), cardinality(p_amounts), cardinality(p_expires)]) then
        raise exception using errcode = '22023', message = 'each hold has an account, an amount and an end';
    elsif (select count(distinct h) from unnest(p_holds) h) < cardinality(p_holds) then
        raise exception using errcode = '22023', message = 'each hold is named once';
    end if;
    for v_one in select a from unnest(p_amounts) a where (a > 0) is not true limit 1 loop
        perform wallet.refuse('amount_not_positive', jsonb_build_object('amount', v_one.a));
    end loop;
    perform 1 from public.wallet_account where id = any (v_accounts) order by id for no key update;
    for v_one in
        select w from unnest(v_accounts) w where not exists (select from public.wallet_account where id = w) limit 1
    loop
        perform wallet.refuse('account_not_found', jsonb_build_object('account', v_one.w));
    end loop;
    v_now := clock_timestamp();

    for v_account in select * from public.wallet_account where id = any (v_accounts) order by id loop
        v_barred := case when v_account.hot then 'account_hot' else coalesce(
            wallet.state_refusal(v_account.state, 'DEBIT'), wallet.owner_refusal(v_account.owner_state, 'DEBIT')) end;
        if v_account.balance::numeric - v_account.held
            - (select sum(r.amount) from unnest(p_accounts, p_amounts) r (account, amount) where r.account = v_account.id)
            < coalesce(v_account.floor, 0)
        then
            v_account := wallet.release_overdue(v_account);
        end if;
        v_held := v_account.held;
        v_ids := '{}';
        v_amounts := '{}';
        v_expires := '{}';
        for v_one in
            select r.id, r.amount, r.expires_at, h.id is not null as was_there, h.account_id = r.account
                and h.amount = r.amount and h.counted = 0 and h.expires_at is not distinct from r.expires_at
                and h.reason = coalesce(p_reason, '') as is_same
            from unnest(p_holds, p_accounts, p_amounts, p_expires) with ordinality
                r (id, account, amount, expires_at, place)
            left join public.wallet_hold h on h.id = r.id
            where r.account = v_account.id
            order by r.place
        loop
            hold := v_one.id;
            was_there := v_one.was_there;
            code := case
                when v_one.was_there then case when not v_one.is_same then 'hold_id_reused' end
                when v_barred is not null then v_barred
                when v_one.expires_at <= v_now then 'expiry_in_past'
                else wallet.balance_refusal(v_account.balance, v_held, v_account.floor, null, -v_one.amount)
            end;
            if not was_there and code is null then
                v_held := v_held + v_one.amount;
                v_ids := v_ids || v_one.id;
                v_amounts := v_amounts || v_one.amount;
                v_expires := v_expires || v_one.expires_at;
            end if;
            return next;
        end loop;
        continue when v_ids = '{}';
        insert into public.wallet_hold (id, account_id, amount, counted, expires_at, reason, actor_id, created_at)
        select n.id, v_account.id, n.amount, 0, n.expires_at, coalesce(p_reason, ''), auth.uid(), v_now
        from unnest(v_ids, v_amounts, v_expires) n (id, amount, expires_at)
        on conflict (id) do nothing;
        get diagnostics v_placed = row_count;
        if v_placed < cardinality(v_ids) then
            raise exception using errcode = '40001', message = 'another caller placed one of these holds: try again';
        end if;
        update public.wallet_account set held = v_held where id = v_account.id;
    end loop;
end
$$;

revoke all on function wallet.reserve_many(uuid[], uuid[], bigint[], timestamptz[], text) from public;
grant execute on function wallet.reserve_many(uuid[], uuid[], bigint[], timestamptz[], text) to service_role;
