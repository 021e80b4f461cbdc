"""Which record is the current one: of this thread, of this asyncio task."""

from contextvars import ContextVar
from typing import TYPE_CHECKING

from log_shipping.process import on_fork

if TYPE_CHECKING:
    from log_shipping.record import Record

innermost: "ContextVar[Record | None]" = ContextVar("log_shipping.innermost", default=None)


def _disown() -> None:
    # A forked child leaves its parent's blocks too; their records are the parent's to write.
    # The forking thread is the child's only one, so its records are all that there are.
    record = innermost.get()
    while record is not None:
        record.disown()
        record = record.outer


on_fork(_disown)
