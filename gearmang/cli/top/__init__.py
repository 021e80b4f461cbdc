"""``gearmang top``: functions, workers and dead letters as they are now, again and again."""

from gearmang.cli.top.command import top

__all__ = ["top"]
