"""Imported before nagiosplugin by the commands, so that it loads only what they use.

nagiosplugin's own ``__init__`` imports cookies and log tailing, and with them json, tempfile and
half of the archive formats: 4 of the 13 ms that it takes. With a package in place whose
``__init__`` is not run, its modules are imported one by one, each where it is used.
"""

import sys
from importlib.machinery import PathFinder
from types import ModuleType

_found = PathFinder.find_spec("nagiosplugin")
if _found is not None and "nagiosplugin" not in sys.modules:
    _package = ModuleType("nagiosplugin")
    _package.__path__ = list(_found.submodule_search_locations or ())
    _package.__spec__ = _found
    sys.modules["nagiosplugin"] = _package
