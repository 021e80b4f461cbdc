"""Gearmang keeps a Gearman pipeline healthy; README.md tells how."""
