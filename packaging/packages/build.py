"""Builds the packages: ``build.py deb|rpm SCRATCH PYTHON…``; the script ``build`` starts it."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import contents
import deb
import rpm
from deb import Control

DIST = contents.ROOT / "dist"
# The library of the Python that collectd embeds: in Debian 12, 13, Ubuntu 24.04, 22.04.
LIBPYTHON = "libpython3.11 | libpython3.13 | libpython3.12 | libpython3.10"


class Recipe(NamedTuple):
    """A package before it has a version."""

    stage: Callable[[Path, contents.Layout, Path], None]
    depends: str
    summary: str
    story: str
    recommends: str = ""
    suggests: str = ""
    enhances: str = ""


ANY = {
    "gearmang-common": Recipe(
        contents.common,
        "python3 (>= 3.9), python3 (>= 3.11) | python3-tomli, init-system-helpers (>= 1.57), "
        "systemd | systemd-standalone-sysusers | systemd-sysusers",
        "what watches and records Gearman, for any Python",
        "The code of Gearmang's Nagios checks, of its collectd plugin and of its task records, "
        "which runs on the system's Python; and the group whose members may read dead letters "
        "and records.",
        recommends="python3-orjson",
    ),
    "collectd-gearmang": Recipe(
        contents.collectd,
        f"gearmang-common (= {{version}}), collectd | collectd-core, {LIBPYTHON}",
        "queue lengths and workers of Gearman in collectd",
        "A plugin for collectd that polls any number of gearmands within one deadline: waiting "
        "and running jobs, workers, their ages, and whether each queue moves.",
        enhances="collectd",
    ),
    "nagios-plugins-gearmang": Recipe(
        contents.checks,
        "gearmang-common (= {version}), python3",
        "Nagios and Icinga checks of Gearman",
        "Checks of queues, workers, their uptime, servers, round trips, dead letters and task "
        "records, which are never OK by accident, with their configuration for Nagios, Icinga 2 "
        "and NRPE.",
        suggests="nagios4 | icinga2, nagios-nrpe-server",
        enhances="nagios4, icinga2",
    ),
}
COMPILED = {
    "gearmang": Recipe(
        contents.suite,
        "gearmang-common (= {version}), python3 (>= {python}), python3 (<< {next}), "
        "libc6 (>= 2.28), zlib1g",
        "workers for Gearman that outlive their jobs, and dead letters",
        "Workers that survive the jobs that kill them, a store for the jobs that failed, a page "
        "that shows the pipeline, and the command that reads task records back.",
        recommends="logrotate",
        suggests="gearmang-analytics, gearman-job-server, postgresql",
    ),
    "gearmang-analytics": Recipe(
        contents.analytics,
        "gearmang (= {compiled}), libc6 (>= 2.28)",
        "figures from millions of Gearmang's task records",
        "DuckDB and what it needs, by which `gearmang logs` and `gearmang report` read task "
        "records.",
        enhances="gearmang",
    ),
}
RPM_REQUIRES = {
    "gearmang-common": "python3 >= 3.9, shadow-utils",
    "collectd-gearmang": "gearmang-common = {version}, collectd-python",
    "nagios-plugins-gearmang": "gearmang-common = {version}",
}


def main(form: str, scratch: Path, *pythons: str) -> None:
    """Build; prints the path of each package."""
    project = (contents.ROOT / "pyproject.toml").read_text()
    version = re.findall(r'^version = "(.*)"$', project, re.M)[0]
    changes = deb.changes_of((contents.ROOT / "CHANGELOG.md").read_text(), version)
    DIST.mkdir(exist_ok=True)
    for turn, python in enumerate(pythons):
        wheels = scratch / python / "wheels"
        contents.install_wheels(wheels, scratch / python, python)
        major, _, minor = python.partition(".")
        names = {
            "version": version,
            "compiled": f"{version}+py{major}{minor}",
            "python": f"{python}~",
            "next": f"{major}.{int(minor) + 1}",
        }
        for name, recipe in {**(ANY if turn == 0 else {}), **COMPILED}.items():
            if form == "rpm" and name not in RPM_REQUIRES:
                continue
            tree = scratch / python / form / name
            tree.mkdir(parents=True)
            recipe.stage(tree, contents.RHEL if form == "rpm" else contents.DEBIAN, wheels)
            control = Control(
                name,
                names["compiled"] if name in COMPILED else version,
                "amd64" if name in COMPILED else "all",
                recipe.depends.format(**names),
                *recipe[2:],
            )
            if form == "rpm":
                requires = RPM_REQUIRES[name].format(**names)
                print(rpm.pack(control, requires, tree, DIST, scratch))
            else:
                licences = contents.copied_licences(tree)
                print(deb.pack(control, tree, DIST, changes, licences))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:])
