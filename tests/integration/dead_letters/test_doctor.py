"""The doctor's findings, each made bad once."""

from pathlib import Path

from gearmang.dead_letters.store.seam import Store
from tests.daemons.gearmand import Gearmand
from tests.daemons.other_servers import PerlServer
from tests.daemons.process import await_that
from tests.integration.dead_letters.command import Gearmang
from tests.integration.dead_letters.letters import many, put


def verdicts(gearmang: Gearmang, *options: str) -> dict[str, str]:
    import json

    ended = gearmang("dead", "doctor", "--json", *options)
    found = {entry["question"]: entry["verdict"] for entry in json.loads(ended.stdout)}
    assert ended.code == ("bad" in found.values())
    return found


def test_a_sound_pipeline_is_all_well(store: Store, gearmang: Gearmang, tmp_path: Path) -> None:
    put(store, *many(3))
    spool = tmp_path / "spool"
    spool.mkdir()
    with Gearmand(tmp_path, persistent=True, options=("--verbose", "NOTICE")) as gearmand:
        here = gearmang.at(gearmand.address)
        collector = here.start("collect", log=tmp_path / "log")
        await_that(lambda: gearmand.functions().get("gearmang"), "the collector is there")
        found = verdicts(here, "--spool", str(spool))
        collector.terminate()
        collector.wait(10)
    assert set(found.values()) == {"ok"}, found
    assert len(found) == 8


def test_what_is_wrong_is_said(gearmang: Gearmang, gearmand: Gearmand, tmp_path: Path) -> None:
    (tmp_path / "1.job").write_text("x")
    found = verdicts(gearmang.at(gearmand.address), "--spool", str(tmp_path))
    assert [question for question, verdict in found.items() if verdict == "bad"] == [
        "spool is empty",
        f"a collector is connected to {gearmand.address}",
        f"{gearmand.address} keeps its queue over a restart",
        f"{gearmand.address} logs the jobs that it drops",
    ]


def test_a_gearmand_and_a_store_that_are_down_are_findings(tmp_path: Path) -> None:
    found = verdicts(Gearmang(str(tmp_path / "none.db"), "127.0.0.1:1"))
    assert found["store can be read"] == found["store can be written"] == "bad"
    assert found["127.0.0.1:1 answers"] == "bad"


def test_it_knows_the_faults_of_the_version(gearmang: Gearmang, gearmand: Gearmand) -> None:
    told = gearmang.at(gearmand.address)("dead", "doctor").stdout.decode()
    assert f"known faults of {gearmand.address}: gearmand 1.1." in told
    assert "a scheduled job sleeps until another one comes (#101)" in told


def test_a_server_of_another_make_is_no_fault(gearmang: Gearmang, tmp_path: Path) -> None:
    with PerlServer(tmp_path) as perl:
        found = verdicts(gearmang.at(perl.address))
    assert f"{perl.address} answers" not in found
    assert found[f"{perl.address} logs the jobs that it drops"] == "unknown"
