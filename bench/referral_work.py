"""One run of the job that pays bonuses: `python -m bench.referral_work` prints its postings a second."""

import time

import django
from django.conf import settings

django.setup()
settings.DEBUG = False  # which keeps a copy of every statement

from django.utils import timezone  # noqa: E402

from wallet import services as wallet  # noqa: E402
from wallet.services import referral_bonuses  # noqa: E402


def main() -> float:
    wallet.system_account(referral_bonuses.EXPENSE)  # connects
    begun = time.perf_counter()
    paid = referral_bonuses.run(clock=timezone.now, until=lambda: False)
    return paid / (time.perf_counter() - begun)


if __name__ == "__main__":
    print(main())
