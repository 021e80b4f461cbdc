"""Pictures made on the fly: most of them good, some of death."""

import random
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

CORRUPT = 5  # files that hold no picture
TRANSPARENT = 3  # what the release with the bug cannot save
SEED = 2013  # the same pictures in every run


def make_pictures(folder: Path, count: int) -> Iterator[Path]:
    """Write ``count`` pictures into a folder and yield each one's path.

    Among them are corrupt files, transparent pictures, one (.raw) whose decoder segfaults and
    one (.svg) whose renderer hangs.
    """
    dice = random.Random(SEED)  # noqa: S311  # colours and sizes, no secrets
    deadly = ["raw", "svg"] + ["corrupt"] * CORRUPT + ["transparent"] * TRANSPARENT
    kinds = deadly + ["good"] * (count - len(deadly))
    dice.shuffle(kinds)
    for number, kind in enumerate(kinds):
        yield _write(folder, f"{number:03}-{kind}", kind, dice)


def _write(folder: Path, name: str, kind: str, dice: random.Random) -> Path:
    if kind in {"raw", "svg"}:
        path = folder / f"{name}.{kind}"
        path.write_bytes(dice.randbytes(1000))
        return path
    path = folder / f"{name}.png"
    if kind == "corrupt":
        path.write_bytes(dice.randbytes(2000))
        return path
    size = (dice.randint(200, 900), dice.randint(200, 900))
    colour = tuple(dice.randrange(256) for _ in range(3))
    if kind == "transparent":
        Image.new("RGBA", size, (*colour, 128)).save(path)
    else:
        Image.new("RGB", size, colour).save(path)
    return path
