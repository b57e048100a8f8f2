-- The ledger as its readers see it. Reverse: drop.sql.
--
-- Row security works by row, and a transaction's row holds both accounts' balances. So a customer has no right to those
-- columns, and reads them here, each transaction from its own side. The two halves belong to two roles nobody can log in
-- as, and each role's policy shows the rows whose account on that side the reader may see. (A condition in the views
-- themselves would do as well, but the planner cannot then merge the two halves' indexes and sorts the whole history.)

do $$
declare
    v_role text;
begin
    foreach v_role in array array['wallet_debit_reader', 'wallet_credit_reader'] loop
        if not exists (select from pg_catalog.pg_roles where rolname = v_role) then
            begin
                execute format('create role %I nologin noinherit', v_role);
            exception when duplicate_object or unique_violation then null;  -- made for another database just now
            end;
        end if;
        execute format('grant %I to current_user with set true, inherit false', v_role);
        execute format('grant usage, create on schema public to %I', v_role);
        execute format('grant usage on schema wallet to %I', v_role);
        execute format('grant select on public.wallet_transaction, public.wallet_account to %I', v_role);
        execute format('create policy %I on public.wallet_account for select to %I using (true)', v_role, v_role);
    end loop;
end
$$;

-- True for service_role and for the owner; a customer and a stranger see their own rows only.
create function wallet.sees_all() returns boolean
language plpgsql stable security definer set search_path = '' as $$
begin
    return current_setting('role', true) = 'service_role'
        or current_setting('role', true) = 'none' and pg_has_role(session_user, current_user, 'MEMBER');
end
$$;

create policy wallet_transaction_debit_side on public.wallet_transaction for select to wallet_debit_reader using (
    case when (select wallet.sees_all()) then true
    else debit_account_id = any ((select wallet.own_accounts())::uuid[]) end);
create policy wallet_transaction_credit_side on public.wallet_transaction for select to wallet_credit_reader using (
    case when (select wallet.sees_all()) then true
    else credit_account_id = any ((select wallet.own_accounts())::uuid[]) end);

-- Both halves have the same column types to the letter: otherwise the planner sorts instead of merging.
create view public.wallet_debit_entry as
select t.id as transaction_id, t.posting_id, t.debit_account_id as account_id, 'DEBIT'::text as side, t.amount,
    case (select a.normal_side from public.wallet_account a where a.id = t.debit_account_id)
        when 'DEBIT' then t.amount when 'CREDIT' then -t.amount end as change,
    t.currency, t.debit_version as version, t.debit_balance as balance, t.credit_account_id as counterparty_id,
    t.kind::text as kind, t.description::text as description, t.effective_at, t.recorded_at, t.hold_id, t.reverses, t.actor_id
from public.wallet_transaction t;

create view public.wallet_credit_entry as
select t.id as transaction_id, t.posting_id, t.credit_account_id as account_id, 'CREDIT'::text as side, t.amount,
    case (select a.normal_side from public.wallet_account a where a.id = t.credit_account_id)
        when 'CREDIT' then t.amount when 'DEBIT' then -t.amount end as change,
    t.currency, t.credit_version as version, t.credit_balance as balance, t.debit_account_id as counterparty_id,
    t.kind::text as kind, t.description::text as description, t.effective_at, t.recorded_at, t.hold_id, t.reverses, t.actor_id
from public.wallet_transaction t;

grant select on public.wallet_debit_entry, public.wallet_credit_entry to authenticated, service_role;
alter view public.wallet_debit_entry owner to wallet_debit_reader;
alter view public.wallet_credit_entry owner to wallet_credit_reader;
revoke create on schema public from wallet_debit_reader, wallet_credit_reader;
