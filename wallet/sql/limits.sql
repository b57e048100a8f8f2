-- What an owner's tier allows, and what of it is used today. Reverse: see the migration.
--
-- A wallet's row carries the limits that hold and what has counted in the Lagos day that ends at counted_until, so a
-- posting checks and counts in the update that moves the balance, under the same lock. When that day is over, the first
-- who has the lock begins the next (wallet.begin_day): he reads the rules of that day, so a rule dated ahead needs nobody.

-- The rule of the owner's tier at this moment; null in a currency without one.
create or replace function wallet.rule_of(p_owner uuid, p_currency text, p_at timestamptz) returns public.wallet_tierrule
language plpgsql stable set search_path = '' as $$
declare
    v_rule public.wallet_tierrule;
begin
    select r.* into v_rule
    from public.wallet_tierrule r join public.accounts_customer c on c.tier = r.tier
    where c.user_id = p_owner and r.currency_id = p_currency and r.from_date <= wallet.day_of(p_at)
    order by r.from_date desc limit 1;
    return v_rule;
end
$$;

-- The wallet with what its owner's tier allows at this moment; what is used stays.
create or replace function wallet.limited(p_account public.wallet_account, p_at timestamptz) returns public.wallet_account
language plpgsql stable set search_path = '' as $$
declare
    v_rule constant public.wallet_tierrule := wallet.rule_of(p_account.owner_id, p_account.currency_id, p_at);
begin
    p_account.daily_sending := v_rule.daily_sending;
    p_account.daily_receiving := v_rule.daily_receiving;
    p_account.single_amount := v_rule.single_amount;
    p_account.cap := v_rule.balance_cap;
    return p_account;
end
$$;

-- The account as it stands at this moment: when its day is over, with the limits of the new one and nothing used.
create or replace function wallet.today(p_account public.wallet_account, p_at timestamptz) returns public.wallet_account
language plpgsql stable set search_path = '' as $$
begin
    if (p_account.counted_until <= p_at) is not true then
        return p_account;
    end if;
    p_account := wallet.limited(p_account, p_at);
    p_account.sent := 0;
    p_account.received := 0;
    p_account.counted_until := wallet.day_end(p_at);
    return p_account;
end
$$;

-- Begins the day for those of the accounts whose last one is over. The caller has their row locks.
create or replace function wallet.begin_day(p_accounts uuid[], p_at timestamptz) returns void
language sql set search_path = '' as $$
    update public.wallet_account a
    set sent = t.sent, received = t.received, counted_until = t.counted_until, daily_sending = t.daily_sending,
        daily_receiving = t.daily_receiving, single_amount = t.single_amount, cap = t.cap
    from public.wallet_account w cross join lateral wallet.today(w, p_at) t
    where w.id = any (p_accounts) and w.counted_until <= p_at and a.id = w.id
$$;

-- What is left of a limit; of none, what one account may move in a day at all.
create or replace function wallet.left_of(p_limit bigint, p_used bigint) returns bigint
language sql immutable
return coalesce(p_limit, 4000000000000000000) - p_used;

-- Why this much more may not count on this side of the account today; null when it may, or when nothing is counted.
create or replace function wallet.limit_refusal(p_account public.wallet_account, p_side text, p_counted bigint) returns text
language sql immutable
return case
    when p_counted = 0 or p_account.sent is null then null
    when p_side = 'DEBIT' and p_counted > p_account.single_amount then 'single_amount_exceeded'
    when p_side = 'DEBIT' and p_counted > wallet.left_of(p_account.daily_sending, p_account.sent)
        then case when p_account.daily_sending is null then 'amount_too_large' else 'daily_sending_limit_exceeded' end
    when p_side = 'CREDIT' and p_counted > wallet.left_of(p_account.daily_receiving, p_account.received)
        then case when p_account.daily_receiving is null then 'amount_too_large' else 'daily_receiving_limit_exceeded' end
end;

create or replace function wallet.limit_facts(p_account public.wallet_account, p_code text, p_counted bigint) returns jsonb
language plpgsql stable set search_path = '' as $$
declare
    v_used constant bigint := case p_code
        when 'daily_sending_limit_exceeded' then p_account.sent
        when 'daily_receiving_limit_exceeded' then p_account.received else 0 end;
    v_limit constant bigint := case p_code
        when 'single_amount_exceeded' then p_account.single_amount
        when 'daily_sending_limit_exceeded' then p_account.daily_sending
        when 'daily_receiving_limit_exceeded' then p_account.daily_receiving end;
begin
    return jsonb_build_object(
        'account', p_account.id, 'currency', p_account.currency_id, 'amount', p_counted, 'limit', v_limit,
        'used', v_used, 'available', greatest(v_limit - v_used, 0), 'resets_at', p_account.counted_until,
        'tier', (select c.tier from public.accounts_customer c where c.user_id = p_account.owner_id));
end
$$;

-- The account with this much more counted on this side.
create or replace function wallet.counted(p_account public.wallet_account, p_side text, p_counted bigint)
returns public.wallet_account
language plpgsql immutable set search_path = '' as $$
begin
    if p_side = 'DEBIT' then
        p_account.sent := p_account.sent + p_counted;
    else
        p_account.received := p_account.received + p_counted;
    end if;
    return p_account;
end
$$;

