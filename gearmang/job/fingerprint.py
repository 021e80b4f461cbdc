"""What groups the deaths that have one cause: function, error type, where in the user's code."""

from __future__ import annotations

import hashlib

from gearmang.job.dossier import Dossier

FINGERPRINT_DIGITS = 12  # hexadecimal: 48 bits keep a million different causes apart

# These strike from outside, wherever the code is just then: only its entry is not chance.
_STRUCK_FROM_OUTSIDE = {"timed_out", "out_of_memory", "lost"}


def fingerprint(function: str, dossier: Dossier) -> str:
    """The fingerprint of an attempt's failure, as 12 hexadecimal digits.

    Stable over hosts, deployments and edits elsewhere in a file: files are relative and line
    numbers left out. A frame counts once, so that a recursion is the same at any depth. A crash
    without frames is told by its signal or exit code.
    """
    if dossier.frames:
        frames = tuple(dict.fromkeys(dossier.frames))
        where = "\n".join(frames[:1] if dossier.outcome in _STRUCK_FROM_OUTSIDE else frames)
    else:
        where = f"signal={dossier.signal} exit={dossier.exit_code}"
    told = "\0".join((function, dossier.outcome, dossier.error_type, where))
    return hashlib.sha256(told.encode("utf-8", "backslashreplace")).hexdigest()[:FINGERPRINT_DIGITS]
