"""What is done for lines that met with an accident: a full disk, a deleted file."""

from __future__ import annotations

import os


def end_torn_line(descriptor: int, fragment: bytes) -> bool:
    """Make the fragment a line of its own, so that the next writer's line is not glued to it.

    Its last byte is overwritten with a newline, which needs no free space, and which no other
    process can be in the way of: the byte is ours.

    Args:
        descriptor: open for reading and appending, on which the fragment was just written.
        fragment: what was written.

    Returns:
        False when it could not be done; then the next line has to start with a newline.
    """
    try:
        end = os.lseek(descriptor, 0, os.SEEK_CUR)
        start = end - len(fragment)
        if not fragment or os.pread(descriptor, len(fragment), start) != fragment:
            return False  # another thread wrote in between and moved the offset
        # Opened anew: an O_APPEND descriptor writes at the end, whatever offset is asked for.
        second = os.open(f"/proc/self/fd/{descriptor}", os.O_WRONLY | os.O_CLOEXEC)
        try:
            return os.pwrite(second, b"\n", end - 1) == 1
        finally:
            os.close(second)
    except OSError:
        return False


def rescue(gone: int, start: int, descriptor: int) -> int:
    """Write this process's lines at the end of a deleted file again, to the one in its place.

    Some of them may have been written before it was deleted, and come back with the others.

    Args:
        gone: the deleted file, still open.
        start: where in it to begin, in bytes; the last look found it undeleted at this size.
        descriptor: the new file.

    Returns:
        How many lines could not be written.
    """
    lost = 0
    ours = b'pid":%d' % os.getpid()  # in each of the forms that a record has
    size = os.fstat(gone).st_size
    for line in os.pread(gone, max(size - start, 0), start).splitlines(keepends=True):
        if ours + b"," in line or ours + b"}" in line:
            try:
                lost += os.write(descriptor, line) != len(line)
            except OSError:
                lost += 1
    return lost
