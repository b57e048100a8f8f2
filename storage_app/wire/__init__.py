"""The face of files under `/storage/v1`, as Supabase's clients know it: what answers with JSON. Bytes go by `asgi`."""
