"""TLS to a gearmand behind stunnel: trusted, not trusted, and no TLS at all."""

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gearmang.protocol import AdminClient, AdminError, ProtocolError, TimedOut, Tls, Unreachable
from gearmang.protocol.server import Server
from gearmang.watch.poll import Snapshot, Target, poll
from tests.daemons.collectd import Collectd
from tests.daemons.gearmand import Gearmand
from tests.daemons.liars import Liar, says
from tests.daemons.process import await_that
from tests.daemons.registrations import Registrations
from tests.daemons.stunnel import Authority, Stunnel, openssl


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "ours")


@pytest.fixture
def endpoint(tmp_path: Path, gearmand: Gearmand, authority: Authority) -> Iterator[Stunnel]:
    with Stunnel(tmp_path, gearmand, authority.sign("127.0.0.1")) as made:
        yield made


def error_of(port: int, tls: Tls, timeout: float = 2.0) -> AdminError:
    with (
        AdminClient("127.0.0.1", port, timeout, tls) as admin,
        pytest.raises(AdminError) as caught,
    ):
        admin.version()
    return caught.value


def test_a_trusted_server_is_asked_over_tls(
    endpoint: Stunnel, gearmand: Gearmand, authority: Authority
) -> None:
    with AdminClient("127.0.0.1", endpoint.port, tls=Tls(ca=str(authority.ca))) as admin:
        assert admin.getpid() == gearmand.pid
        assert admin.status() == ()


def test_a_long_reply_comes_whole_over_tls(
    endpoint: Stunnel, gearmand: Gearmand, authority: Authority
) -> None:
    with Registrations(gearmand) as made:
        made.worker([b"function-%05d" % number for number in range(5000)])
        target = Target(Server("127.0.0.1", endpoint.port), Tls(ca=str(authority.ca)))
        (answer,) = poll([target], timeout=5)
    assert isinstance(answer, Snapshot)
    assert len(answer.functions) == 5000


def test_a_certificate_of_another_authority_is_not_trusted(
    endpoint: Stunnel, tmp_path: Path
) -> None:
    error = error_of(endpoint.port, Tls(ca=str(Authority(tmp_path / "theirs").ca)))
    assert type(error) is ProtocolError
    assert "certificate that is not trusted" in str(error)


def test_the_systems_authorities_do_not_trust_ours(endpoint: Stunnel) -> None:
    assert "not trusted" in str(error_of(endpoint.port, Tls()))


def test_a_certificate_for_another_name_is_not_trusted(
    endpoint: Stunnel, authority: Authority
) -> None:
    tls = Tls(ca=str(authority.ca), server_name="gm1.example")
    assert "not trusted" in str(error_of(endpoint.port, tls))


def test_the_name_in_the_certificate_can_be_given(
    tmp_path: Path, gearmand: Gearmand, authority: Authority
) -> None:
    tls = Tls(ca=str(authority.ca), server_name="gm1.example")
    with (
        Stunnel(tmp_path, gearmand, authority.sign("gm1.example")) as endpoint,
        AdminClient("127.0.0.1", endpoint.port, tls=tls) as admin,
    ):
        assert admin.getpid() == gearmand.pid


def test_a_client_certificate_is_shown_where_the_server_wants_one(
    tmp_path: Path, gearmand: Gearmand, authority: Authority
) -> None:
    cert, key = map(str, authority.sign("monitor"))
    identity = authority.sign("127.0.0.1")
    with Stunnel(tmp_path, gearmand, identity, clients=authority) as endpoint:
        tls = Tls(str(authority.ca), cert, key)
        with AdminClient("127.0.0.1", endpoint.port, tls=tls) as admin:
            assert admin.getpid() == gearmand.pid
        assert isinstance(error_of(endpoint.port, Tls(str(authority.ca))), ProtocolError)


def test_a_gearmand_without_tls_is_an_error_and_no_plaintext(gearmand: Gearmand) -> None:
    error = error_of(gearmand.port, Tls())
    assert type(error) is ProtocolError
    assert "TLS on this port" in str(error)


def test_a_plaintext_answer_is_an_error_that_says_so() -> None:
    with Liar(says(b"OK 4711\n")) as liar:
        error = error_of(liar.port, Tls())
    assert type(error) is ProtocolError
    assert "answers in plaintext where TLS was asked for" in str(error)


def test_a_server_that_never_shakes_hands_costs_the_timeout() -> None:
    closed = threading.Event()

    def silent(connection: socket.socket) -> None:
        while connection.recv(65536):
            pass
        closed.set()

    with Liar(silent) as liar:
        begun = time.monotonic()
        error = error_of(liar.port, Tls(), 0.3)
        assert time.monotonic() - begun < 0.8
        assert closed.wait(1), "the connection is left open"
    assert type(error) is TimedOut
    assert "did not speak TLS in time" in str(error)


@pytest.mark.parametrize(
    "tls", [Tls(ca="/no/ca.pem"), Tls(cert="/no/cert.pem"), Tls(ca="/etc/hostname")]
)
def test_a_file_that_cannot_be_used_is_named(endpoint: Stunnel, tls: Tls) -> None:
    error = error_of(endpoint.port, tls)
    assert type(error) is Unreachable
    assert (tls.ca or tls.cert or "") in str(error)


def test_a_key_with_a_password_is_an_error_and_no_question(
    endpoint: Stunnel, authority: Authority, tmp_path: Path
) -> None:
    cert, key = authority.sign("monitor")
    locked = tmp_path / "locked.key"
    openssl("pkey", "-in", key, "-aes128", "-passout", "pass:secret", "-out", locked)
    error = error_of(endpoint.port, Tls(str(authority.ca), str(cert), str(locked)))
    assert type(error) is Unreachable
    assert str(locked) in str(error)


def test_plaintext_to_a_tls_endpoint_is_an_error(endpoint: Stunnel) -> None:
    with AdminClient("127.0.0.1", endpoint.port) as admin, pytest.raises(AdminError):
        admin.version()


def test_a_renewed_certificate_is_read_anew(
    tmp_path: Path, gearmand: Gearmand, authority: Authority
) -> None:
    other = Authority(tmp_path / "other")
    trusted = tmp_path / "trusted.pem"
    tls = Tls(ca=str(trusted))
    with Stunnel(tmp_path, gearmand, authority.sign("127.0.0.1")) as endpoint:
        trusted.write_bytes(other.ca.read_bytes())
        assert "not trusted" in str(error_of(endpoint.port, tls))
        trusted.write_bytes(authority.ca.read_bytes())
        with AdminClient("127.0.0.1", endpoint.port, tls=tls) as admin:
            assert admin.getpid() == gearmand.pid


def test_collectd_polls_over_tls(endpoint: Stunnel, tmp_path: Path, authority: Authority) -> None:
    block = [
        f'<Server "127.0.0.1:{endpoint.port}">',
        'Name "secure"',
        f'CACert "{authority.ca}"',
        "</Server>",
        "Timeout 0.9",
    ]
    wanted = 'collectd_gearman_gauge{gearman="secure",type="up",instance="here"} 1'
    with Collectd(tmp_path, options=block, interval=1) as collectd:
        await_that(lambda: wanted in collectd.metrics(), "it is up", timeout=30)
