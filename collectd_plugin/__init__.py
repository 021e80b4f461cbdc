"""Polls gearmand for collectd: ``Import "collectd_plugin"``; docs/polling.md tells how.

The standard library only: collectd embeds the system's Python.
"""

try:
    import collectd
except ModuleNotFoundError:
    pass  # outside of collectd, as in a test: the modules work, nothing is registered
else:
    from collectd_plugin.plugin import Plugin

    Plugin(collectd).register()
