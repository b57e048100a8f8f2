-- One day of many savings: the rules of savings/interest.py, set-wise. A test holds both to the same figures.

-- What one day is of a year, as a fraction. (core.daycount.day_fraction)
create or replace function savings.day_fraction(p_convention text, p_day date, out num int, out den int)
language sql immutable set search_path = '' as $$
    select case p_convention
            when '30E/360' then
                (extract(year from p_day + 1) - extract(year from p_day)) * 360
                + (extract(month from p_day + 1) - extract(month from p_day)) * 30
                + least(extract(day from p_day + 1), 30) - least(extract(day from p_day), 30)
            else 1 end::int,
        case p_convention
            when 'ACT/365F' then 365
            when 'ACT/ACT-ISDA' then make_date(extract(year from p_day)::int + 1, 1, 1)
                - make_date(extract(year from p_day)::int, 1, 1)
            else 360 end
$$;

-- Whether a period of the calendar ends with this day. (savings.interest.ends_on)
create or replace function savings.ends_on(p_every text, p_day date) returns boolean
language sql immutable
return p_every = 'DAY' or extract(day from p_day + 1) = 1 and extract(month from p_day)::int % case p_every
    when 'MONTH' then 1 when 'QUARTER' then 3 when 'HALF_YEAR' then 6 when 'YEAR' then 12 end = 0;

-- n / d to a whole number, half to even; neither is negative.
create or replace function savings.half_even(n numeric, d numeric) returns numeric
language sql immutable
return div(2 * n + d, 2 * d)
    - case when mod(2 * n + d, 2 * d) = 0 and mod(div(2 * n + d, 2 * d), 2) = 1 then 1 else 0 end;

-- Whole minor units of an amount that is not negative. (savings.interest.whole)
create or replace function savings.whole(p_amount numeric, p_rounding text) returns numeric
language sql immutable
return case p_rounding when 'DOWN' then trunc(p_amount) when 'HALF_UP' then round(p_amount)
    else savings.half_even(p_amount, 1) end;

-- The id of a saving's row of a day. (savings.models.savings.accrual_id)
create or replace function savings.accrual_id(p_saving uuid, p_day date) returns uuid
language sql immutable
return (lpad(to_hex((p_day - date '1970-01-01')::bigint * 86400000), 12, '0') || substr(replace(p_saving::text, '-', ''), 13))::uuid;

-- Closes one day for the savings from p_first on, before p_next, that stand at it and are not parked. `busy` counts those
-- that somebody is writing to, which are left out; `unrated` names those whose plan has no terms or no rate for them, which
-- are left too. One row per saving and day decides: a second run finds none to close. What is paid is posted with it, or
-- nothing is done at all: with the date of the next day's first moment, or as of now where p_late says so, for days whose
-- month is closed; `posted` names those postings, for whoever ties them to their month.
create or replace function savings.close_day(
    p_day date, p_first uuid, p_next uuid, p_late boolean default false, out closed bigint, out accrued numeric,
    out paid numeric, out tax numeric, out busy bigint, out unrated uuid[], out posted uuid[]
)
language plpgsql set search_path = '' as $$
declare
    v_expense uuid;
    v_taxes uuid;
    v_post record;