-- Why an account's owner may not take part on this side; null when they may. Of who is to receive, the sender learns no more
-- than that they cannot.
create or replace function wallet.owner_refusal(p_state text, p_side text) returns text
language sql immutable
return case
    when p_state = 'ACTIVE' then null
    when p_side = 'CREDIT' and p_state in ('NO_CREDIT', 'FROZEN', 'CLOSED') then 'customer_no_credit'
    when p_side = 'DEBIT' and p_state = 'LOCKED' then 'customer_locked'
    when p_side = 'DEBIT' and p_state = 'NO_DEBIT' then 'customer_no_debit'
    when p_side = 'DEBIT' and p_state = 'FROZEN' then 'customer_frozen'
    when p_side = 'DEBIT' and p_state = 'CLOSED' then 'customer_closed'
end;

-- An account opens with what its owner's tier and standing give it. The owner's row is shared until the opening is
-- committed: a tier that changes meanwhile finds the account.
create or replace function wallet.open_limited() returns trigger
language plpgsql set search_path = '' as $$
begin
    select c.status into new.owner_state from public.accounts_customer c where c.user_id = new.owner_id for share;
    new.owner_state := coalesce(new.owner_state, 'ACTIVE');
    if new.kind = 'WALLET' then
        new.counted_until := '-infinity';
        new := wallet.today(new, clock_timestamp());
    end if;
    return new;
end
$$;
drop trigger if exists limited on public.wallet_account;
create trigger limited before insert on public.wallet_account
    for each row when (new.owner_id is not null) execute function wallet.open_limited();

-- Has the accounts of these owners follow their tier and standing, with today's use kept. Locks the accounts in their order.
create or replace function wallet.follow_owner() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
    v_now timestamptz;
begin
    perform 1 from public.wallet_account where owner_id = new.user_id order by id for no key update;
    v_now := clock_timestamp();
    update public.wallet_account set owner_state = new.status
    where owner_id = new.user_id and owner_state <> new.status;
    if new.tier <> old.tier then
        perform wallet.apply_rules(array[new.user_id], null, v_now);
    end if;
    return null;
end
$$;
create or replace function wallet.apply_rules(p_owners uuid[], p_currency text, p_at timestamptz) returns void
language sql set search_path = '' as $$
    update public.wallet_account a
    set sent = t.sent, received = t.received, counted_until = t.counted_until, daily_sending = t.daily_sending,
        daily_receiving = t.daily_receiving, single_amount = t.single_amount, cap = t.cap
    from public.wallet_account w cross join lateral wallet.limited(wallet.today(w, p_at), p_at) t
    where w.owner_id = any (p_owners) and w.kind = 'WALLET' and (p_currency is null or w.currency_id = p_currency)
        and a.id = w.id
$$;
drop trigger if exists follow_owner on public.accounts_customer;
create trigger follow_owner after update of tier, status on public.accounts_customer
    for each row when ((old.tier, old.status) is distinct from (new.tier, new.status))
    execute function wallet.follow_owner();

-- A rule that holds is history: it is not changed and not taken back, only followed by one of a later day. One that holds
-- as soon as it is written reaches every wallet of its tier at once.
create or replace function wallet.rule_is_dated() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
    v_today constant date := wallet.day_of(clock_timestamp());
begin
    if tg_op <> 'INSERT' and old.from_date <= v_today or tg_op = 'UPDATE' and new.from_date <= v_today then
        raise exception using errcode = 'ALJ02', message = 'a rule in force is not changed: write one of a later day';
    elsif tg_op = 'INSERT' and new.from_date <= v_today then
        perform 1 from public.wallet_account a join public.accounts_customer c on c.user_id = a.owner_id
        where c.tier = new.tier and a.kind = 'WALLET' and a.currency_id = new.currency_id
        order by a.id for no key update of a;
        perform wallet.apply_rules(
            array(select c.user_id from public.accounts_customer c where c.tier = new.tier), new.currency_id,
            clock_timestamp());
    end if;
    return null;
end
$$;
create trigger dated after insert or update or delete on public.wallet_tierrule
    for each row execute function wallet.rule_is_dated();
create trigger no_truncate before truncate on public.wallet_tierrule
    for each statement execute function core.append_only();

-- Wallets that were there before there were limits: with their limits, and what they moved today.
update public.wallet_account a set owner_state = c.status
from public.accounts_customer c where c.user_id = a.owner_id and c.status <> 'ACTIVE';
update public.wallet_account set counted_until = '-infinity' where kind = 'WALLET' and owner_id is not null;
select wallet.begin_day(array(select id from public.wallet_account where counted_until = '-infinity'), clock_timestamp());
update public.wallet_account a set sent = u.sent, received = u.received
from wallet.used() u where u.account = a.id;

-- What is used of each daily limit as of now, whether or not the day has been begun on the account's row.
create view public.wallet_limitcounter with (security_invoker = true) as
select a.id as account_id, k.kind, wallet.day_of(t.counted_until - interval '1 second') as day, k.used, k."limit",
    t.counted_until as resets_at
from public.wallet_account a
cross join lateral wallet.today(a, clock_timestamp()) t
cross join lateral (values
    ('SENDING', t.sent, t.daily_sending), ('RECEIVING', t.received, t.daily_receiving)
) k (kind, used, "limit")
where a.sent is not null;
grant select on public.wallet_limitcounter to authenticated, service_role;

revoke all on all functions in schema wallet from public;
grant execute on function wallet.today(public.wallet_account, timestamptz),
    wallet.limited(public.wallet_account, timestamptz), wallet.rule_of(uuid, text, timestamptz),
    wallet.day_of(timestamptz), wallet.day_end(timestamptz)
to authenticated, service_role;
