"""The ledger's SQL, run by the first migration. `post.sql` is the one door to the books."""
