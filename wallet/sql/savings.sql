-- Accounts that people save in: as many as they like, each with an id of its own. Reverse: drop.sql.

drop index if exists public.wallet_account_owner_kind_currency;
create unique index wallet_account_owner_kind_currency on public.wallet_account (
    owner_id, kind, currency_id, (case when kind = 'SAVINGS' then id end)) nulls not distinct
    where owner_id is not null;

-- Opens the account that the caller has chosen an id for; a second time it is there already.
create or replace function wallet.open_savings(p_id uuid, p_owner uuid, p_currency text) returns uuid
language plpgsql security definer set search_path = '' as $$
declare
    v_account public.wallet_account;
begin
    perform wallet.require_service();
    insert into public.wallet_account (id, owner_id, kind, currency_id, normal_side, floor)
    values (p_id, p_owner, 'SAVINGS', p_currency::char(3), 'CREDIT', 0)
    on conflict (id) do nothing;
    select * into strict v_account from public.wallet_account where id = p_id;
    if (v_account.owner_id, v_account.kind, v_account.currency_id) is distinct from (p_owner, 'SAVINGS', p_currency::char(3)) then
        perform wallet.refuse('account_differs', jsonb_build_object('account', p_id));
    end if;
    return p_id;
end
$$;
revoke all on function wallet.open_savings(uuid, uuid, text) from public;
grant execute on function wallet.open_savings(uuid, uuid, text) to service_role;
