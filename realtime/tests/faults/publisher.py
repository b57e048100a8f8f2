"""Publishes while others are killed: `publisher.py <person> <organisation> <how many transactions>`.

Some transactions tell of several things at once, some take their time, and some are rolled back: what those say is
called `undone`.
"""

import random
import sys
import time

import django

django.setup()

from django.db import transaction  # noqa: E402

from accounts import services as accounts  # noqa: E402
from accounts.models import Notification  # noqa: E402
from core.actors import acting_as_service  # noqa: E402
from realtime import services as realtime  # noqa: E402

# Told to third parties, and to the person by a letter that nobody can turn off.
JOINED = {"done": "member.joined", "undone": "member.left"}
NOTICE = "legal.terms"


def main(person: str, organization: str, transactions: int) -> None:
    chance = random.Random(5)
    for number in range(transactions):
        try:
            with acting_as_service(), transaction.atomic():
                undone = chance.random() < 0.1
                tell(person, organization, number, chance, "undone" if undone else "done")
                if chance.random() < 0.02:
                    time.sleep(0.05)
                if undone:
                    raise InterruptedError
        except InterruptedError:
            pass


def tell(person: str, organization: str, number: int, chance: random.Random, event: str) -> None:
    for part in range(chance.choice([1, 1, 2])):
        realtime.publish(topic=f"user:{person}", event=event, payload={"number": number, "part": part})
    if number % 10 == 0:
        realtime.publish(topic=f"org:{organization}", event=JOINED[event], payload={"number": number})
    if number % 20 == 0:
        accounts.notify(notices=[Notification(user_id=person, event=NOTICE, data={event: number})])


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
