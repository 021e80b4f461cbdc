"""``make chaos [SEED=n] [DURATION=60]``: one run; exits 1, with the seed, when a job is lost."""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.chaos.faults import ALL
from tests.chaos.run import PAUSES, run

asked = argparse.ArgumentParser(prog="make chaos", description=__doc__)
asked.add_argument("--seed", type=int, default=time.time_ns() % 100_000)
asked.add_argument("--duration", type=float, default=60.0, help="seconds of faults")
asked.add_argument("--engine", choices=("sqlite", "postgresql"), default="sqlite")
asked.add_argument("--only", nargs="+", choices=[*ALL], default=(), metavar="FAULT")
asked.add_argument("--pauses", type=float, nargs=2, default=PAUSES, help="seconds between two")
asked.add_argument("--json", type=Path, help="add the account to this file, as one line")
asked.add_argument("--keep", type=Path, help="a new folder for all files, which are kept")
options = asked.parse_args()
print(f"seed {options.seed}, {options.duration:g} s, {options.engine}", flush=True)
with tempfile.TemporaryDirectory(prefix="gearmang-chaos-") as temporary:
    folder = Path(temporary)
    if options.keep:
        folder = options.keep
        folder.mkdir(parents=True)
    account = run(
        folder, options.seed, options.duration, engine=options.engine, only=options.only,
        pauses=tuple(options.pauses), keep=options.keep is not None,
    )  # fmt: skip
print(account.told())
if options.json:
    with options.json.open("a") as lines:
        lines.write(account.as_json() + "\n")
sys.exit(1 if account.lost or account.trouble else 0)
