"""Knowing the customer: the writes. A customer fills an application and sends it; checks run; staff decide."""

from accounts.services.kyc.overview import Requirement, card_of, requirement_states

__all__ = ["Requirement", "card_of", "requirement_states"]
