-- What stays of months that were taken out of the books (core/sql/archives.sql), so that the rest can still be proven and
-- read. Run at the beginning, and again by a migration.
--
-- Of a kept account: each run of its versions in the month, from the balance before it to the balance after. Of a hot one:
-- what it gathered. Of both: what each Lagos month was debited and credited with. Of a hold: what of it was posted. Of a seal that the month has only a part of: the digests of that part.

create table if not exists public.wallet_archivedrun (
    id bigint generated always as identity primary key,
    archive_id uuid not null,
    account_id uuid not null references public.wallet_account (id) on delete restrict,
    first_version bigint not null,
    last_version bigint not null,
    opening bigint not null,
    closing bigint not null,
    money_in bigint not null,
    money_out bigint not null,
    first_at timestamptz not null,
    last_at timestamptz not null,
    constraint wallet_archivedrun_adds_up check (
        closing = opening + money_in - money_out and last_version >= first_version and first_version > 0)
);
create unique index if not exists wallet_archivedrun_once on public.wallet_archivedrun (account_id, first_version);
create index if not exists wallet_archivedrun_archive on public.wallet_archivedrun (archive_id);

create table if not exists public.wallet_archivedhot (
    archive_id uuid not null,
    account_id uuid not null references public.wallet_account (id) on delete restrict,
    entries bigint not null,
    change bigint not null,
    newest xid8 not null,
    primary key (archive_id, account_id)
);
create index if not exists wallet_archivedhot_account on public.wallet_archivedhot (account_id);

create table if not exists public.wallet_archivedhold (
    archive_id uuid not null,
    hold_id uuid not null references public.wallet_hold (id) on delete restrict,
    amount bigint not null,
    -- What of it counted towards the day's limits.
    counted bigint not null,
    primary key (archive_id, hold_id)
);
create index if not exists wallet_archivedhold_hold on public.wallet_archivedhold (hold_id);

create table if not exists public.wallet_archivedseal (
    archive_id uuid not null,
    number bigint not null references public.wallet_seal (number) on delete restrict,
    since uuid not null,
    rows bigint not null,
    -- Null where the month has the whole seal: its head was proven when it was taken out, and is by the files.
    digests bytea,
    primary key (archive_id, number)
);
create index if not exists wallet_archivedseal_number on public.wallet_archivedseal (number);

-- The bounds of ids of each month that is out, how many rows, and how many of them are the first of a reversal.
create table if not exists public.wallet_archivedmonth (
    archive_id uuid primary key,
    since uuid not null,
    until uuid not null,
    rows bigint not null,
    reversals bigint not null
);

-- Whether a transaction's or a posting's id is of a month that is out.
create or replace function wallet.is_out(p_id uuid) returns boolean
language sql stable set search_path = ''
return exists (select from public.wallet_archivedmonth m where p_id >= m.since and p_id < m.until);

-- What the rows that are out debited and credited each account with, by the Lagos month in which it happened.
create table if not exists public.wallet_archivedsum (
    archive_id uuid not null,
    account_id uuid not null references public.wallet_account (id) on delete restrict,
    month date not null,
    debits bigint not null,
    credits bigint not null,
    primary key (archive_id, account_id, month)
);
create index if not exists wallet_archivedsum_account on public.wallet_archivedsum (account_id);

-- Entries of months that are out, fetched for the owner of their account; as wallet_entry shows them.
create table if not exists public.wallet_recalledentry (
    account_id uuid not null references public.wallet_account (id) on delete restrict,
    version bigint not null,
    archive_id uuid not null,
    transaction_id uuid not null,
    posting_id uuid not null,
    side text not null,
    amount bigint not null,
    change bigint not null,
    currency char(3) not null,
    balance bigint not null,
    counterparty_id uuid not null,
    kind text not null,
    description text not null,
    effective_at timestamptz not null,
    recorded_at timestamptz not null,
    hold_id uuid,
    reverses uuid,
    actor_id uuid,
    primary key (account_id, version)
);
create index if not exists wallet_recalledentry_archive on public.wallet_recalledentry (archive_id);
create index if not exists wallet_recalledentry_transaction on public.wallet_recalledentry (transaction_id);

do $$
declare
    v_table text;
begin
    foreach v_table in array array['wallet_archivedrun', 'wallet_archivedhot', 'wallet_archivedhold', 'wallet_archivedseal',
        'wallet_archivedmonth', 'wallet_archivedsum', 'wallet_recalledentry']
    loop
        execute format('alter table public.%I enable row level security', v_table);
        execute format('alter table public.%I force row level security', v_table);
        execute format('drop policy if exists %I on public.%I', v_table || '_owner', v_table);
        execute format('create policy %I on public.%I to %I using (true) with check (true)',
            v_table || '_owner', v_table, current_user);
        execute format('drop policy if exists %I on public.%I', v_table || '_service', v_table);
        execute format('create policy %I on public.%I to service_role using (true) with check (true)',
            v_table || '_service', v_table);
        execute format('grant select on public.%I to service_role', v_table);
    end loop;
    foreach v_table in array array['wallet_archivedrun', 'wallet_recalledentry'] loop
        execute format('grant select on public.%I to authenticated', v_table);
        execute format('drop policy if exists %I on public.%I', v_table || '_own', v_table);
        execute format('create policy %I on public.%I for select to authenticated
            using (account_id = any ((select wallet.own_accounts())::uuid[]))', v_table || '_own', v_table);
    end loop;
    -- Filled from the files by the service, and proven against the runs before anybody sees it (wallet.prove_recall).
    grant insert, delete on public.wallet_recalledentry to service_role;
end
$$;
revoke all on function wallet.is_out(uuid) from public;
