-- The same door for a posting of one transaction, which is most of them: as fast as it can be made. Reverse: drop.sql.

-- Whether a kept account may move by this much, with nothing to look at twice. What is refused here may still be right:
-- wallet.apply_posting knows.
create or replace function wallet.may_move(
    p_hot boolean, p_state text, p_balance bigint, p_held bigint, p_floor bigint, p_cap bigint, p_change bigint
) returns boolean
language sql immutable
return not p_hot and p_state = 'ACTIVE' and p_balance between -4000000000000000000 and 4000000000000000000
    and (p_change > 0 or p_floor is null or p_balance - p_held + p_change >= p_floor)
    and (p_change < 0 or p_cap is null or p_balance + p_change <= p_cap);

-- Whether this much more may count on an account today, and its owner lets everything pass. As above.
create or replace function wallet.may_count(
    p_owner_state text, p_until timestamptz, p_used bigint, p_limit bigint, p_counted bigint, p_now timestamptz
) returns boolean
language sql immutable
return p_owner_state = 'ACTIVE' and (p_until <= p_now) is not true
    and (p_used + p_counted <= coalesce(p_limit, 4000000000000000000)) is not false;

-- The currency of a hot account that may take part; null for any other account.
create or replace function wallet.hot_currency(p_account uuid) returns char(3)
language sql stable
return (select currency_id from public.wallet_account where id = p_account and hot and state = 'ACTIVE');

-- Undoes what post_one did to a kept account in this very statement.
create or replace function wallet.put_back(p_account uuid, p_side text, p_amount bigint, p_counted bigint) returns void
language sql set search_path = '' as $$
    update public.wallet_account
    set balance = balance - case when normal_side = p_side then p_amount else -p_amount end, version = version - 1,
        sent = sent - case p_side when 'DEBIT' then p_counted else 0 end,
        received = received - case p_side when 'CREDIT' then p_counted else 0 end
    where id = p_account
$$;

-- Posts one transaction; see wallet.post. It goes ahead as if nothing could be wrong: each account, in the order of
-- ids, is locked, checked and changed by one statement. Where that meets anything odd it puts back what it did and
-- leaves the rest to wallet.apply_posting, which knows every refusal, repeat and hot account. When the first account is
-- odd the second is not touched, since the one that follows must take their locks in order too. Few statements and few
-- expressions on purpose: each is prepared anew in every database transaction, and that was half of the time.
create or replace function wallet.post_one(
    p_posting uuid, p_kind text, p_debit uuid, p_credit uuid, p_amount bigint,
    p_description text default '', p_effective_at timestamptz default null
) returns wallet.posted
language plpgsql security definer set search_path = '' as $$
declare
    r wallet.posted;
    v_written wallet.posted;
    v_debit_currency char(3);
    v_credit_currency char(3);
    v_debit_until timestamptz;
    v_credit_until timestamptz;
    v_actor uuid;
    v_counted constant bigint := case when wallet.counts(p_kind) then p_amount else 0 end;
    v_now constant timestamptz := clock_timestamp();
begin
    if current_setting('role', true) is distinct from 'service_role' then
        perform wallet.check_customer(p_posting, array[p_kind], array[p_debit], array[p_credit], p_effective_at);
    end if;
    if p_amount between 1 and 1000000000000000000 and p_debit <> p_credit
        and p_effective_at is null and wallet.id_refusal(p_posting, null, v_now) is null
    then
        if p_debit < p_credit then
            update public.wallet_account
            set balance = balance + case normal_side when 'DEBIT' then p_amount else -p_amount end, version = version + 1,
                sent = sent + v_counted
            where id = p_debit and wallet.may_move(
                hot, state, balance, held, floor, cap, case normal_side when 'DEBIT' then p_amount else -p_amount end)
                and wallet.may_count(owner_state, counted_until, sent, least(daily_sending, single_amount + sent), v_counted, v_now)
            returning version, balance, currency_id, counted_until
            into r.debit_version, r.debit_balance, v_debit_currency, v_debit_until;
            if not found then
                v_debit_currency := wallet.hot_currency(p_debit);
            end if;
        end if;
        if p_debit > p_credit or v_debit_currency is not null then
            update public.wallet_account
            set balance = balance + case normal_side when 'CREDIT' then p_amount else -p_amount end, version = version + 1,
                received = received + v_counted
            where id = p_credit and wallet.may_move(
                hot, state, balance, held, floor, cap, case normal_side when 'CREDIT' then p_amount else -p_amount end)
                and wallet.may_count(owner_state, counted_until, received, daily_receiving, v_counted, v_now)
            returning version, balance, currency_id, counted_until
            into r.credit_version, r.credit_balance, v_credit_currency, v_credit_until;
            if not found then
                v_credit_currency := wallet.hot_currency(p_credit);
            end if;
        end if;
        if p_debit > p_credit and v_credit_currency is not null then
            update public.wallet_account
            set balance = balance + case normal_side when 'DEBIT' then p_amount else -p_amount end, version = version + 1,
                sent = sent + v_counted
            where id = p_debit and wallet.may_move(
                hot, state, balance, held, floor, cap, case normal_side when 'DEBIT' then p_amount else -p_amount end)
                and wallet.may_count(owner_state, counted_until, sent, least(daily_sending, single_amount + sent), v_counted, v_now)
            returning version, balance, currency_id, counted_until
            into r.debit_version, r.debit_balance, v_debit_currency, v_debit_until;
            if not found then
                v_debit_currency := wallet.hot_currency(p_debit);
            end if;
        end if;
        r.recorded_at := clock_timestamp();
        if v_debit_currency = v_credit_currency and (r.recorded_at >= least(v_debit_until, v_credit_until)) is not true then
            v_actor := auth.uid();
            insert into public.wallet_transaction (
                id, posting_id, debit_account_id, credit_account_id, amount, currency,
                debit_version, debit_balance, credit_version, credit_balance, effective_at, recorded_at,
                actor_id, kind, description, digest)
            values (p_posting, p_posting, p_debit, p_credit, p_amount, v_debit_currency,
                r.debit_version, r.debit_balance, r.credit_version, r.credit_balance, r.recorded_at, r.recorded_at,
                v_actor, p_kind, coalesce(p_description, ''),
                wallet.digest_of(p_posting, p_posting, p_debit, p_credit, p_amount, v_debit_currency,
                    r.debit_version, r.debit_balance, r.credit_version, r.credit_balance, r.recorded_at, r.recorded_at,
                    null, null, v_actor, p_kind, coalesce(p_description, '')))
            on conflict do nothing
            returning id, amount, debit_version, debit_balance, credit_version, credit_balance, recorded_at, false
            into v_written;
            if v_written.id is not null then
                return v_written;
            end if;
        end if;
        if r.debit_version is not null then
            perform wallet.put_back(p_debit, 'DEBIT', p_amount, v_counted);
        end if;
        if r.credit_version is not null then
            perform wallet.put_back(p_credit, 'CREDIT', p_amount, v_counted);
        end if;
    end if;
    select * into r from wallet.apply_posting(
        p_posting, array[p_kind], array[p_debit], array[p_credit], array[p_amount], p_description, p_effective_at, null, null);
    return r;
end
$$;
