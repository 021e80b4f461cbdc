"""A real Icinga 2 (Debian's icinga2-bin) that checks configuration, with everything in one folder."""

import grp
import os
import pwd
import subprocess
from collections.abc import Sequence
from pathlib import Path

PROGRAM = "/usr/sbin/icinga2"
PLUGINS = Path("/usr/lib/nagios/plugins")

_FOLDERS = ("DataDir", "LogDir", "InitRunDir", "CacheDir", "SpoolDir")


def verify(folder: Path, files: Sequence[Path], plugins: Path = PLUGINS) -> str:
    """What ``icinga2 daemon -C`` says of the files; fails unless it accepts them.

    Args:
        folder: where its own files go.
        files: configuration, in the order in which it is read.
        plugins: where the plugins lie.
    """
    main = folder / "icinga2.conf"
    lines = ["include <itl>", "include <plugins>", f'const PluginDir = "{plugins}"']
    main.write_text("\n".join([*lines, *(f'include "{file}"' for file in files), ""]))
    defines = []
    for name in _FOLDERS:
        (folder / name).mkdir(exist_ok=True)
        defines.append(f"-D{name}={folder / name}")
    user, group = pwd.getpwuid(os.getuid()).pw_name, grp.getgrgid(os.getgid()).gr_name
    done = subprocess.run(
        [
            PROGRAM,
            "daemon",
            "-C",
            "-c",
            main,
            *defines,
            f"-DRunAsUser={user}",
            f"-DRunAsGroup={group}",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise AssertionError(f"icinga2 daemon -C refuses {main}:\n{done.stdout}{done.stderr}")
    return done.stdout
