-- A transfer and what it costs, as one posting. Reverse: see the migration.

-- As wallet.send, with charges that the sender bears, in this order after the amount. Each goes to the operator's account
-- of its kind and to no other, whoever calls; how much each is, the service knows (wallet/services/fees.py).
create or replace function wallet.send_charged(
    p_posting uuid, p_source uuid, p_recipient uuid, p_currency char(3), p_amount bigint, p_note text,
    p_kinds text[], p_amounts bigint[]
) returns setof wallet.posted
language plpgsql security definer set search_path = '' as $$
declare
    v_target uuid;
    v_credits uuid[];
    v_many constant integer := coalesce(cardinality(p_kinds), 0) + 1;
begin
    perform wallet.check_customer(p_posting, '{TRANSFER}', array[p_source], '{}', null);
    select array_agg(a.id order by k.n) into v_credits
    from unnest(p_kinds) with ordinality k (kind, n)
    join public.wallet_account a on a.currency_id = p_currency and a.code = case k.kind
        when 'FEE' then 'FEE_INCOME' when 'VAT' then 'VAT_PAYABLE' when 'STAMP_DUTY' then 'STAMP_DUTY_PAYABLE' end;
    if coalesce(cardinality(v_credits), 0) <> v_many - 1 then
        raise exception using errcode = '22023', message = 'a transfer is charged fee, tax and duty only';
    end if;
    select id into v_target from public.wallet_account
    where owner_id = p_recipient and kind = 'WALLET' and currency_id = p_currency;
    if v_target is null then
        v_target := wallet.open_for(p_recipient, p_currency);
    end if;
    return query select * from wallet.apply_posting(p_posting, 'TRANSFER'::text || p_kinds, array_fill(p_source, array[v_many]),
        v_target || v_credits, p_amount || p_amounts, coalesce(p_note, ''), null, null, null);
end
$$;
revoke all on function wallet.send_charged(uuid, uuid, uuid, char(3), bigint, text, text[], bigint[]) from public;
grant execute on function wallet.send_charged(uuid, uuid, uuid, char(3), bigint, text, text[], bigint[])
to authenticated, service_role;
