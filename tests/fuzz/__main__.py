"""``make fuzz``: a million fuzzed replies, coverage-guided; ``make fuzz ARGS=5000`` fewer."""

import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["gearmang.protocol"]):
    from tests.fuzz.harness import COMMANDS, SEEDS, take

RUNS = 1_000_000
LONGEST = 512  # bytes of a fuzzed reply
_WORDS = (b"\t0", b"\n.\n", b" :", b"OK ", b"ERR ", b"\r\n", b"OK 4711\n", b"\xff", b"127.0.0.1 ")

_seen: Counter[str] = Counter()


def one_input(data: bytes) -> None:
    """What libFuzzer calls."""
    _seen[take(data)] += 1


def _escaped(word: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word)


def main(runs: int) -> None:
    """Fuzz in a folder that is left empty; a failing input is printed by libFuzzer."""
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        corpus = folder / "corpus"
        corpus.mkdir()
        for number, seed in enumerate(SEEDS):
            for choice in range(len(COMMANDS)):
                (corpus / f"{number}-{choice}").write_bytes(bytes([choice, number]) + seed)
        words = folder / "words"
        words.write_text("".join(f'"{_escaped(word)}"\n' for word in _WORDS))
        options = [f"-atheris_runs={runs}", f"-max_len={LONGEST}", f"-dict={words}"]
        quiet = ["-verbosity=0", "-print_final_stats=0", f"-artifact_prefix={folder}/"]
        atheris.Setup([sys.argv[0], *options, *quiet, str(corpus)], one_input)
        try:
            atheris.Fuzz()
        except SystemExit as ended:
            if ended.code:
                raise
        seconds = time.monotonic() - begun
        counts = ", ".join(f"{count:,} {what}" for what, count in _seen.most_common())
        print(f"{sum(_seen.values()):,} replies in {seconds:.0f} s, no other error: {counts}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else RUNS)
