"""The file of a fleet: what it says, and what is said of what it cannot say."""

from __future__ import annotations

from pathlib import Path

import pytest

from gearmang.cli.pools import BadFleet, read_pools

POOL = '[[pool]]\nfunction = "resize"\ntarget = "images:resize"\n'


def read(folder: Path, text: str) -> list[object]:
    config = folder / "fleet.toml"
    config.write_text(text)
    return [*read_pools(config)]


def test_a_pool_takes_the_options_of_work_and_the_defaults(tmp_path: Path) -> None:
    config = tmp_path / "fleet.toml"
    config.write_text(
        '[defaults]\nserver = ["gm1:4730", "gm2:4730"]\nattempts = 5\n'
        f'{POOL}processes = "2..16"\ntime-limit = "30s"\nmax-memory = "512M"\n'
        'reply-only = true\nno-retry = ["KeyError"]\n'
        f'environment = {{ REGION = "eu" }}\ndirectory = "{tmp_path}"\nname = "thumbnails"\n'
        '[[pool]]\nfunction = "mail"\nexec = "cat"\nprocesses = 3\nattempts = 1\n'
    )

    first, second = read_pools(config)

    options = first.options
    assert (first.name, options.function, options.target) == (
        "thumbnails", "resize", "images:resize",
    )  # fmt: skip
    assert (options.processes, options.most) == (2, 16)
    assert (options.time_limit, options.max_memory) == (30.0, 512 * 1024 * 1024)
    assert [str(server) for server in options.servers] == ["gm1:4730", "gm2:4730"]
    assert (options.attempts, options.reply_only, options.no_retry) == (5, True, ("KeyError",))
    assert (first.environment, first.directory) == ({"REGION": "eu"}, tmp_path)
    assert (second.name, second.options.processes, second.options.most) == ("mail", 3, 0)
    assert second.options.attempts == 1


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "has no pool"),
        ("[[pool", "fleet.toml: "),
        (f"{POOL}colour = 3\n", "pool 1 (resize): unknown: colour"),
        (f'{POOL}metrics = "x"\n', "pool 1 (resize): unknown: metrics"),
        (f'{POOL}time-limit = "soon"\n', "pool 1 (resize): Invalid value for '--time-limit'"),
        (f'{POOL}processes = "9..2"\n', "'9..2' is not within 1..1024"),
        (f'{POOL}processes = "many"\n', "'many' is no number of slots"),
        (f'{POOL}exec = "cat"\n', "give one of"),
        ('[[pool]]\nfunction = "f"\nexec = "no-such-program"\n', "there is no program"),
        ('[[pool]]\ntarget = "m:f"\n', "pool 1: Missing option '--function'"),
        (f"{POOL}reply-only = 3\n", "reply-only cannot be 3".replace("-", "_")),
        (f'{POOL}directory = "/no/such"\n', "there is no folder /no/such"),
        (f"{POOL}environment = 3\n", "environment is a table of texts"),
        (POOL + POOL, "two pools have the name resize"),
        ("[other]\n", "unknown: other"),
    ],
)
def test_what_cannot_be_is_told_with_its_pool(text: str, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(BadFleet) as caught:
        read(tmp_path, text)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadFleet, match="No such file"):
        read_pools(tmp_path / "none.toml")
