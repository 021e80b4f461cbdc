"""The stores of the integration tests."""

from tests.integration.dead_letters.conftest import (  # noqa: F401  # fixtures, used by name
    empty_url,
    engine,
    gearmang,
    store,
    store_url,
)
