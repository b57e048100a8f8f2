-- Days that are closed anew. Reverse: the functions go with their schema.

-- Takes a saving's days from the replay's own on out of the accruals, each kept as it was beside the replay that replaced
-- it. Nobody may delete a day otherwise, and none is deleted that is not kept.
create or replace function savings.replace_days(p_replay uuid) returns bigint
language plpgsql security definer set search_path = '' as $$
declare
    v_replay public.savings_replay;
    v_first date;
    v_many bigint;
begin
    if not wallet.is_service() then
        raise exception using errcode = '42501', message = 'only service_role may do this';
    end if;
    select * into strict v_replay from public.savings_replay r where r.id = p_replay;
    v_first := greatest(v_replay.since, v_replay.stands_from);
    with replaced as (
        delete from public.savings_accrual a
        using public.savings_position p, generate_series(0, p.next_day - v_first - 1) n
        where p.saving_id = v_replay.saving_id and a.id = savings.accrual_id(v_replay.saving_id, v_first + n)
        returning a.*
    )
    insert into public.savings_replacedaccrual (
        id, replay_id, saving_id, day, terms_id, balance, rate, accrued, carry, paid, tax, posting_id, tax_posting_id)
    select uuidv7(), p_replay, r.saving_id, r.day, r.terms_id, r.balance, r.rate, r.accrued, r.carry, r.paid, r.tax,
        r.posting_id, r.tax_posting_id
    from replaced r;
    get diagnostics v_many = row_count;
    return v_many;
end
$$;
