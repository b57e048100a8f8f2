-- The tables of the ledger. Run once, by the schema owner. Reverse: drop.sql.
--
-- A transaction is one amount from a debit account to a credit account: balanced by construction.
-- A posting is 1..256 transactions; its id has its low 8 bits zero and the n-th transaction's id is posting + n.
-- A kept account carries its balance and a gap-free version; a hot account carries neither (both stay 0), its
-- rows are only appended and wallet.fold() makes checkpoints.

create schema if not exists wallet;

-- A domain is checked when a value is made, a table's CHECK whenever a row is written.
create domain wallet.side as text check (value in ('DEBIT', 'CREDIT'));
create domain wallet.account_state as text check (value in ('ACTIVE', 'NO_DEBIT', 'NO_CREDIT', 'FROZEN', 'CLOSED'));
-- The standing of an account's owner, beside the account's own state.
create domain wallet.owner_state as text
    check (value in ('ACTIVE', 'NO_DEBIT', 'NO_CREDIT', 'FROZEN', 'LOCKED', 'CLOSED'));
create domain wallet.kind as text check (
    value <> '' and length(value) <= 40 and translate(value, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789', '') = '');
create domain wallet.reserved as bigint check (value >= 0);
create domain wallet.note as text check (length(value) <= 500);

-- One transaction as a door answers it.
create type wallet.posted as (
    id uuid,
    amount bigint,
    debit_version bigint,
    debit_balance bigint,
    credit_version bigint,
    credit_balance bigint,
    recorded_at timestamptz,
    replayed boolean
);

create table public.wallet_currency (
    code char(3) primary key check (code ~ '^[A-Z]{3}$'),
    minor_units smallint not null check (minor_units between 0 and 4),
    name text not null
);

create table public.wallet_account (
    id uuid primary key,
    owner_id uuid references public.accounts_user (id) on delete restrict,
    currency_id char(3) not null references public.wallet_currency (code),
    balance bigint not null default 0,
    held wallet.reserved not null default 0,
    version bigint not null default 0,
    floor bigint,
    cap bigint,
    hot boolean not null default false,
    normal_side wallet.side not null,
    state wallet.account_state not null default 'ACTIVE',
    kind wallet.kind not null,
    code text not null default '',
    opened_at timestamptz not null default now(),
    closed_at timestamptz,
    -- Of an owner's wallet: how its owner stands, what it may move in a day, what it has moved in the Lagos day that ends
    -- at counted_until, all kept here by limits.sql so that a posting reads no other row. Null: nothing is counted.
    owner_state wallet.owner_state not null default 'ACTIVE',
    sent bigint,
    received bigint,
    counted_until timestamptz,
    daily_sending bigint,
    daily_receiving bigint,
    single_amount bigint,
    -- As short as can be, because a row's checks are read anew by every statement that writes it (8 more of them cost
    -- a posting a third of its speed). What cannot change with a balance stands in domains and in wallet.account_rules;
    -- that a hot account keeps nothing is seen to by what writes (wallet.may_move) and proven by wallet.verify.
    constraint wallet_account_balance check (balance - held >= floor)
) with (
    fillfactor = 75,
    autovacuum_vacuum_scale_factor = 0.05,
    autovacuum_analyze_scale_factor = 0.05
);
create unique index wallet_account_owner_kind_currency on public.wallet_account (owner_id, kind, currency_id)
    where owner_id is not null;
create unique index wallet_account_code_currency on public.wallet_account (code, currency_id) where code <> '';

-- No foreign keys from here to wallet_account: wallet.post reads the accounts under their lock and accounts are
-- never deleted, so a key would only cost; wallet.verify() proves the same.
create table public.wallet_transaction (
    id uuid not null,
    posting_id uuid not null,
    debit_account_id uuid not null,
    credit_account_id uuid not null,
    amount bigint not null,
    debit_version bigint,
    debit_balance bigint,
    credit_version bigint,
    credit_balance bigint,
    effective_at timestamptz not null,
    recorded_at timestamptz not null,
    xid xid8 not null default pg_current_xact_id(),
    hold_id uuid,
    reverses uuid,
    actor_id uuid,
    currency char(3) not null,
    digest bytea not null,
    kind wallet.kind not null,
    description wallet.note not null default '',
    constraint wallet_transaction_pkey primary key (id),
    constraint wallet_transaction_sides check (amount > 0 and debit_account_id <> credit_account_id)
) partition by range (id);
-- History of a kept account pages by version; the predicate `version < x` reaches these.
create index wallet_transaction_debit_history on public.wallet_transaction (debit_account_id, debit_version)
    where debit_version is not null;
create index wallet_transaction_credit_history on public.wallet_transaction (credit_account_id, credit_version)
    where credit_version is not null;
-- The fold's and the seal's window, and what hot accounts gathered since their last checkpoint.
create index wallet_transaction_xid on public.wallet_transaction (xid);

create table public.wallet_hold (
    id uuid primary key,
    account_id uuid not null references public.wallet_account (id) on delete restrict,
    amount bigint not null,
    committed bigint not null default 0,
    -- How much of the amount counts towards what may be sent (fees do not), and how much of that was committed.
    counted bigint not null,
    counted_committed bigint not null default 0,
    state text not null default 'OPEN',
    reason text not null default '',
    expires_at timestamptz,
    actor_id uuid,
    created_at timestamptz not null default clock_timestamp(),
    closed_at timestamptz,
    constraint wallet_hold_amount check (amount > 0),
    constraint wallet_hold_committed check (committed between 0 and amount),
    constraint wallet_hold_counted check (
        counted between 0 and amount and counted_committed between 0 and least(counted, committed)),
    constraint wallet_hold_state check (state in ('OPEN', 'COMMITTED', 'RELEASED', 'EXPIRED')),
    constraint wallet_hold_closed check ((state = 'OPEN') = (closed_at is null)),
    constraint wallet_hold_open_has_rest check (state <> 'OPEN' or committed < amount),
    constraint wallet_hold_committed_some check (state <> 'COMMITTED' or committed > 0),
    constraint wallet_hold_expiry check (expires_at is null or expires_at > created_at)
);
create index wallet_hold_account on public.wallet_hold (account_id, id);
create index wallet_hold_open on public.wallet_hold (account_id) where state = 'OPEN';
create index wallet_hold_expiry on public.wallet_hold (expires_at) where state = 'OPEN';

create table public.wallet_reversal (
    posting_id uuid primary key,
    reversed_by uuid not null unique,
    actor_id uuid,
    created_at timestamptz not null default clock_timestamp(),
    constraint wallet_reversal_other check (posting_id <> reversed_by)
);

-- Balance of a hot account over every row with xid < horizon. Rows with xid > ceiling were recorded after made_at
-- (ceiling null: not known).
create table public.wallet_checkpoint (
    id bigint generated always as identity primary key,
    account_id uuid not null references public.wallet_account (id) on delete restrict,
    horizon xid8 not null,
    ceiling xid8,
    balance bigint not null,
    entries bigint not null check (entries >= 0),
    made_at timestamptz not null,
    constraint wallet_checkpoint_once unique (account_id, horizon)
);

-- How far whoever reads the books in the order they were written has come: everything below the horizon.
create table public.wallet_follower (
    name text primary key,
    horizon xid8 not null
);

create table public.wallet_seal (
    number bigint primary key check (number > 0),
    from_xid xid8 not null,
    to_xid xid8 not null,
    rows bigint not null check (rows >= 0),
    previous bytea not null,
    head bytea not null unique,
    sealed_at timestamptz not null default clock_timestamp(),
    constraint wallet_seal_window check (to_xid > from_xid)
);

-- The rules of the columns that no posting touches.
create function wallet.account_rules() returns trigger
language plpgsql set search_path = '' as $$
declare
    v_broken constant text := case
        when (new.state = 'CLOSED') <> (new.closed_at is not null) then 'closed_at'
        when new.state = 'CLOSED' and (new.balance <> 0 or new.held <> 0) then 'closed_is_empty'
        when new.cap < 0 or new.cap < new.floor then 'cap'
        when new.hot and (new.floor, new.cap, new.owner_id) is distinct from (null, null, null) then 'hot'
        when new.hot and new.held <> 0 then 'hot'
        when (new.owner_id is null) <> (new.code <> '') then 'owned_or_coded'
        when tg_op = 'INSERT' and (new.balance, new.held, new.version) <> (0, 0, 0) then 'starts_empty'
    end;
begin
    if v_broken is not null then
        raise exception using errcode = '23514', table = 'wallet_account', constraint = 'wallet_account_' || v_broken,
            message = 'wallet_account breaks the rule ' || v_broken;
    end if;
    return new;
end
$$;
-- After, here and below: a trigger before an update locks the row once more for each update of whatever column, which
-- was a tenth of a posting.
create trigger rules after insert or update of state, closed_at, floor, cap, hot, owner_id, code on public.wallet_account
    for each row execute function wallet.account_rules();

create trigger append_only before update or delete on public.wallet_transaction
    for each row execute function core.append_only();
create trigger no_truncate before truncate on public.wallet_transaction
    for each statement execute function core.append_only();
create trigger append_only before update or delete or truncate on public.wallet_reversal
    for each statement execute function core.append_only();
create trigger append_only before update or delete or truncate on public.wallet_checkpoint
    for each statement execute function core.append_only();
create trigger append_only before update or delete or truncate on public.wallet_seal
    for each statement execute function core.append_only();
create trigger no_delete before delete or truncate on public.wallet_account
    for each statement execute function core.append_only();
create trigger no_delete before delete or truncate on public.wallet_hold
    for each statement execute function core.append_only();
create trigger fixed after update of id, owner_id, currency_id, normal_side, hot, kind, code on public.wallet_account
    for each row when (
        (old.id, old.owner_id, old.currency_id, old.normal_side, old.hot, old.kind, old.code)
        is distinct from (new.id, new.owner_id, new.currency_id, new.normal_side, new.hot, new.kind, new.code))
    execute function core.append_only();
