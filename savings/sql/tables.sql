-- What the models cannot say. Reverse: the tables go with their migration.

alter table public.savings_position set (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);

create trigger append_only before update or delete or truncate on public.savings_planterms
    for each statement execute function core.append_only();
create trigger append_only before update or delete or truncate on public.savings_planrate
    for each statement execute function core.append_only();
create trigger append_only before update or delete or truncate on public.savings_move
    for each statement execute function core.append_only();
create trigger append_only before update or delete or truncate on public.savings_statechange
    for each statement execute function core.append_only();

-- Cells that overlap are refused by plan_rate_overlap as they come; whether they leave a gap is known at the end. Both
-- ranges go on without end: what lies above the last band's floor has that band's rate.
create function savings.whole_table() returns trigger
language plpgsql set search_path = '' as $$
begin
    if exists (
        select from (
            select lower(c.amount) as floor, upper(c.amount) as ceiling,
                lag(upper(c.amount), 1, 0) over w as before, lead(lower(c.amount)) over w as after
            from public.savings_planrate c where c.terms_id = new.terms_id
            window w as (partition by c.term order by lower(c.amount))
        ) a where a.floor <> a.before or a.ceiling is distinct from a.after
    ) or exists (
        select from (
            select upper(r.term) as ceiling, lead(lower(r.term)) over (order by lower(r.term)) as after
            from (select distinct c.term from public.savings_planrate c where c.terms_id = new.terms_id) r
        ) t where t.ceiling is distinct from t.after
    ) then
        raise exception using errcode = '23514', constraint = 'plan_rate_gap',
            message = 'the rates leave a gap', hint = 'Each band begins where the one before ends; the last has no end.';
    end if;
    if exists (
        select from (
            select c.base, case t.method
                when 'WHOLE' then lower(c.amount) * c.rate
                else coalesce(sum((upper(c.amount) - lower(c.amount)) * c.rate) over (
                    partition by c.term order by lower(c.amount) rows between unbounded preceding and 1 preceding), 0)
                end as due
            from public.savings_planrate c join public.savings_planterms t on t.id = c.terms_id
            where c.terms_id = new.terms_id
        ) b where b.base <> b.due
    ) then
        raise exception using errcode = '23514', constraint = 'plan_rate_base',
            message = 'a base does not follow from the bands below';
    end if;
    return null;
end
$$;

create constraint trigger whole_table after insert on public.savings_planrate
    deferrable initially deferred for each row execute function savings.whole_table();
