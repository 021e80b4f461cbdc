"""Results handed to a distant Nagios through NRDP: all of them in one POST of JSON."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from nagios_checks.passive import NotDelivered, Result
from nagios_checks.phrasing import masked

LONGEST_REPLY = 64 * 1024  # bytes that are read of an answer


def deliver(url: str, token_file: str, results: Sequence[Result], *, timeout: float) -> None:
    """Hand over results.

    Args:
        url: NRDP's, ``https://nagios/nrdp/``.
        token_file: the file that holds the token; on the command line everyone could read it.
        results: what was found.
        timeout: seconds for each step of the request.

    Raises:
        NotDelivered: NRDP was not reached or did not say that it took them.
    """
    if not url.startswith(("https://", "http://")):
        raise NotDelivered(f"{masked(url)!r} is no address of an NRDP; write https://HOST/nrdp/")
    try:
        token = Path(token_file).read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise NotDelivered(f"the token file {token_file} cannot be read: {reason}") from None
    request = urllib.request.Request(  # noqa: S310  # the scheme was looked at above
        url, data=form(token, results), headers={"User-Agent": "check_gearmang_all"}
    )
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:  # noqa: S310  # as above
            reply = answer.read(LONGEST_REPLY).decode("utf-8", "replace")
    except (OSError, ValueError) as error:  # URLError, HTTPError, a timeout, http.client's
        reason = getattr(error, "reason", None) or error
        raise NotDelivered(_not_taken(url, results, str(reason))) from None
    problem = problem_of(reply)
    if problem is not None:
        raise NotDelivered(_not_taken(url, results, problem))


def form(token: str, results: Sequence[Result]) -> bytes:
    """The body of the request, as NRDP 1 and 2 read it."""
    checks = [
        {
            "checkresult": {"type": "service", "checktype": "1"},
            "hostname": result.host,
            "servicename": result.service,
            "state": str(result.code),
            "output": result.output.rstrip("\n").encode("utf-8", "backslashreplace").decode(),
        }
        for result in results
    ]
    fields = {
        "token": token,
        "cmd": "submitcheck",
        "JSONDATA": json.dumps({"checkresults": checks}),
    }
    return urllib.parse.urlencode(fields).encode()


def problem_of(reply: str) -> str | None:
    """What NRDP complains of; None when it says that it took the results.

    It answers in JSON or in XML, by version, in either case with a status of 0 for success.
    """
    status = re.search(r"""status["'>\s:]+(-?\d+)""", reply)
    if status is not None and status[1] == "0":
        return None
    message = re.search(r"""message["'>\s:]+([^"<]{1,200})""", reply)
    return message[1].strip() if message else "it does not answer as NRDP does"


def _not_taken(url: str, results: Sequence[Result], reason: str) -> str:
    first = f"{results[0].service} of {results[0].host}"
    return f"{masked(url)} did not take {len(results)} results, {first} the first: {reason}"
