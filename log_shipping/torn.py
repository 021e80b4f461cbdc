"""A line of which only the start reached the file, because the disk filled up."""

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
