"""A process of its own that refreshes one token several times at once, when it is told to: see test_refresh_processes.

Says `ready`, waits for a line with the token, and answers with what each request got, as JSON.
"""

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import django

AT_ONCE = 5


def main() -> None:
    django.setup()

    from django.db import connections
    from django.test import Client

    from accounts.tests.wire import call

    call(Client(), "GET", "settings")  # all of the program is loaded
    connections.close_all()
    print("ready", flush=True)
    token = sys.stdin.readline().strip()
    together = Barrier(AT_ONCE)

    def refresh(_turn: int) -> tuple[int, str]:
        try:
            together.wait()
            answer = call(Client(), "POST", "token?grant_type=refresh_token", {"refresh_token": token})
            return answer.status_code, answer.json().get("refresh_token", "")
        finally:
            connections.close_all()

    with ThreadPoolExecutor(AT_ONCE) as threads:
        print(json.dumps(list(threads.map(refresh, range(AT_ONCE)))), flush=True)


if __name__ == "__main__":
    main()
