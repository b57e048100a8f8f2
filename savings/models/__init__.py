from savings.models.plans import PlanRate, PlanTerms, SavingsPlan
from savings.models.rolls import Roll, RollChunk
from savings.models.savings import Accrual, Move, Position, StateChange, UserSavings

__all__ = [
    "Accrual",
    "Move",
    "PlanRate",
    "PlanTerms",
    "Position",
    "Roll",
    "RollChunk",
    "SavingsPlan",
    "StateChange",
    "UserSavings",
]
