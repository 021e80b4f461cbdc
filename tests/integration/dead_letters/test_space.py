"""What a letter takes, and what pruning gives back."""

import dataclasses
import json
import random
from pathlib import Path

from gearmang.dead_letters.store.seam import Store
from gearmang.dead_letters.store.space import space
from gearmang.job.dossier import Dossier
from gearmang.job.envelope import Envelope
from tests.integration.dead_letters.command import Gearmang
from tests.integration.dead_letters.letters import dead_job, put

LETTERS = 300
_TRACEBACK = "Traceback (most recent call last):\n" + "".join(
    f'  File "/srv/shop/orders/step_{step}.py", line {step * 37}, in run\n'
    f"    return self.next.run(order, picture=picture, retry={step})\n"
    for step in range(8)
)


def a_letter(random: random.Random) -> Envelope:
    """5 KB of JSON, as a shop would queue it, with the dossiers of three attempts."""
    words = ("picture", "width", "invoice", "street", "warehouse", "comment", "basket", "return")
    items: list[dict[str, object]] = []
    while len(json.dumps(items)) < 5_000:
        name = " ".join(random.choices(words, k=5))
        items.append(
            {"sku": f"{random.getrandbits(40):010x}", "name": name, "price": random.random()}
        )
    history = [
        Dossier(
            outcome="failure",
            error_type="KeyError",
            error_message="'width'",
            traceback=f"{_TRACEBACK}KeyError: 'width'",
            frames=("shop/orders/step_7.py:run",),
            started_at=1.8e9 + random.random(),
            duration_seconds=random.random(),
            attempt=attempt,
            pid=random.getrandbits(16),
        )
        for attempt in (1, 2, 3)
    ]
    return dataclasses.replace(dead_job(json.dumps(items).encode()), history=tuple(history))


def test_a_letter_of_5_kb_with_three_dossiers_takes_three_and_a_half(store: Store) -> None:
    chance = random.Random(14)
    with store.reading() as connection:
        before = space(connection).total
    for _ in range(LETTERS // 100):
        put(store, *(a_letter(chance) for _ in range(100)))
    with store.reading() as connection:
        assert (space(connection).total - before) / LETTERS <= 3_500


def test_pruning_gives_pages_back(
    store: Store, gearmang: Gearmang, engine: str, tmp_path: Path
) -> None:
    chance = random.Random(14)
    put(store, *(a_letter(chance) for _ in range(LETTERS)))
    before = gearmang.json("stats")["space"]
    gearmang.dead("prune", "--max-dead", "10", "--archive", tmp_path / "old.jsonl", "--yes")
    after = gearmang.json("stats")["space"]
    assert after["gives_back"]
    if engine == "sqlite":  # PostgreSQL does it when its autovacuum comes by
        assert after["total"] < before["total"] / 2
    assert "on disk" in gearmang.dead("stats")
