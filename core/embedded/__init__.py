"""The default PostgreSQL and Valkey: real servers from wheels, started under `<root>/.data`.

Used where no DATABASE_URL and REDIS_URL are set. Both listen on private Unix sockets only, outlive a killed
parent and are adopted by the next start. Nothing here imports Django: settings ask it where the sockets are.
"""

from core.embedded.place import StoreError
from core.embedded.postgres import Postgres
from core.embedded.stores import Stores, ensure_running
from core.embedded.valkey import Valkey

__all__ = ["Postgres", "StoreError", "Stores", "Valkey", "ensure_running"]
