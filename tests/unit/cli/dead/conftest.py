"""A store and its letters, as the domain's own tests have them."""

from tests.unit.dead_letters.conftest import _template, client, put, store

__all__ = ["_template", "client", "put", "store"]
