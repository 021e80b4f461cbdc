"""Which records are open: the current one of this thread or asyncio task, and all of them."""

from contextvars import ContextVar
from typing import TYPE_CHECKING

from log_shipping.process import on_fork

if TYPE_CHECKING:
    from log_shipping.record import Record

innermost: "ContextVar[Record | None]" = ContextVar("log_shipping.innermost", default=None)
open_records: "set[Record]" = set()


def _disown() -> None:
    # A forked child leaves its parent's blocks too; their records are the parent's to write.
    for record in open_records:
        record.disown()
    open_records.clear()


on_fork(_disown)
