-- Customer to customer, in one round trip. Reverse: drop.sql.

-- Posts `p_amount` from an account to the recipient's wallet of the same currency, opened when there is none; see
-- wallet.post_one, which asks whether the caller may. Only customers receive.
create function wallet.send(p_posting uuid, p_source uuid, p_recipient uuid, p_amount bigint, p_note text)
returns wallet.posted
language plpgsql security definer set search_path = '' as $$
declare
    v_currency char(3);
    v_target uuid;
begin
    select s.currency_id, t.id into v_currency, v_target
    from public.wallet_account s
    left join public.wallet_account t
        on t.owner_id = p_recipient and t.kind = 'WALLET' and t.currency_id = s.currency_id
    where s.id = p_source;
    if v_target is null then
        if v_currency is null then
            perform wallet.refuse('account_not_found', jsonb_build_object('account', p_source));
        elsif not exists (select from public.accounts_customer where user_id = p_recipient and status = 'ACTIVE') then
            perform wallet.refuse('recipient_not_found', jsonb_build_object('recipient', p_recipient));
        end if;
        v_target := wallet.account_of(p_recipient, 'WALLET', v_currency);
    end if;
    return wallet.post_one(p_posting, 'TRANSFER', p_source, v_target, p_amount, p_note);
end
$$;
