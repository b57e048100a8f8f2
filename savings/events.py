"""What a saver's apps are told, on the saver's own topic. Amounts are minor units (kobo), ids those of the API."""

from core.api.ids import encode
from realtime import services as realtime
from savings.models import AutoRun, Move, UserSavings

PLAN, TERMS, SAVING, MOVEMENT, QUOTE, AUTOMATIC, GROUP = "spl", "spt", "sav", "smv", "scq", "sau", "sgr"
CORRECTION = "scr"


def changed(saving: UserSavings, event: str) -> None:
    """A saving went from state to state: `event` is what happened, `savings.mature` for one."""
    facts = {"saving": encode(SAVING, saving.pk), "name": saving.name, "state": saving.state}
    realtime.publish(topic=f"user:{saving.user_id}", event=f"savings.{event}", payload=facts)


def moved(saving: UserSavings, move: Move) -> None:
    """Money came or went: `savings.contribution`, `savings.withdrawal`."""
    facts = {
        "saving": encode(SAVING, saving.pk),
        "movement": encode(MOVEMENT, move.pk),
        "amount": move.amount,
        "value_date": move.value_date.isoformat(),
    }
    realtime.publish(topic=f"user:{saving.user_id}", event=f"savings.{move.kind.lower()}", payload=facts)


def skipped(saving: UserSavings, run: AutoRun) -> None:
    """A day of automatic saving was left out after it was tried four times: `savings.automatic_skipped`."""
    facts = {
        "saving": encode(SAVING, saving.pk),
        "automatic_saving": encode(AUTOMATIC, run.automatic_id),
        "day": run.due_date.isoformat(),
        "amount": run.amount,
        "code": run.code,
        "next_amount": run.next_amount,
    }
    realtime.publish(topic=f"user:{saving.user_id}", event="savings.automatic_skipped", payload=facts)
