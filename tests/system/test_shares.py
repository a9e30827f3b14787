"""No client takes what is the others': connections of one address, rates."""
import contextlib
import socket

import pytest

from downlink import Client, Program, free_ports, until
from own_network import CLIENTS, CLIENTS_6, SERVER, in_own_network

LIMIT = 8
HEAD = b"GET /livez HTTP/1.1\r\nHost: one\r\n\r\n"


def open_gateway(folder, *flags, address="[::]"):
    """Start a gateway that every client reaches. Return it and its port."""
    port = free_ports(1)
    gateway = Program(folder, "downlink-gateway", "--listen", f"{address}:{port}", "--insecure",
                      "--journal-dir", f"{folder}/journal-{port}", *flags)
    gateway.lines_with("listening")
    return gateway, port


def answers(connection):
    """Return true if the gateway answers on a connection, false if it has closed it."""
    try:
        connection.sendall(HEAD)
        return connection.recv(4096).startswith(b"HTTP/1.1 200")
    except (ConnectionResetError, BrokenPipeError):
        return False


def connect(port, source, target=SERVER):
    return socket.create_connection((target, port), 10, (source, 0))


def count_answered(stack, port, source, count, target=SERVER):
    """Open connections that stay open, and return how many of them are answered."""
    opened = [stack.enter_context(connect(port, source, target)) for _ in range(count)]
    return sum(answers(one) for one in opened)


def stats(port):
    with Client(port) as client:
        return client.call("GET", "/stats").json()


@in_own_network
def test_one_address_holds_a_bounded_number_of_connections_and_others_find_places(folder):
    gateway, port = open_gateway(folder, "--connections-per-address", LIMIT, "--workers", 1)
    with contextlib.ExitStack() as stack:
        assert count_answered(stack, port, CLIENTS[0], LIMIT + 5) == LIMIT
        assert count_answered(stack, port, CLIENTS[1], LIMIT) == LIMIT
        #  IPv6 clients are told apart by their first 64 bits.
        target = CLIENTS_6[2]
        assert count_answered(stack, port, CLIENTS_6[0], LIMIT - 2, target) == LIMIT - 2
        assert count_answered(stack, port, CLIENTS_6[1], 3, target) == 2
        assert count_answered(stack, port, CLIENTS_6[2], LIMIT, target) == LIMIT
        #  This machine may have any number.
        assert count_answered(stack, port, "127.0.0.1", 3 * LIMIT, "127.0.0.1") == 3 * LIMIT
        assert stats(port)["closedConnections"] == 5 + 1
        with Client(port) as client:
            metrics = client.call("GET", "/metrics").body.decode()
        assert "downlink_gateway_closed_connections_total 6\n" in metrics
        log = gateway.lines_with("closed connections of a client that has too many")
        assert len(log) == 1 and CLIENTS[0] in log[0] and "--trusted-proxies" in log[0]
    #  Closed connections give their places back.
    with contextlib.ExitStack() as stack:
        def place_is_free():
            with connect(port, CLIENTS[0]) as one:
                return answers(one)
        until(place_is_free, what="a free place")
        until(lambda: stats(port)["connections"] == 1, what="the end of the connections")
        assert count_answered(stack, port, CLIENTS[0], LIMIT + 1) == LIMIT
    assert gateway.stop() == 0


@in_own_network
def test_trusted_proxies_may_have_any_number_of_connections(folder):
    networks = f"10.0.0.0/8, {CLIENTS[0]}/31, 2001:db8:0:1::/64"
    gateway, port = open_gateway(folder, "--connections-per-address", LIMIT, "--trusted-proxies", networks)
    with contextlib.ExitStack() as stack:
        assert count_answered(stack, port, CLIENTS[0], 3 * LIMIT) == 3 * LIMIT
        assert count_answered(stack, port, CLIENTS_6[2], 2 * LIMIT, CLIENTS_6[0]) == 2 * LIMIT
        #  Workers look at the number at the same moment, so each may let one more in.
        assert LIMIT <= count_answered(stack, port, CLIENTS[2], 3 * LIMIT) <= LIMIT + 1
    assert gateway.stop() == 0


@pytest.mark.parametrize("networks", ["", "localhost", "10.0.0.1/8", "10.0.0.0/33", "1.2.3.4:80", "10.0.0.0/8,",
                                      "2001:db8::/129", ",".join(["10.0.0.1"] * 65)])
def test_a_list_of_proxies_that_is_none_is_refused_in_a_sentence(folder, networks):
    gateway = Program(folder, "downlink-gateway", "--trusted-proxies=" + networks)
    assert gateway.process.wait(30) == 2
    assert "--trusted-proxies: " in gateway.text() and "10.0.0.0/8,192.0.2.7" in gateway.text()
