-- How far whoever follows the books has come. Run once. Reverse: see the migration.

-- How far a follower has come is a snapshot, as in the outbox: what is visible now and was not then is new, and no long
-- transaction holds up the others.
alter table public.wallet_follower add column snapshot pg_snapshot;
update public.wallet_follower set snapshot = (horizon || ':' || horizon || ':')::pg_snapshot where horizon > '0';
update public.wallet_follower set snapshot = '1:1:' where snapshot is null;
alter table public.wallet_follower alter column snapshot set not null, drop column horizon;
