"""Message ids and the credits that pay for them, [MS-SMB2] 3.2.4.1.2 to 3.2.4.1.6."""

from __future__ import annotations

CREDIT_BYTES = 65536  # what one credit pays for
WANTED_CREDITS = 512  # 32 MiB in flight
MOST_CREDITS = 0xFFFF  # that a request can ask for


class Credits:
    """How many message ids may be used now, and which is the next."""

    def __init__(self) -> None:
        self.available = 1  # what NEGOTIATE is sent with
        self.in_use = 0  # by requests that have not been answered
        self.next_message_id = 0

    @staticmethod
    def charge_for(payload_size: int) -> int:
        """The credits that a payload of so many bytes costs, 3.2.4.1.5."""
        return max(1, (payload_size + CREDIT_BYTES - 1) // CREDIT_BYTES)

    def take(self, charge: int) -> int:
        """The message id for a request of this charge; the ids behind it that the charge covers are used up as well."""
        message_id = self.next_message_id
        self.available -= charge
        self.in_use += charge
        self.next_message_id += charge
        return message_id

    def wish(self, charge: int) -> int:
        """How many credits a request asks for: its own back, and what is missing to a full window."""
        missing = WANTED_CREDITS - self.available
        wish = charge + missing if missing > 0 else charge
        return wish if wish < MOST_CREDITS else MOST_CREDITS

    @property
    def window(self) -> int:
        """The credits that there are when everything has been answered."""
        return self.available + self.in_use

    def settle(self, charge: int) -> None:
        """A request of this charge was answered."""
        self.in_use -= charge

    def grant(self, count: int) -> None:
        """An answer brought ``count`` credits."""
        self.available += count
