"""An answer that never comes: the connection ends before it, as when a cable is cut."""

import os
import socket
from contextlib import suppress

from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse


def hang_up(request: HttpRequest) -> HttpResponseBase:
    """Return an answer that breaks off at once.

    An ASGI server closes a connection that owes bytes. A WSGI server would keep it, so it is closed beneath it here.
    """
    stream = getattr(request, "environ", {}).get("wsgi.input")
    reader = getattr(getattr(stream, "_read", None), "__self__", None)
    if reader is not None:
        with suppress(OSError), socket.socket(fileno=os.dup(reader.fileno())) as connection:
            connection.shutdown(socket.SHUT_RDWR)
    return StreamingHttpResponse([], headers={"Content-Length": "1"})
