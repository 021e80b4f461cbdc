"""Which record is the current one: of this thread, of this asyncio task."""

from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from log_shipping.record import Record

innermost: "ContextVar[Record | None]" = ContextVar("log_shipping.innermost", default=None)
