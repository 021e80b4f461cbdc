"""What groups the deaths that have one cause: function, error type, where in the user's code."""

import hashlib

from gearmang.dossier import Dossier

FINGERPRINT_DIGITS = 12  # hexadecimal: 48 bits keep a million different causes apart


def fingerprint(function: str, dossier: Dossier) -> str:
    """The fingerprint of an attempt's failure, as 12 hexadecimal digits.

    Stable over hosts, deployments and edits elsewhere in a file: files are relative and line
    numbers left out. A crash without frames is told by its signal or exit code.
    """
    if dossier.frames:
        where = "\n".join(dossier.frames)
    else:
        where = f"signal={dossier.signal} exit={dossier.exit_code}"
    told = "\0".join((function, dossier.outcome, dossier.error_type, where))
    return hashlib.sha256(told.encode("utf-8", "backslashreplace")).hexdigest()[:FINGERPRINT_DIGITS]
