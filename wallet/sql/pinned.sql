-- A payout stays with the gateway that it was ordered from: asked of another one, it would be paid twice. Reverse: see the
-- migration.

create or replace function wallet.payout_is_pinned() returns trigger
language plpgsql set search_path = '' as $$
begin
    raise exception using errcode = '23514', table = tg_table_name, constraint = 'payout_gateway_pinned',
        message = 'a payout that was ordered stays with its gateway';
end
$$;
revoke all on function wallet.payout_is_pinned() from public;

create or replace trigger pinned before update of gateway_id on public.wallet_payout
    for each row when (old.orders > 0 and new.gateway_id is distinct from old.gateway_id)
    execute function wallet.payout_is_pinned();
