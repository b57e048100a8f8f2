from savings.models.automatic import AutoRun, AutoSaving
from savings.models.ending import ClosingQuote
from savings.models.figures import PlanDay, TermsTold
from savings.models.groups import SavingsGroup
from savings.models.plans import PlanRate, PlanTerms, SavingsPlan
from savings.models.replays import InterestChoice, ReplacedAccrual, Replay
from savings.models.rolls import Roll, RollChunk
from savings.models.savings import Accrual, Move, Position, StateChange, UserSavings

__all__ = [
    "Accrual",
    "AutoRun",
    "AutoSaving",
    "ClosingQuote",
    "InterestChoice",
    "Move",
    "PlanDay",
    "PlanRate",
    "PlanTerms",
    "Position",
    "ReplacedAccrual",
    "Replay",
    "Roll",
    "RollChunk",
    "SavingsGroup",
    "SavingsPlan",
    "StateChange",
    "TermsTold",
    "UserSavings",
]
