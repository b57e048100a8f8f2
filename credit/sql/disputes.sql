-- Whoever marked a report as disputed for its person does not decide what becomes of it: another officer does.
-- Reverse: the migration names it.

create function credit.another_settles() returns trigger
language plpgsql set search_path = '' as $$
begin
    if exists (
        select from public.credit_bureaureport r
        where r.application_id = new.application_id and r.disputed_by_id = new.decided_by_id
    )
    then
        raise exception using errcode = '23514', constraint = 'dispute_two_people',
            message = 'one marks a report as disputed and another decides';
    end if;
    return null;
end
$$;
revoke all on function credit.another_settles() from public;

create constraint trigger another_settles after insert or update of decided_by_id on public.credit_case
    for each row when (new.kind = 'DISPUTE' and new.decided_by_id is not null)
    execute function credit.another_settles();
