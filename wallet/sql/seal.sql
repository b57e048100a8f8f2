-- The seal: a hash chain over the digests, made off the hot path. Reverse: drop.sql.

-- The head of a seal: sha256 over the previous head, its number, its window and the digests in the order of ids.
create function wallet.seal_head(
    p_previous bytea, p_number bigint, p_from xid8, p_to xid8, p_rows bigint, p_digests bytea
) returns bytea
language sql immutable
return sha256(p_previous || convert_to(
    p_number::text || '|' || p_from::text || '|' || p_to::text || '|' || p_rows::text || '|', 'UTF8') || p_digests);

-- Seals every row that is final and not yet sealed; p_until makes it stop earlier. Returns the last seal, which is the
-- old one when the horizon has not moved. For service_role only.
create function wallet.seal(p_until xid8 default null) returns public.wallet_seal
language plpgsql security definer set search_path = '' as $$
declare
    v_last public.wallet_seal;
    v_from xid8;
    v_to xid8;
    v_rows bigint;
    v_digests bytea;
begin
    perform wallet.require_service();
    lock table public.wallet_seal in share row exclusive mode;
    select * into v_last from public.wallet_seal order by number desc limit 1;
    v_from := coalesce(v_last.to_xid, '0');
    v_to := least(pg_snapshot_xmin(pg_current_snapshot()), coalesce(p_until, pg_snapshot_xmin(pg_current_snapshot())));
    if v_to <= v_from then
        return v_last;
    end if;
    select count(*), coalesce(string_agg(t.digest, '' order by t.id), '') into v_rows, v_digests
    from public.wallet_transaction t where t.xid >= v_from and t.xid < v_to;
    insert into public.wallet_seal (number, from_xid, to_xid, rows, previous, head)
    values (coalesce(v_last.number, 0) + 1, v_from, v_to, v_rows, coalesce(v_last.head, ''),
        wallet.seal_head(coalesce(v_last.head, ''), coalesce(v_last.number, 0) + 1, v_from, v_to, v_rows, v_digests))
    returning * into v_last;
    return v_last;
end
$$;
