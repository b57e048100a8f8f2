"""Six weeks of saving by itself towards a target, with one debit that failed: the figures tell the truth each time."""

from dataclasses import dataclass
from datetime import date

import pytest

from accounts.models import User
from core.actors import acting_as_service
from savings import goals, services
from savings.goals import Pace, Progress
from savings.models import Accrual, AutoSaving, Move, UserSavings
from savings.tests.saving_itself import (
    EARLY,
    empty,
    fresh,
    mornings,
    planned,
    refill,
    run_of,
    runs,
    towards,
)
from savings.tests.world import DAY, NAIRA, balance, day, funded, moment
from wallet import services as wallet
from wallet.models import Account
from wallet.tests.deposits import notices

pytestmark = pytest.mark.django_db
EACH = 2_000 * NAIRA
BEGAN = 50
MONDAYS = [day(BEGAN) + 7 * (week + 1) * DAY for week in range(6)]


@dataclass
class Story:
    ada: User
    saving: UserSavings
    own: AutoSaving

    def stands(self, today: date) -> Progress:
        """What the page says on a day: by the books alone."""
        own = fresh(self.own)
        with acting_as_service():
            saving = UserSavings.objects.get(pk=self.saving.pk)
            moves: dict[date, int] = {}
            for on, amount in Move.objects.filter(saving=saving).values_list("value_date", "amount"):
                moves[on] = moves.get(on, 0) + amount
        pace = Pace(own.rhythm, own.first_date, own.next_date, own.amount) if own.next_date else None
        return goals.progress(
            saved=balance(saving),
            target=saving.target or 0,
            moves=moves,
            today=today,
            began=saving.opened_on,
            ends=saving.matures_on,
            pace=pace,
        )


@pytest.fixture
def source(ada: User) -> Account:
    return funded(ada)


@pytest.fixture
def story(ada: User, source: Account) -> Story:
    """13,000 naira in seven weeks: a thousand at once, and by itself what is missing, on six Mondays."""
    saving = towards(ada, naira=13_000, begin=1_000, back=BEGAN, days=49)
    facts = {"rhythm": "WEEKLY", "first_date": MONDAYS[0], "at": moment(day(BEGAN)), "follows_target": True}
    return Story(ada, saving, planned(ada, saving, amount=0, **facts))


def test_six_weeks_with_one_debit_that_failed(story: Story, source: Account) -> None:
    stood = story.stands(day(BEGAN))
    assert (story.own.amount, stood.percent, stood.is_on_track) == (EACH, 7, True)
    assert stood.projected_date == MONDAYS[5]

    # Two Mondays as planned.
    mornings(day(BEGAN), MONDAYS[1])
    stood = story.stands(MONDAYS[1] + DAY)
    assert (stood.saved, stood.expected_by_now, stood.behind) == (5_000 * NAIRA, 5_000 * NAIRA, 0)

    # On the third the wallet is empty: tried on that day, and one, three and five days later.
    gone = empty(source)
    mornings(MONDAYS[1] + DAY, MONDAYS[2])
    waiting = run_of(story.own, MONDAYS[2])
    assert (waiting.state, waiting.code, waiting.tries) == ("DUE", "insufficient_funds", 1)
    assert story.stands(MONDAYS[2]).is_on_track
    mornings(MONDAYS[2] + DAY, MONDAYS[2] + 4 * DAY)
    assert run_of(story.own, MONDAYS[2]).state == "DUE"
    assert story.stands(MONDAYS[2] + 4 * DAY).behind == EACH
    mornings(MONDAYS[2] + 5 * DAY, MONDAYS[2] + 5 * DAY)

    # Then it is skipped, and what is missing is shared out openly over the three Mondays that are left.
    skipped = run_of(story.own, MONDAYS[2])
    each = goals.instalment(8_000 * NAIRA, 3)
    assert (skipped.state, skipped.next_amount, fresh(story.own).amount) == ("SKIPPED", each, each)
    assert notices() == ["saving.waiting", "saving.skipped"]
    stood = story.stands(MONDAYS[2] + 6 * DAY)
    assert (stood.behind, stood.projected_date) == (EACH, MONDAYS[5])

    # The money comes, and the other three Mondays bring what is missing: to the kobo, and no more.
    refill(source, gone)
    mornings(MONDAYS[2] + 6 * DAY, MONDAYS[5])
    days = [(state, amount) for _on, state, amount in runs(story.own)]
    assert days[:3] == [("SAVED", EACH), ("SAVED", EACH), ("SKIPPED", EACH)]
    assert days[3:] == [("SAVED", 266_667), ("SAVED", 266_667), ("SAVED", 266_666)]
    stood = story.stands(MONDAYS[5])
    assert (stood.saved, stood.is_reached, stood.projected_date) == (13_000 * NAIRA, True, None)
    assert fresh(story.own).state == "ENDED"


def test_the_six_weeks_earned_on_what_was_there_and_on_nothing_else(story: Story, source: Account) -> None:
    mornings(day(BEGAN), MONDAYS[1])
    gone = empty(source)
    mornings(MONDAYS[1] + DAY, MONDAYS[2] + 5 * DAY)
    refill(source, gone)
    mornings(MONDAYS[2] + 6 * DAY, MONDAYS[5])
    services.mature_due(at=moment(day(1), EARLY))
    with acting_as_service():
        held = dict(Accrual.objects.filter(saving=story.saving).values_list("day", "balance"))
        assert UserSavings.objects.get().state == "PAID_OUT"
        assert wallet.verify() == []
    assert len(held) == 49
    assert [held[monday] for monday in MONDAYS] == [300_000, 500_000, 500_000, 766_667, 1_033_334, 1_300_000]
    assert (held[MONDAYS[3] - DAY], held[MONDAYS[5] - DAY]) == (500_000, 1_033_334)
    assert (balance(story.saving), notices()[-1]) == (0, "saving.paid_out")


def test_broken_early_it_comes_to_what_was_quoted(story: Story, source: Account) -> None:
    mornings(day(BEGAN), MONDAYS[2])
    at = moment(MONDAYS[2] + DAY)
    quote = services.quote_closing(saving_id=story.saving.pk, user=story.ada, at=at)
    with acting_as_service():
        before = Account.objects.get(pk=source.pk).balance
    services.end_saving(quote_id=quote.pk, user=story.ada, at=at)
    with acting_as_service():
        assert Account.objects.get(pk=source.pk).balance == before + quote.pays_out
        assert wallet.verify() == []
    assert quote.pays_out == 7_000 * NAIRA + quote.interest - quote.tax - quote.penalty
    own = fresh(story.own)
    assert (own.state, own.reason) == ("ENDED", "The saving has ended.")
    mornings(MONDAYS[2] + DAY, MONDAYS[5])
    assert len(runs(story.own)) == 3


def test_a_pace_is_shown_only_while_it_saves(ada: User, story: Story) -> None:
    mornings(day(BEGAN), MONDAYS[0])
    services.pause_saving(saving_id=story.saving.pk, user=ada, at=moment(MONDAYS[0]))
    paused = story.stands(MONDAYS[0] + 3 * DAY)
    assert paused.expected_by_now == 1_300_000 * 10 // 49
    assert paused.projected_date is not None and paused.projected_date > MONDAYS[5]
