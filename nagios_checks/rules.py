"""Which functions are judged, and against which limits: ``--function``, ``--exclude``, -w, -c."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from gearmang.protocol import FunctionStatus
from nagios_checks.thresholds import BadValue, Limits


class Rule(NamedTuple):
    """``GLOB`` or ``GLOB=WARN,CRIT``; without limits of its own it takes those of -w and -c."""

    glob: str
    limits: Limits | None = None

    @classmethod
    def reader(cls, limits: Callable[[str], Limits]) -> Callable[[str], Rule]:
        """A reader of rules whose limits ``limits`` reads.

        The reader raises `BadValue` for an empty glob or limits that cannot be read. A name
        that holds ``=`` is written with ``[=]``.
        """

        def read(text: str) -> Rule:
            glob, equals, ranges = text.rpartition("=")
            if not equals or ranges.startswith("]"):
                glob, equals = text, ""
            if not glob:
                raise BadValue(f"{text!r} names no function; write GLOB or GLOB=WARN,CRIT")
            return cls(glob, limits(ranges) if equals else None)

        return read


class FunctionRules:
    """Decides by name; the first rule that matches wins, no rule at all selects every function.

    Args:
        rules: from ``--function``, in the order given.
        excluded: globs from ``--exclude``; they win over rules.
        default: the limits for what no rule gives limits to.
    """

    def __init__(self, rules: tuple[Rule, ...], excluded: tuple[str, ...], default: Limits) -> None:
        self.rules = rules
        self.default = default
        self._fitting = [(rule, _matcher(rule.glob)) for rule in rules]
        self._unwanted = [_matcher(glob) for glob in excluded]
        plain = [rule.glob for rule in rules if not _is_pattern(rule.glob)]
        self._names = dict.fromkeys(plain) if len(plain) == len(rules) else {}
        self._matched: set[Rule] = set()
        self._known: dict[str, Rule | None] = {}

    @classmethod
    def of_names(
        cls, names: tuple[str, ...], excluded: tuple[str, ...], default: Limits
    ) -> FunctionRules:
        """Rules for functions by their very names; that one of them is missing is no matter."""
        made = cls(tuple(Rule(_literal(name)) for name in names), excluded, default)
        made._matched.update(made.rules)
        return made

    def rule(self, name: str) -> Rule | None:
        """The rule that a function falls under, None for a function that is not selected."""
        if not self.rules and not self._unwanted:
            return _EVERY
        if name not in self._known:
            self._known[name] = self._find(name)
        return self._known[name]

    def limits(self, name: str) -> Limits | None:
        """The limits of a function, None for a function that is not selected."""
        rule = self.rule(name)
        return None if rule is None else rule.limits or self.default

    def among(self, functions: Iterable[FunctionStatus]) -> list[tuple[FunctionStatus, Limits]]:
        """The functions that are selected, by name, each with its limits."""
        if self._names:  # looked up: 200 services of as many functions do not try each on all
            known = {status.name: status for status in functions}
            functions = [known[name] for name in self._names if name in known]
        judged = ((status, self.limits(status.name)) for status in sorted(functions))
        return [(status, limits) for status, limits in judged if limits is not None]

    def unmatched(self) -> list[str]:
        """The globs of the rules that no function asked about so far has matched."""
        return [rule.glob for rule in self.rules if rule not in self._matched]

    def _find(self, name: str) -> Rule | None:
        # A glob counts as matched by a function that an earlier rule or --exclude took away from
        # it: it is spelled right, and that is what `unmatched` is about.
        matching = [rule for rule, fits in self._fitting if fits(name)]
        self._matched.update(matching)
        if any(fits(name) for fits in self._unwanted):
            return None
        return matching[0] if matching else (None if self.rules else _EVERY)


_EVERY = Rule("*")


def _is_pattern(glob: str) -> bool:
    return any(character in glob for character in "*?[")


def _literal(name: str) -> str:
    """The glob that fits this name only."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)


def _matcher(glob: str) -> Callable[[str], object]:
    if not _is_pattern(glob):
        return glob.__eq__
    import re
    from fnmatch import translate  # late: most runs have no glob

    return re.compile(translate(glob)).match
