"""All that the pages look at: the settings, the last sight, the store, the samples."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

from gearmang.dead_letters.store.errors import StoreError
from gearmang.web.attempts_counted import AttemptCounts
from gearmang.web.errands import Errands
from gearmang.web.polling import Poller
from gearmang.web.records_asked import Records
from gearmang.web.samples import Samples
from gearmang.web.settings import PageSettings
from gearmang.web.stores import Stores


class Desk:
    """One `gearmang serve` at work, as a context manager.

    Args:
        settings: what it was told.
        say: is told problems for the log, each once.

    Raises:
        SamplesError: the file of samples cannot be used.
    """

    def __init__(self, settings: PageSettings, say: Callable[[str], None]) -> None:
        self.settings = settings
        self.samples = Samples(settings.samples)
        self.stores = None if settings.store is None else Stores(settings.store)
        self.errands = Errands(settings.store, settings.servers)
        self.records = Records(settings.records)
        self.attempts = AttemptCounts(settings.records, settings.interval, say)
        self.poller = Poller(settings, self.stores, self.samples, say)

    def __enter__(self) -> Desk:
        self.attempts.start()
        self.poller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.errands.close()
        self.poller.stop()
        self.attempts.stop()
        self.records.close()
        if self.stores is not None:
            self.stores.close()
        self.samples.close()

    @contextmanager
    def looking(self) -> Iterator[Connection]:
        """One look into the store of dead letters.

        Raises:
            StoreError: there is none, or it gave no answer in time.
        """
        if self.stores is None:
            raise StoreError("the page was started without a store; name one with --store")
        with self.stores.looking() as connection:
            yield connection
