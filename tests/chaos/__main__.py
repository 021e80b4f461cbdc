"""``make chaos [SEED=n] [DURATION=60]``: one run; exits 1, with the seed, when a job is lost."""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.chaos.run import run

asked = argparse.ArgumentParser(prog="make chaos", description=__doc__)
asked.add_argument("--seed", type=int, default=time.time_ns() % 100_000)
asked.add_argument("--duration", type=float, default=60.0, help="seconds of faults")
options = asked.parse_args()
print(f"seed {options.seed}, {options.duration:g} s", flush=True)
with tempfile.TemporaryDirectory(prefix="gearmang-chaos-") as folder:
    account = run(Path(folder), options.seed, options.duration)
print(account.told())
sys.exit(1 if account.lost or account.trouble else 0)
