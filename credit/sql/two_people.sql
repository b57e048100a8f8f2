-- Listing above ₦1,000,000 what the score would not is two people's: one recommends it, another decides
-- (`case_two_people` keeps them apart). Reverse: the migration names it.

create function credit.two_people() returns trigger
language plpgsql set search_path = '' as $$
begin
    if new.decided_at is not null and new.decision in ('LIST', 'UPHOLD') and new.recommended_by_id is null
        and exists (
            select from public.credit_application a where a.id = new.application_id and a.amount > 100000000
        )
    then
        raise exception using errcode = '23514', constraint = 'case_two_people',
            message = 'above this amount one recommends and another decides';
    end if;
    return null;
end
$$;
revoke all on function credit.two_people() from public;

create constraint trigger two_people after insert or update of decision, decided_at on public.credit_case
    for each row execute function credit.two_people();
