-- Setting aside what is claimed back from an account by who paid into it. Reverse: drop.sql.

-- Holds up to p_most of what is available, at least p_least, whatever its owner's standing and limits are: nobody chooses to
-- be claimed from, and it counts towards nothing. A repeat with the same id returns the hold as it is now; null when there
-- is nothing to hold. Refuses with amount_not_positive, account_not_found, hold_id_reused, insufficient_funds. For
-- service_role only.
create or replace function wallet.claim(p_hold uuid, p_account uuid, p_most bigint, p_least bigint, p_reason text)
returns public.wallet_hold
language plpgsql security definer set search_path = '' as $$
declare
    v_account public.wallet_account;
    v_hold public.wallet_hold;
    v_amount bigint;
begin
    perform wallet.require_service();
    select * into v_account from public.wallet_account where id = p_account for no key update;
    if not found then
        perform wallet.refuse('account_not_found', jsonb_build_object('account', p_account));
    elsif (p_most > 0 and p_least >= 0) is not true then
        perform wallet.refuse('amount_not_positive', jsonb_build_object('amount', p_most));
    end if;
    select * into v_hold from public.wallet_hold where id = p_hold;
    if found then
        if v_hold.account_id <> p_account then
            perform wallet.refuse('hold_id_reused', jsonb_build_object('hold', p_hold, 'field', 'account'));
        end if;
        return v_hold;
    end if;
    v_account := wallet.release_overdue(v_account);
    v_amount := case when v_account.hot then 0
        else least(p_most, v_account.balance - v_account.held - coalesce(v_account.floor, 0)) end;
    if v_amount < p_least then
        perform wallet.refuse('insufficient_funds', jsonb_build_object('hold', p_hold) || wallet.balance_facts(
            p_account, v_account.balance, v_account.held, v_account.floor, v_account.cap, -p_least));
    elsif v_amount <= 0 then
        return null;
    end if;
    insert into public.wallet_hold (id, account_id, amount, counted, reason, actor_id, created_at)
    values (p_hold, p_account, v_amount, 0, coalesce(p_reason, ''), auth.uid(), clock_timestamp())
    returning * into v_hold;
    update public.wallet_account set held = held + v_amount where id = p_account;
    return v_hold;
end
$$;

revoke all on function wallet.claim(uuid, uuid, bigint, bigint, text) from public;
grant execute on function wallet.claim(uuid, uuid, bigint, bigint, text) to service_role;
