-- One day of many loans: the rules of credit/delinquency.py, set-wise. A test holds both to the same figures.

-- The id of a loan's row of a day. (credit.models.days.loan_day_id)
create or replace function credit.loan_day_id(p_loan uuid, p_day date) returns uuid
language sql immutable
return (lpad(to_hex((p_day - date '1970-01-01')::bigint * 86400000), 12, '0') || substr(replace(p_loan::text, '-', ''), 13))::uuid;

-- Closes one day for the loans from p_first on, before p_next, that stand at it and are not parked. A loan on whose next
-- day something falls due is closed only where p_folded says where it stands then; without, each earns `per_day` and
-- stands as it did. `busy` counts those that somebody is writing to, or that were freed too late to be folded: they are
-- left out. `fell` names those that were on time and are late now. One row per loan and day decides: a second run finds
-- none to close. A loan of which nothing is owed or will be has its last day.
create or replace function credit.close_day(
    p_day date, p_first uuid, p_next uuid, p_folded jsonb, out closed bigint, out accrued numeric, out busy bigint,
    out fell uuid[]
)
language plpgsql set search_path = '' as $$
declare
    v_rates record;
begin
    select r.* into strict v_rates from public.credit_lossrates r
    where r.from_date <= p_day order by r.from_date desc limit 1;
    with folded as materialized (
        select f.* from jsonb_to_recordset(p_folded) as f (
            loan_id uuid, next_event_on date, per_day numeric, accrued numeric, charged bigint, principal bigint,
            due_interest bigint, due_principal bigint, fees bigint, penalties bigint, overpaid bigint, next_due_on date,
            next_due_amount bigint, due_since date, charged_row smallint, penalties_charged bigint, data jsonb,
            transactions integer)
    ), paused as materialized (
        select x.loan_id, range_agg(daterange(x.since, x.until)) as days from public.credit_delinquencypause x
        where x.loan_id >= p_first and x.loan_id < p_next group by x.loan_id
    ), due as materialized (
        select p.* from public.credit_position p
        where p.loan_id >= p_first and p.loan_id < p_next and p.next_day = p_day and p.parked_at is null
        order by p.loan_id for no key update skip locked
    ), standing as materialized (
        select d.loan_id, d.principal, d.per_day, d.noted, d.bucket, d.stage, d.cured_since, d.due_interest,
            d.overdue_days as were, d.due_interest + d.due_principal as overdue,
            coalesce(f.accrued, d.accrued + d.per_day) as accrued, f.loan_id is not null as is_folded,
            d.due_since is null or d.due_since >= p_day as is_clean,
            case when d.due_since < p_day then p_day - d.due_since - coalesce((
                select sum(upper(r) - lower(r))
                from unnest(x.days * datemultirange(daterange(d.due_since + 1, p_day + 1))) r
            ), 0) else 0 end::int as days,
            f.loan_id is null and d.per_day = 0
                and d.principal + d.due_interest + d.fees + d.penalties + d.next_due_amount = 0 as is_over
        from due d left join folded f on f.loan_id = d.loan_id left join paused x on x.loan_id = d.loan_id
        where f.loan_id is not null or d.next_event_on is null or d.next_event_on > p_day + 1
    ), staged as materialized (
        select s.*, g.stage as worst,
            case when s.days <= 0 then 'CURRENT' when s.days <= 30 then 'DAYS_1_30' when s.days <= 60 then 'DAYS_31_60'
                when s.days <= 90 then 'DAYS_61_90' else 'DAYS_OVER_90' end as now,
            case when s.is_clean and g.stage > 1 then coalesce(s.cured_since, p_day) end as cured
        from standing s cross join lateral (
            select greatest(s.stage, case when s.days >= 90 then 3 when s.days > 30 then 2 else 1 end) as stage
        ) g
    ), late as materialized (
        select g.*, g.worst - case when p_day - g.cured >= 90 then 1 else 0 end as stage_now,
            case when p_day - g.cured < 90 then g.cured when g.worst > 2 and g.cured is not null then p_day end as cured_now
        from staged g
    ), written as (
        insert into public.credit_loanday (
            id, loan_id, day, principal, accrued, adjusted, overdue, overdue_days, bucket, stage, allowance)
        select credit.loan_day_id(w.loan_id, p_day), w.loan_id, p_day, w.principal, w.per_day,
            w.accrued - w.noted - w.per_day, w.overdue, w.days, w.now, w.stage_now,
            ceil((w.principal + w.due_interest)
                * case w.stage_now when 1 then v_rates.stage_1 when 2 then v_rates.stage_2 else v_rates.stage_3 end
                * v_rates.loss / 10000)
        from late w
    ), changed as (
        insert into public.credit_bucketchange (loan_id, day, was, now, stage_was, stage_now, overdue_days)
        select w.loan_id, p_day, w.bucket, w.now, w.stage, w.stage_now, w.days
        from late w where w.now <> w.bucket or w.stage_now <> w.stage
    ), stepped as (
        update public.credit_position p
        set next_day = case when not w.is_over then p_day + 1 end, accrued = w.accrued, noted = w.accrued,
            overdue_days = w.days, bucket = w.now, stage = w.stage_now, cured_since = w.cured_now
        from late w where p.loan_id = w.loan_id and p.loan_id >= p_first and p.loan_id < p_next
            and not w.is_folded
    ), turned as (
        update public.credit_position p
        set next_day = p_day + 1, accrued = w.accrued, noted = w.accrued, overdue_days = w.days, bucket = w.now,
            stage = w.stage_now, cured_since = w.cured_now, next_event_on = f.next_event_on, per_day = f.per_day,
            charged = f.charged, principal = f.principal, due_interest = f.due_interest,
            due_principal = f.due_principal, fees = f.fees, penalties = f.penalties, overpaid = f.overpaid,
            next_due_on = f.next_due_on, next_due_amount = f.next_due_amount, due_since = f.due_since,
            charged_row = f.charged_row, penalties_charged = f.penalties_charged
        from late w join folded f on f.loan_id = w.loan_id where p.loan_id = w.loan_id
    ), stood as (
        update public.credit_loanstanding s set data = f.data, transactions = f.transactions
        from late w join folded f on f.loan_id = w.loan_id where s.loan_id = w.loan_id
    )
    select count(*), coalesce(sum(w.accrued - w.noted), 0),
        array_agg(w.loan_id order by w.loan_id) filter (where w.were = 0 and w.days > 0),
        (
            select count(*) from public.credit_position p
            where p.loan_id >= p_first and p.loan_id < p_next and p.next_day = p_day and p.parked_at is null
        ) - count(*)
    into closed, accrued, fell, busy
    from late w;
end
$$;
