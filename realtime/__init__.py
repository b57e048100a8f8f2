"""Events and sockets.

Whatever happened and somebody should know is a row of the outbox, written by `services.publish` in the transaction of
what it tells of. A dispatcher numbers committed rows in the order of their commits and hands them to sockets, and to
the consumers that the settings name: notices and webhooks. Sockets speak Supabase's protocol at `/realtime/v1`.
"""
