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
