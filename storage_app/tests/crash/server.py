"""A server that is killed and started again as often as told, on one port: `server.py <folder of the files>`.

Everything is imported once; each life is a fork of that. It answers on its standard output: `port` at first, and then
`up` or `down` to each line `start` or `kill`. It ends with its standard input.
"""

import os
import signal
import socket
import sys
from datetime import timedelta

import django
import uvicorn


def main(folder: str) -> None:
    from django.conf import settings

    settings.STORAGES["files"]["OPTIONS"]["location"] = folder
    django.setup()

    from importlib import import_module

    from django.utils.module_loading import import_string

    from storage_app.services import uploads

    # A killed writer's lease must run out: sooner than in earnest, for there are many of them.
    uploads.LEASE = timedelta(milliseconds=200)
    application = import_string("config.asgi.application")
    import_string(settings.BEARERS)
    import_module(settings.AUDIT_TRAIL)
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    print(listener.getsockname()[1], flush=True)
    life = 0
    for line in sys.stdin:
        if line == "start\n":
            life = os.fork()
            if not life:
                sys.stdin.close()
                serve(application, listener)
                os._exit(0)
            print("up", flush=True)
        else:
            end(life)
            life = 0
            print("down", flush=True)
    end(life)


def serve(application: object, listener: socket.socket) -> None:
    config = uvicorn.Config(application, lifespan="off", access_log=False, log_config=None)  # type: ignore[arg-type]
    uvicorn.Server(config).run(sockets=[listener])


def end(life: int) -> None:
    if life:
        os.kill(life, signal.SIGKILL)
        os.waitpid(life, 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
