"""Every refusal of `/realtime/v1/api` as clients know it: they show `error` to people; programs match `code`."""

from core.errors import DomainError


class Refusal(Exception):
    """A request that is answered by an error."""

    def __init__(self, status: int, code: str, message: str, *, retry_after: int = 0) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.retry_after = status, code, message, retry_after

    @property
    def body(self) -> dict[str, str]:
        return {"error": self.message, "message": self.message, "code": self.code}


def unauthorized(message: str) -> Refusal:
    return Refusal(401, "unauthorized", message)


def invalid(message: str) -> Refusal:
    return Refusal(422, "unprocessable_entity", message)


def too_large(message: str) -> Refusal:
    return Refusal(413, "payload_too_large", message)


def refusal_of(error: Exception) -> Refusal:
    """Return how an error is answered; what is no refusal is a fault of ours."""
    if isinstance(error, Refusal):
        return error
    if isinstance(error, DomainError) and error.code == "bearer_refused":
        return unauthorized(f"Invalid JWT: {error.data.get('reason')}")
    return Refusal(500, "internal_error", "Internal Server Error")
