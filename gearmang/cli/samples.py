"""``gearmang samples``."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import click

from gearmang.errors import GearmangError

# As a wheel carries them, as a clone does, and as the packages of distributions do.
HOMES: Final = (
    Path(__file__).parents[1] / "shipped",
    Path(__file__).parents[2] / "packaging",
    Path("/usr/share/gearmang"),
)
_PACKAGED: Final = "/usr/bin/gearmang"
_NOT_SAMPLES: Final = ("packages", "documents", "plugins", "__pycache__")


class NoSamples(GearmangError):
    """There are none of that name, or they cannot be written there."""


@click.command("samples")
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.argument("wanted", metavar="[WHAT]...", nargs=-1)
def write_samples(folder: Path, wanted: tuple[str, ...]) -> None:
    """Write configuration for other programs, with the paths of this installation.

    WHAT is collectd, nagios, icinga2, systemd, logrotate, rsyslog, prometheus and others; all of
    them when none is named. A file that is there already is left as it is, and named.

    Example: gearmang samples /tmp/gearmang collectd systemd
    """
    home = next((place for place in HOMES if (place / "systemd").is_dir()), None)
    if home is None:
        raise NoSamples("this installation carries no samples; install the wheel or the package")
    known = sorted(
        path.name for path in home.iterdir() if path.is_dir() and path.name not in _NOT_SAMPLES
    )
    if unknown := [name for name in wanted if name not in known]:
        raise NoSamples(f"there are no samples of {unknown[0]}; there are: {', '.join(known)}")
    for name in wanted or known:
        for source in _files(home / name):
            place = folder / name / source.relative_to(home / name)
            if place.exists():
                click.echo(f"left as it is: {place}")
                continue
            _write(source, place)
            click.echo(place)


def as_installed(text: str, command: Path, library: Path) -> str:
    """A sample's text, with the paths of packages replaced by those of this installation.

    Args:
        command: where ``gearmang`` and the checks are.
        library: the folder that holds the packages ``gearmang`` and ``collectd_plugin``.
    """
    plugins = str(command.parent)
    return (
        text.replace(_PACKAGED, str(command))
        .replace("/usr/lib/nagios/plugins/check_gearmang", f"{plugins}/check_gearmang")
        .replace('"/usr/lib/gearmang"', f'"{library}"')
    )


def _files(folder: Path) -> Iterable[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not {*path.parts} & {*_NOT_SAMPLES} and path.suffix != ".pyc":
            yield path


def _write(source: Path, place: Path) -> None:
    command = Path(sys.argv[0]).absolute()
    installed = command.name == "gearmang" and str(command) != _PACKAGED
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, place)
        if installed and source.suffix not in (".gz", ".png"):
            text = source.read_text(encoding="utf-8")
            place.write_text(
                as_installed(text, command, Path(__file__).parents[2]), encoding="utf-8"
            )
    except OSError as error:
        raise NoSamples(f"{place} cannot be written: {error.strerror}") from error
