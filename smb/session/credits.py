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

    def take(self, charge: int) -> tuple[int, int]:
        """The message id for a request of this charge, and how many credits it asks for.

        The ids behind it that the charge covers are used up as well. It asks for its own credits back, and for what is
        missing to a full window.
        """
        message_id, available = self.next_message_id, self.available
        self.next_message_id = message_id + charge
        self.available = available - charge
        self.in_use += charge
        wish = charge + WANTED_CREDITS - available if available < WANTED_CREDITS else charge
        return message_id, wish if wish < MOST_CREDITS else MOST_CREDITS

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
