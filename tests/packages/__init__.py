"""The packages in fresh Debian systems that run systemd: ``make test-packages``, as root."""
