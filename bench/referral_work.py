"""The two runs that are compared: `python -m bench.referral_work pay|bulk` prints postings a second.

`bulk` is the ledger's own way for as many postings to the same accounts in the same order, each seen for the first time
since the last checkpoint, as they are for the run that pays.
"""

import sys
import time
from itertools import islice
from uuid import UUID

import django
from django.conf import settings

django.setup()
settings.DEBUG = False  # which keeps a copy of every statement

from django.utils import timezone  # noqa: E402

from bench.ledger import BULK  # noqa: E402
from bench.referrals import REFERRALS, beneficiaries  # noqa: E402
from bench.world import account_id  # noqa: E402
from core.ids import posting_id  # noqa: E402
from wallet import services as wallet  # noqa: E402
from wallet.services import referral_bonuses  # noqa: E402


def pay() -> int:
    return referral_bonuses.run(clock=timezone.now, until=lambda: False)


def bulk() -> int:
    expense, done = wallet.system_account(referral_bonuses.EXPENSE), 0
    numbers = (person for n in range(1, REFERRALS + 1) for person in beneficiaries(n))
    while some := list(islice(numbers, BULK)):
        lines = [wallet.Line(referral_bonuses.KIND, expense, UUID(account_id(n)), 1) for n in some]
        done += wallet.post_many(postings=[wallet.Single(posting_id(), line) for line in lines])
    return done


def main(what: str) -> float:
    wallet.system_account(referral_bonuses.EXPENSE)  # connects
    begun = time.perf_counter()
    done = {"pay": pay, "bulk": bulk}[what]()
    return done / (time.perf_counter() - begun)


if __name__ == "__main__":
    print(main(sys.argv[1]))
