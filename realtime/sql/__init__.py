"""The outbox in SQL, run by the migrations: numbering in the order of commits, and Supabase's functions."""
