"""Why something is not authorized. It knows the names of RFC 6749 (5.2) and RFC 8628 (3.5), and ours where those have
none; it must not know statuses, nor how an answer is written.
"""

from datetime import timedelta
from enum import StrEnum


class Fault(StrEnum):
    """What is wrong, by the name that programs read."""

    INVALID_REQUEST = "invalid_request"
    INVALID_CLIENT = "invalid_client"
    INVALID_GRANT = "invalid_grant"
    UNAUTHORIZED_CLIENT = "unauthorized_client"
    UNSUPPORTED_GRANT_TYPE = "unsupported_grant_type"
    UNSUPPORTED_RESPONSE_TYPE = "unsupported_response_type"
    ACCESS_DENIED = "access_denied"
    AUTHORIZATION_PENDING = "authorization_pending"
    SLOW_DOWN = "slow_down"
    EXPIRED_TOKEN = "expired_token"  # noqa: S105 - a name, no token
    ACCOUNT_LOCKED = "account_locked"
    TERMS_NOT_AGREED = "terms_not_agreed"
    TOO_MANY_DEVICES = "too_many_devices"
    TOO_MANY_REQUESTS = "too_many_requests"
    TEMPORARILY_UNAVAILABLE = "temporarily_unavailable"
    SERVER_ERROR = "server_error"
    NO_SUCH_CODE = "no_such_code"


class Refusal(Exception):
    """Something is not authorized; the text says what is wrong and how to mend it, for whoever asked."""

    def __init__(self, fault: Fault, sentence: str, *, wait: timedelta | None = None, terms: str | None = None) -> None:
        super().__init__(sentence)
        self.fault = fault
        self.wait = wait
        """It may come again after so long."""
        self.terms = terms
        """The address of what has to be agreed to first."""
