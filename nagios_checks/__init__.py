"""Nagios checks of a Gearman pipeline: the commands check_gearmang_*; docs/checks.md tells how."""
