"""`gearmang silence`, and the checks that obey it."""

from gearmang.dead_letters.store.seam import Store
from gearmang.job.client import Client
from gearmang.job.submission import Packed
from tests.daemons.gearmand import Gearmand
from tests.integration.dead_letters.command import Gearmang
from tests.integration.dead_letters.letters import many, put
from tests.integration.nagios_checks.plugin import check


def said(gearmang: Gearmang, *words: str, code: int = 0) -> str:
    ended = gearmang("silence", *words)
    assert ended.code == code, ended
    return ended.stdout.decode() + ended.stderr


def test_a_silence_is_set_listed_and_ended(store: Store, gearmang: Gearmang) -> None:
    put(store, *many(1))
    told = said(gearmang, "set", "2h", "--function", "res*", "--reason", "it moves")
    made = told.partition(":")[0]
    assert "function  res*" in said(gearmang, "list")
    assert "it moves" in said(gearmang, "list")
    said(gearmang, "end", made)
    assert "nobody is silent" in said(gearmang, "list")
    assert {"silenced", "silence ended"} <= {event["what"] for event in gearmang.json("history")}
    assert "is past" in said(
        gearmang, "set", "2001-01-01", "--server", "*", "--reason", "x", code=2
    )
    assert "who is" in said(gearmang, "set", "2h", "--reason", "x", code=2)


def test_dead_letters_of_a_silent_function_alert_nobody_until_it_ends(
    store: Store, store_url: str, gearmang: Gearmang
) -> None:
    put(store, *many(3), *many(2, function="mail"))
    options = ("--store", store_url)
    assert "5 dead letters arrived" in check("dead_letters", *options).line
    made = said(gearmang, "set", "2h", "--function", "res*", "--reason", "it moves")[:6]
    quiet = check("dead_letters", *options)
    assert quiet.state == "WARNING"
    assert "2 dead letters arrived" in quiet.line
    said(gearmang, "set", "2h", "--server", "gm1:*", "--reason", "a new kernel")
    silent = check("dead_letters", *options)
    assert silent.state == "OK"
    assert "5 dead letters more of who is silent" in silent.line
    assert "5 dead letters kept" in silent.line
    said(gearmang, "end", made)
    for one in gearmang("silence", "list", "--json").stdout.decode().split('"silence": "')[1:]:
        said(gearmang, "end", one[:6])
    assert check("dead_letters", *options).state == "WARNING"


def test_other_checks_obey_silences_and_say_until_when_and_why(
    store_url: str, gearmang: Gearmang, gearmand: Gearmand
) -> None:
    with Client([gearmand.address]) as client:
        for _ in client.queue(Packed(name, b"", name) for name in ("resize", "mail")):
            pass
    options = ("-H", gearmand.address, "-w", "0", "-c", "9", "--silences", store_url)
    assert check("queues", *options).state == "CRITICAL"  # no worker serves them
    said(gearmang, "set", "2h", "--function", "resize", "--reason", "it moves")
    one = check("queues", *options)
    assert "mail" in one.line
    assert "resize" not in one.line
    said(gearmang, "set", "2h", "--server", f"{gearmand.address}", "--reason", "a new kernel")
    both = check("queues", *options)
    assert both.state == "OK"
    assert "silent until" in both.line
    assert "a new kernel" in both.line


def test_silences_that_cannot_be_read_silence_nothing(gearmand: Gearmand) -> None:
    with Client([gearmand.address]) as client:
        for _ in client.queue([Packed("resize", b"", "u")]):
            pass
    options = ("-H", gearmand.address, "-w", "0", "-c", "9")
    run = check("queues", *options, "--silences", "/nowhere/letters.db")
    assert run.state == "CRITICAL"
    assert "nothing is silent, as there is no store" in run.output
