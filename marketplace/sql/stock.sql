-- Stock that is never promised twice. Whoever changes `stock` or `reserved` first locks the variants in the order of their
-- ids: so nobody waits in a circle, and what is read after the lock holds until the end of the transaction.

-- Sets pieces of variants aside for a checkout: of all of them, or of none. Returns those of which there are not enough,
-- with how many there are; no row means that all are set aside. A checkout does it once: a second time is a fault.
create function marketplace.reserve(p_checkout uuid, p_variants uuid[], p_quantities integer[])
returns table (variant uuid, available integer)
language plpgsql set search_path = '' as $$
begin
    perform from public.marketplace_variant v where v.id = any (p_variants) order by v.id for no key update;
    return query
        select w.id, coalesce(v.stock - v.reserved, 0)
        from unnest(p_variants, p_quantities) w (id, quantity)
        left join public.marketplace_variant v on v.id = w.id and v.is_open
        where coalesce(v.stock - v.reserved, 0) < w.quantity order by w.id;
    if found then
        return;
    end if;
    insert into public.marketplace_reservation (id, checkout_id, variant_id, quantity, state)
    select uuidv7(), p_checkout, w.id, w.quantity, 'HELD' from unnest(p_variants, p_quantities) w (id, quantity);
    update public.marketplace_variant v set reserved = v.reserved + w.quantity
    from unnest(p_variants, p_quantities) w (id, quantity) where v.id = w.id;
end
$$;

-- Ends what is still set aside for checkouts: SOLD takes the pieces out of the stock, RELEASED gives them back. Returns how
-- many reservations it ended; those that somebody ended before it are not among them.
create function marketplace.end_reservations(p_checkouts uuid[], p_state text) returns integer
language plpgsql set search_path = '' as $$
declare
    v_many integer;
begin
    perform from public.marketplace_variant v
    where v.id in (
        select r.variant_id from public.marketplace_reservation r
        where r.checkout_id = any (p_checkouts) and r.state = 'HELD')
    order by v.id for no key update;
    with ended as (
        update public.marketplace_reservation r set state = p_state, ended_at = clock_timestamp()
        where r.checkout_id = any (p_checkouts) and r.state = 'HELD'
        returning r.variant_id, r.quantity
    ), given_back as (
        update public.marketplace_variant v
        set reserved = v.reserved - e.quantity, stock = v.stock - case p_state when 'SOLD' then e.quantity else 0 end
        from (select variant_id, sum(quantity)::integer as quantity from ended group by variant_id) e
        where v.id = e.variant_id
    )
    select count(*) into v_many from ended;
    return v_many;
end
$$;
