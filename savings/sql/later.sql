-- What came with opening savings. Reverse: the tables go with their migration.

create trigger append_only before update or delete or truncate on public.savings_interestchoice
    for each statement execute function core.append_only();
create trigger append_only before update or delete or truncate on public.savings_replay
    for each statement execute function core.append_only();
create trigger append_only before update or delete or truncate on public.savings_replacedaccrual
    for each statement execute function core.append_only();
