"""Steps that block, run in threads, so that the event loop waits for none of them."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import Any, ParamSpec, TypeVar

from django.db import close_old_connections

from core.actors import Origin, from_origin

P = ParamSpec("P")
R = TypeVar("R")


class Threads:
    """Threads for one kind of work: however much there is of it, the others keep theirs.

    All pools of a process together hold fewer threads than it has database connections: pages need some too.
    """

    def __init__(self, name: str, number: int) -> None:
        self._pool = ThreadPoolExecutor(number, thread_name_prefix=name)

    async def blocking(self, step: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run a step that reads or writes bytes; it must not touch the database."""
        context = copy_context()
        run = partial(context.run, step, *args, **kwargs)
        result: R = await asyncio.get_running_loop().run_in_executor(self._pool, run)
        return result

    async def with_database(
        self, origin: Origin, step: Callable[P, R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """Run a step on a connection that is given back when it ends; it opens and closes its own `acting(…)`."""
        return await self.blocking(_connected, origin, step, *args, **kwargs)


def _connected(origin: Origin, step: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    close_old_connections()
    try:
        with from_origin(origin):
            return step(*args, **kwargs)
    finally:
        close_old_connections()
