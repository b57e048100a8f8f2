"""Steps that block, run in threads. A slow client waits outside: no thread is held between two steps."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import Any, ParamSpec, TypeVar

from django.db import close_old_connections

from core.actors import Origin, from_origin

# Fewer than a process has database connections: pages need some too.
THREADS = 12
_pool = ThreadPoolExecutor(THREADS, thread_name_prefix="files")
# For what takes a processor for a second: however many ask for that, files go out meanwhile.
_slow = ThreadPoolExecutor(2, thread_name_prefix="pictures")

P = ParamSpec("P")
R = TypeVar("R")


async def blocking(step: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run a step that reads or writes bytes; it must not touch the database."""
    context = copy_context()
    run = partial(context.run, step, *args, **kwargs)
    result: R = await asyncio.get_running_loop().run_in_executor(_pool, run)
    return result


async def with_database(origin: Origin, step: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run a step on a connection that is given back when it ends; it opens and closes its own `acting(…)`."""
    return await blocking(_connected, origin, step, *args, **kwargs)


async def slowly(origin: Origin, step: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Likewise, for a step that computes: it waits its turn among its like."""
    run = partial(copy_context().run, _connected, origin, step, *args, **kwargs)
    result: R = await asyncio.get_running_loop().run_in_executor(_slow, run)
    return result


def _connected(origin: Origin, step: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    close_old_connections()
    try:
        with from_origin(origin):
            return step(*args, **kwargs)
    finally:
        close_old_connections()
