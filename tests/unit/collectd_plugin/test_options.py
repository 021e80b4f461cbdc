"""Options of the module's block: each one read, each mistake one sentence that names it."""

import pytest

from collectd_plugin.options import BadDirective, NamedTarget, read_options
from gearmang.protocol import Tls
from gearmang.protocol.server import Server
from gearmang.watch.poll import Target
from tests.daemons.strict_collectd import Node

SERVER = Node("Server", "gm1:4731")


def test_without_options_the_defaults_hold() -> None:
    options = read_options([SERVER])
    assert options.servers == (NamedTarget(Target(Server("gm1", 4731)), "gm1:4731"),)
    assert (options.interval, options.timeout, options.max_functions) == (None, 2.0, 10_000)
    assert (options.workers, options.priorities, options.jobs) == (True, False, False)


def test_every_option_is_read_whatever_its_case() -> None:
    options = read_options(
        [
            SERVER,
            Node("interval", 5.0),
            Node("TIMEOUT", 1.5),
            Node("Function", "image.*", "mail"),
            Node("Function", "x"),
            Node("IgnoreFunction", "*.test"),
            Node("MaxFunctions", 100.0),
            Node("StalledPolls", 3.0),
            Node("Workers", False),
            Node("Priorities", True),
            Node("Jobs", "yes"),
            Node("MaxJobs", 50.0),
            Node("DeadLetters", "/var/lib/gearmang/dead_letters.db"),
            Node("Notifications", "off"),
        ]
    )
    assert (options.interval, options.timeout) == (5.0, 1.5)
    assert options.functions == ("image.*", "mail", "x")
    assert options.ignored_functions == ("*.test",)
    assert (options.max_functions, options.stalled_polls, options.max_jobs) == (100, 3, 50)
    assert (options.workers, options.priorities, options.jobs) == (False, True, True)
    assert options.dead_letters == "/var/lib/gearmang/dead_letters.db"
    assert options.notifications is False


def test_a_server_may_have_a_name_and_tls_files() -> None:
    node = Node(
        "Server",
        "[::1]",
        children=[
            Node("Name", "main/1"),
            Node("CACert", "/ca"),
            Node("CertificateFile", "/c"),
            Node("CertificateKeyFile", "/k"),
            Node("ServerName", "gm"),
        ],
    )
    (named,) = read_options([node]).servers
    assert named == NamedTarget(
        Target(Server("::1", 4730), Tls("/ca", "/c", "/k", "gm")), "main%2F1"
    )


def test_an_ipv6_address_is_reported_as_it_is_written() -> None:
    assert read_options([Node("Server", "[::1]:4731")]).servers[0].name == "[::1]:4731"


def test_tls_alone_trusts_the_systems_certificates() -> None:
    node = Node("Server", "gm1", children=[Node("TLS", True)])
    assert read_options([node]).servers[0].target.tls == Tls()


@pytest.mark.parametrize(
    ("node", "words"),
    [
        (Node("Intervall", 5.0), "option Intervall is unknown; the options are Server, Interval"),
        (Node("Interval", "soon"), "option Interval: 'soon' is no number"),
        (Node("Interval", True), "option Interval: True is no number"),
        (Node("Interval", 1.0, 2.0), "option Interval takes one value, not 2"),
        (Node("Interval"), "option Interval takes one value, not 0"),
        (Node("Timeout", -1.0), "option Timeout: -1.0 is no number of 0 or more"),
        (Node("Timeout", 0.0), "option Timeout: 0 s is less than 0.01 s"),
        (Node("Timeout", float("nan")), "option Timeout: nan"),
        (Node("Timeout", float("inf")), "option Timeout: inf"),
        (Node("MaxFunctions", 1.5), "option MaxFunctions: 1.5 is no whole number"),
        (Node("MaxFunctions", 0.0), "option MaxFunctions: 0 is no whole number"),
        (Node("Function", 5.0), "option Function takes patterns"),
        (Node("Function"), "option Function takes patterns"),
        (Node("Workers", "perhaps"), "option Workers: 'perhaps' is neither true nor false"),
        (Node("Workers", 1.0), "option Workers: 1.0 is neither"),
        (Node("Workers", True, children=[Node("x")]), "option Workers is no block"),
        (Node("DeadLetters", "mysql://h/d"), "option DeadLetters: the store"),
        (Node("DeadLetters", 5.0), "option DeadLetters: 5.0 is no text"),
        (Node("Server", "x:y:z/"), "option Server: "),
        (Node("Server", "gm:99999"), "option Server: 'gm:99999': the port"),
        (Node("Server", 4730.0), "option Server: 4730.0 is no text"),
        (Node("Server", "gm1:4731"), "option Server gm1:4731 is there twice"),
        (Node("Server", "b", children=[Node("CA", "/x")]), "option CA in Server b is unknown"),
        (
            Node("Server", "b", children=[Node("TLS", False), Node("CACert", "/x")]),
            "option TLS in Server b is false",
        ),
    ],
)
def test_a_mistake_is_one_sentence_that_names_the_option(node: Node, words: str) -> None:
    with pytest.raises(BadDirective) as caught:
        read_options([SERVER, node])
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_timeout_must_be_shorter_than_the_interval() -> None:
    with pytest.raises(BadDirective, match="option Timeout is 2 s, with an Interval of 2 s"):
        read_options([SERVER, Node("Interval", 2.0)])


def test_there_must_be_something_to_poll() -> None:
    with pytest.raises(BadDirective, match="option Server is missing"):
        read_options([])
    assert read_options([Node("DeadLetters", "/x.db")]).servers == ()
