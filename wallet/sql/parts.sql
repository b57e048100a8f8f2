-- Taking back a part of one transaction, in as many parts as one likes, never more than it moved. Reverse: drop.sql.
--
-- The parts of a transaction are a chain: each says how much was taken back before it, once per transaction, so that two
-- at the same time cannot begin at the same place, and none passes the whole.

create table if not exists public.wallet_partreversal (
    posting_id uuid primary key,
    transaction_id uuid not null,
    before bigint not null,
    amount bigint not null,
    whole bigint not null,
    actor_id uuid,
    created_at timestamptz not null default clock_timestamp(),
    constraint wallet_partreversal_cap check (amount > 0 and before >= 0 and before <= whole - amount),
    constraint wallet_partreversal_chain unique (transaction_id, before)
);
alter table public.wallet_partreversal enable row level security;
alter table public.wallet_partreversal force row level security;
drop policy if exists wallet_partreversal_owner on public.wallet_partreversal;
create policy wallet_partreversal_owner on public.wallet_partreversal to current_user using (true) with check (true);
drop policy if exists wallet_partreversal_service on public.wallet_partreversal;
create policy wallet_partreversal_service on public.wallet_partreversal for select to service_role using (true);
grant select on public.wallet_partreversal to service_role;
drop trigger if exists append_only on public.wallet_partreversal;
create trigger append_only before update or delete or truncate on public.wallet_partreversal
    for each statement execute function core.append_only();

-- How much of a transaction was taken back in parts.
create or replace function wallet.taken_back(p_transaction uuid) returns bigint
language sql stable set search_path = ''
return coalesce((select sum(p.amount) from public.wallet_partreversal p where p.transaction_id = p_transaction), 0)::bigint;

-- Whoever takes back any of a posting has this first, until the end of their transaction, and before any account's lock.
create or replace function wallet.lock_reversals(p_posting uuid) returns void
language sql set search_path = ''
return pg_advisory_xact_lock(hashtextextended('reversals ' || p_posting::text, 0));

-- Posts the mirror image of p_amount of one transaction, under the new id p_posting. A repeat with the same ids and amount
-- returns the first result. Refuses with posting_not_found, already_reversed{reversed_by} when the whole posting was,
-- reversal_exceeded{left}, and for whatever the posting itself would be refused. For service_role only.
create or replace function wallet.reverse_part(
    p_posting uuid, p_transaction uuid, p_amount bigint, p_description text default '',
    p_effective_at timestamptz default null, p_kind text default 'REVERSAL'
) returns setof wallet.posted
language plpgsql security definer set search_path = '' as $$
declare
    v_of public.wallet_transaction;
    v_part public.wallet_partreversal;
    v_by uuid;
    v_before bigint;
begin
    perform wallet.require_service();
    select * into v_of from public.wallet_transaction where id = p_transaction;
    if not found then
        perform wallet.refuse('posting_not_found', jsonb_build_object('posting', p_transaction));
    elsif (p_amount > 0) is not true then
        perform wallet.refuse('amount_not_positive', jsonb_build_object('amount', p_amount));
    end if;
    perform wallet.lock_reversals(v_of.posting_id);
    select * into v_part from public.wallet_partreversal where posting_id = p_posting;
    if v_part.posting_id is null then
        select reversed_by into v_by from public.wallet_reversal where posting_id = v_of.posting_id;
        v_before := wallet.taken_back(p_transaction);
        if v_by is not null then
            perform wallet.refuse(
                'already_reversed', jsonb_build_object('posting', v_of.posting_id, 'reversed_by', v_by));
        elsif p_amount > v_of.amount - v_before then
            perform wallet.refuse('reversal_exceeded', jsonb_build_object(
                'transaction', p_transaction, 'amount', p_amount, 'left', v_of.amount - v_before));
        end if;
        insert into public.wallet_partreversal (posting_id, transaction_id, before, amount, whole, actor_id)
        values (p_posting, p_transaction, v_before, p_amount, v_of.amount, auth.uid());
    elsif v_part.transaction_id <> p_transaction then
        perform wallet.refuse('posting_id_reused', jsonb_build_object('posting', p_posting, 'field', 'reverses'));
    end if;
    return query select * from wallet.apply_posting(p_posting, array[p_kind], array[v_of.credit_account_id],
        array[v_of.debit_account_id], array[p_amount], p_description, p_effective_at, null, p_transaction,
        array[p_transaction]);
end
$$;

revoke all on function wallet.taken_back(uuid), wallet.lock_reversals(uuid),
    wallet.reverse_part(uuid, uuid, bigint, text, timestamptz, text) from public;
grant execute on function wallet.reverse_part(uuid, uuid, bigint, text, timestamptz, text) to service_role;
