"""The worker's code: shrink one picture. It has the faults that such code has in real life.

Run it against a gearmand of yours::

    gearmang work examples.thumbnails.resize:resize --function resize --time-limit 10
    gearmang submit resize --data '{"picture": "/tmp/cat.png", "thumbnail": "/tmp/cat.jpg"}'
"""

import ctypes
from pathlib import Path

from PIL import Image, UnidentifiedImageError

import gearmang
from gearmang.worker import Job

LONGEST_SIDE = 96  # pixels of a thumbnail


def resize(job: Job) -> dict[str, int]:
    """Shrink the picture that the job names and return its size in pixels."""
    return _resize(job, flatten=True)


def resize_before_the_fix(job: Job) -> dict[str, int]:
    """The release with the bug: a JPEG has no transparency, so a transparent picture fails."""
    return _resize(job, flatten=False)


def _resize(job: Job, *, flatten: bool) -> dict[str, int]:
    picture = Path(job.data["picture"])
    job.record.set("image.bytes", picture.stat().st_size)
    if picture.suffix == ".raw":
        _decode_with_a_broken_library()
    if picture.suffix == ".svg":
        _wait_for_a_renderer_that_never_answers()
    try:
        image: Image.Image = Image.open(picture)
    except UnidentifiedImageError as error:  # trying again will not help
        raise gearmang.Reject(f"{picture.name} is no picture") from error
    job.record.set(**{"image.width": image.width, "image.height": image.height})
    if flatten and image.mode != "RGB":
        image = image.convert("RGB")
    image.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    image.save(job.data["thumbnail"], "JPEG")
    return {"width": image.width, "height": image.height}


def _decode_with_a_broken_library() -> None:
    ctypes.string_at(0)  # reads address 0: SIGSEGV, as a bug in a C library would


def _wait_for_a_renderer_that_never_answers() -> None:
    while True:
        pass
