"""Which state of an application may follow which, and who moves it there."""

from accounts.models.kyc import KycApplication

S = KycApplication.State

# What is not named here is refused, by `accounts.services.kyc.moving` and by the database.
FOLLOWS: dict[str, frozenset[str]] = {
    S.DRAFT: frozenset({S.SUBMITTED, S.EXPIRED}),
    S.SUBMITTED: frozenset({S.IN_REVIEW, S.EXPIRED}),
    # Back to SUBMITTED: the agent let go of it, or its lease ran out.
    S.IN_REVIEW: frozenset({S.SUBMITTED, S.MORE_NEEDED, S.APPROVED, S.REJECTED}),
    S.MORE_NEEDED: frozenset({S.SUBMITTED, S.EXPIRED}),
    S.APPROVED: frozenset(),
    S.REJECTED: frozenset(),
    S.EXPIRED: frozenset(),
}
