-- Customer to customer, in one round trip. Reverse: drop.sql.

-- The recipient's wallet of a currency, opened for a customer who may receive.
create or replace function wallet.open_for(p_recipient uuid, p_currency char(3)) returns uuid
language plpgsql set search_path = '' as $$
begin
    if not exists (
        select from public.accounts_customer
        where user_id = p_recipient and wallet.owner_refusal(status, 'CREDIT') is null
    ) then
        perform wallet.refuse('recipient_not_found', jsonb_build_object('recipient', p_recipient));
    end if;
    return wallet.account_of(p_recipient, 'WALLET', p_currency);
end
$$;
revoke all on function wallet.open_for(uuid, char(3)) from public;

-- Posts `p_amount` from an account to the recipient's wallet of that currency, opened when there is none; see
-- wallet.post_one, which asks whether the caller may. Only customers receive.
create or replace function wallet.send(
    p_posting uuid, p_source uuid, p_recipient uuid, p_currency char(3), p_amount bigint, p_note text
) returns wallet.posted
language plpgsql security definer set search_path = '' as $$
declare
    v_target uuid;
begin
    select id into v_target from public.wallet_account
    where owner_id = p_recipient and kind = 'WALLET' and currency_id = p_currency;
    if v_target is null then
        v_target := wallet.open_for(p_recipient, p_currency);
    end if;
    return wallet.post_one(p_posting, 'TRANSFER', p_source, v_target, p_amount, p_note);
end
$$;