begin
    select a.id into strict v_expense from public.wallet_account a where a.code = 'INTEREST_EXPENSE' and a.currency_id = 'NGN';
    select a.id into strict v_taxes from public.wallet_account a where a.code = 'WITHHOLDING_TAX' and a.currency_id = 'NGN';
    with due as materialized (
        select p.* from public.savings_position p
        where p.saving_id >= p_first and p.saving_id < p_next and p.next_day = p_day and p.parked_at is null
        order by p.saving_id for no key update skip locked
    ), moved as materialized (
        select m.saving_id, sum(m.amount)::bigint as amount from public.savings_move m
        where m.value_date = p_day and m.saving_id >= p_first and m.saving_id < p_next group by m.saving_id
    ), version as materialized (
        select t.id, t.plan_id, t.method, t.rounding, t.tax, f.num, f.den * 100 as den,
            savings.ends_on(t.capitalised, p_day) as capitalises, savings.ends_on(t.paid, p_day) as pays,
            t.from_date <= p_day and t.id = first_value(t.id) over (
                partition by t.plan_id order by t.from_date <= p_day desc, t.from_date desc) as in_force
        from public.savings_planterms t cross join lateral savings.day_fraction(t.day_count, p_day) f
    ), standing as materialized (
        select d.saving_id, d.account_id, d.earns, d.carry, d.capital, d.balance + coalesce(m.amount, 0) as balance,
            v.id as terms_id, v.rounding, v.tax, v.num, v.den, v.capitalises,
            v.pays or p_day = d.last_day as pays, d.term
        from due d
        left join moved m on m.saving_id = d.saving_id
        join version v on case when d.terms_id is null then v.plan_id = d.plan_id and v.in_force else v.id = d.terms_id end
    ), rated as materialized (
        select s.*, r.rate,
            case when s.earns and s.balance >= 0
                then (r.base + (s.balance - lower(r.amount) + s.capital) * r.rate) * s.num * 10000000000 else 0 end as n
        from standing s
        join public.savings_planrate r
            on r.terms_id = s.terms_id and r.term @> s.term and r.amount @> greatest(s.balance, 0)
    ), earned as materialized (
        select e.*, savings.half_even(e.n, e.den) * 0.0000000001 as accrual from rated e
    ), gross as materialized (
        select g.*, g.carry + g.accrual as full_carry,
            case when g.pays then savings.whole(greatest(g.carry + g.accrual, 0), g.rounding) else 0 end::bigint as gross,
            case when g.capitalises then greatest(g.carry + g.accrual, 0) else g.capital end as now_capital
        from earned g
    ), net as materialized (
        select n.*, round(n.gross * n.tax / 100)::bigint as withheld,
            case when n.gross > 0 then (left(uuidv7()::text, 34) || '00')::uuid end as posting_id,
            case when round(n.gross * n.tax / 100) > 0 then (left(uuidv7()::text, 34) || '00')::uuid end as tax_posting_id
        from gross n
    ), written as (
        insert into public.savings_accrual (
            id, saving_id, day, terms_id, balance, rate, accrued, carry, paid, tax, posting_id, tax_posting_id)
        select savings.accrual_id(w.saving_id, p_day), w.saving_id, p_day, w.terms_id, w.balance,
            case when w.earns then w.rate else 0 end, w.accrual, w.full_carry - w.gross, w.gross, w.withheld, w.posting_id,
            w.tax_posting_id
        from net w
    ), stepped as (
        update public.savings_position p
        set balance = w.balance + w.gross - w.withheld, carry = w.full_carry - w.gross,
            capital = case when w.pays then greatest(least(w.now_capital, w.full_carry - w.gross), 0) else w.now_capital end,
            next_day = case when p_day = p.last_day then null else p_day + 1 end
        from net w where p.saving_id = w.saving_id
    )
    select count(*) as closed, coalesce(sum(w.accrual), 0) as accrued, coalesce(sum(w.gross), 0) as paid,
        coalesce(sum(w.withheld), 0) as tax,
        array_agg(w.posting_id order by w.account_id) filter (where w.gross > 0) as ids,
        array_agg(w.account_id order by w.account_id) filter (where w.gross > 0) as accounts,
        array_agg(w.gross order by w.account_id) filter (where w.gross > 0) as amounts,
        array_agg(w.tax_posting_id order by w.account_id) filter (where w.withheld > 0) as tax_ids,
        array_agg(w.account_id order by w.account_id) filter (where w.withheld > 0) as tax_accounts,
        array_agg(w.withheld order by w.account_id) filter (where w.withheld > 0) as taxes,
        (select count(*) from due) as due,
        (
            select count(*) from public.savings_position p
            where p.saving_id >= p_first and p.saving_id < p_next and p.next_day = p_day and p.parked_at is null
        ) as open
    into v_post from net w;
    closed := v_post.closed;
    accrued := v_post.accrued;
    paid := v_post.paid;
    tax := v_post.tax;
    busy := v_post.open - v_post.due;
    if v_post.due > closed then
        select array_agg(p.saving_id) into unrated from public.savings_position p
        where p.saving_id >= p_first and p.saving_id < p_next and p.next_day = p_day and p.parked_at is null;
    end if;
    if v_post.ids is not null then
        perform wallet.post_many(
            v_post.ids || v_post.tax_ids,
            array_fill('INTEREST'::text, array[cardinality(v_post.ids)])
                || array_fill('WITHHOLDING_TAX'::text, array[coalesce(cardinality(v_post.tax_ids), 0)]),
            array_fill(v_expense, array[cardinality(v_post.ids)]) || v_post.tax_accounts,
            v_post.accounts || array_fill(v_taxes, array[coalesce(cardinality(v_post.tax_ids), 0)]),
            v_post.amounts || v_post.taxes,
            array_fill('interest to ' || p_day, array[cardinality(v_post.ids) + coalesce(cardinality(v_post.tax_ids), 0)]),
            case when not p_late then (p_day + 1)::timestamp at time zone 'Africa/Lagos' end);
        if p_late then
            posted := v_post.ids || v_post.tax_ids;
        end if;
    end if;
end
$$;
