"""What of `/storage/v1` streams bytes, as an ASGI application of its own: nothing here holds a whole file in memory.

Each request is a coroutine; what blocks (the database, the disk) runs in `threads`, a step at a time, so that a slow
client holds none.
"""
