"""The tests stay on this machine."""

import socket

import httpx
import pytest

from tests.environment import OutsideError

# Addresses kept for documentation: nobody answers there (RFC 5737, RFC 3849).
ELSEWHERE = [(socket.AF_INET, ("192.0.2.1", 80)), (socket.AF_INET6, ("2001:db8::1", 80, 0, 0))]


@pytest.mark.parametrize(("family", "address"), ELSEWHERE)
@pytest.mark.parametrize("way", ["connect", "connect_ex"])
def test_no_test_reaches_another_machine(family, address, way):
    with socket.socket(family) as sock:
        sock.settimeout(0.1)
        with pytest.raises(OutsideError):
            getattr(sock, way)(address)


def test_nor_does_the_library_that_asks_the_registers():
    with pytest.raises(OutsideError), httpx.Client(trust_env=False) as client:
        client.get("http://192.0.2.1/", timeout=0.1)


def test_this_machine_answers():
    with socket.create_server(("127.0.0.1", 0)) as server:
        for host in ("127.0.0.1", "localhost"):
            with socket.create_connection((host, server.getsockname()[1]), timeout=5) as sock:
                assert sock.getpeername() == server.getsockname()


def test_the_registers_are_out_of_reach_unless_a_test_imitates_them(settings):
    assert settings.COMPANY_SEARCH_URL == settings.INSEE_URL == "http://127.0.0.1:9"
    assert not settings.INSEE_API_KEY
