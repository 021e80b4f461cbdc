"""A store and its letters, as the domain's own tests have them."""

from tests.unit.dead_letters.conftest import _template, put, store

__all__ = ["_template", "put", "store"]
