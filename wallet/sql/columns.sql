-- Columns that came to tables.sql after the first books, for those. Reverse: none, they stay.

do $$
begin
    if to_regtype('wallet.owner_state') is null then
        create domain wallet.owner_state as text
            check (value in ('ACTIVE', 'NO_DEBIT', 'NO_CREDIT', 'FROZEN', 'LOCKED', 'CLOSED'));
    end if;
end
$$;
alter table public.wallet_account
    add column if not exists owner_state wallet.owner_state not null default 'ACTIVE',
    add column if not exists sent bigint,
    add column if not exists received bigint,
    add column if not exists counted_until timestamptz,
    add column if not exists daily_sending bigint,
    add column if not exists daily_receiving bigint,
    add column if not exists single_amount bigint;

-- Whatever was set aside before counted whole.
alter table public.wallet_hold
    add column if not exists counted bigint,
    add column if not exists counted_committed bigint not null default 0;
do $$
begin
    if exists (select from pg_attribute where attrelid = 'public.wallet_hold'::regclass and attname = 'counted'
        and not attnotnull)
    then
        update public.wallet_hold set counted = amount, counted_committed = committed;
        alter table public.wallet_hold alter column counted set not null, add constraint wallet_hold_counted check (
            counted between 0 and amount and counted_committed between 0 and least(counted, committed));
    end if;
end
$$;
