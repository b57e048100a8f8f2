"""What a saver's apps are told, on the saver's own topic. Amounts are minor units (kobo)."""

from realtime import services as realtime
from savings.models import Move, UserSavings


def changed(saving: UserSavings, event: str) -> None:
    """A saving went from state to state: `event` is what happened, `savings.mature` for one."""
    facts = {"saving": str(saving.pk), "name": saving.name, "state": saving.state}
    realtime.publish(topic=f"user:{saving.user_id}", event=f"savings.{event}", payload=facts)


def moved(saving: UserSavings, move: Move) -> None:
    """Money came or went: `savings.contribution`, `savings.withdrawal`."""
    facts = {
        "saving": str(saving.pk),
        "movement": str(move.pk),
        "amount": move.amount,
        "value_date": move.value_date.isoformat(),
    }
    realtime.publish(topic=f"user:{saving.user_id}", event=f"savings.{move.kind.lower()}", payload=facts)
