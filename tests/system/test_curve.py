"""Keys on the ZeroMQ links: each key at each port, lists that change, sources, and the whole pipeline."""
import contextlib
import itertools
import os
import shutil
import signal
import socket
import subprocess

import msgpack
import pytest
import xxhash
import zmq

import oracle
from downlink import BIN, Client, Pair, Program, channel, free_ports, message, until
from keys import PORTS, Keys, Visitor, counters
from oracle import expect
from posters import post_lines

TIME = 1643827145863370
#  The beginning of ZMTP 3 as a server with keys sends it.
KEYED_GREETING = b"\xff" + bytes(8) + b"\x7f\x03\x00" + b"CURVE".ljust(20, b"\0") + b"\1" + bytes(31)
RIGHTS = {"frames": "push", "queries": "ask", "events": "ask"}
#  Keys of the matrix, and their rights in the list; None: the key is not in the list.
LISTED = {"pusher": "push", "asker": "ask", "announcer": "announce,acknowledge", "both": "push,ask",
          "stranger": None, "gateway": "push,ask", "processor": "announce,acknowledge", "query": "ask"}


@pytest.fixture(scope="module")
def context():
    with zmq.Context() as one:
        yield one


def pair_with_keys(folder, keys, **flags):
    flags = {part: ("--curve-dir", keys.path, *flags.get(part, ())) for part in ("gateway", "processor")}
    return Pair(folder, **flags)


@pytest.fixture(scope="module")
def keys(folder):
    return Keys(f"{folder}/keys")


@pytest.fixture(scope="module")
def guarded(folder, keys):
    both = pair_with_keys(folder, keys)
    for name, rights in LISTED.items():
        if rights and name not in keys.lines():
            keys.allow(name, rights)
    await_list(both.processor, keys, 0)
    yield both
    for secret in ("gateway", "processor", "query"):
        for program in (both.gateway, both.processor):
            assert keys.secret(secret).decode() not in program.text(), "a secret key is in the log"
    both.stop()


@pytest.fixture
def start_with(folder):
    """Start pairs with a directory of keys of their own."""
    pairs = []

    def start(**flags):
        own = Keys(f"{folder}/keys-{channel()}")
        pairs.append(pair_with_keys(folder, own, **flags))
        return pairs[-1], own
    yield start
    for both in pairs:
        both.stop(check=False)


def reads(program):
    """Return the lines about lists that the program has read."""
    return [line for line in program.text().splitlines() if "list of keys again" in line]


def await_list(program, keys, before):
    """Wait until the program has read the present list. before: how many it had read when this one was written."""
    count = f"keys={len(keys.lines())}"
    until(lambda: len(lines := reads(program)) > before and count in lines[-1], what="the list")


def partition(of):
    return xxhash.xxh3_64_intdigest(of.encode()) % 16


def frame(of, number, source, sequence=1):
    return msgpack.packb([1, source, sequence, partition(of), [[of, number, TIME, 2, 70]]])


@pytest.mark.parametrize("kind", PORTS)
@pytest.mark.parametrize("name", [None, *LISTED])
def test_each_key_opens_exactly_its_ports(context, guarded, keys, name, kind):
    is_welcome = bool(name) and RIGHTS[kind] in (LISTED[name] or "").split(",")
    with Visitor(context, keys, guarded.port, kind, name) as visitor:
        assert visitor.gets_in() == is_welcome
        if is_welcome and kind == "frames":
            of = channel()
            visitor.socket.send(frame(of, 1, os.urandom(16)))
            assert guarded.rocket_when(of, lambda r: r["messagesApplied"] == 1)["speed"] == 70
        elif is_welcome and kind == "queries":
            assert visitor.ask({"op": "ping"}) == {"status": 200}
        elif is_welcome:
            assert visitor.hears()


def test_a_key_that_may_only_ask_removes_nothing(context, guarded, keys):
    of = channel()
    assert guarded.post(message(of, 1), Prefer="wait=60").status == 200
    removal = {"op": "forget", "id": of}
    with Visitor(context, keys, guarded.port, "queries", "asker") as visitor:
        assert visitor.ask(removal)["status"] == 403
        batch = visitor.ask({"op": "batch", "requests": [removal]})
        assert [reply["status"] for reply in batch["replies"]] == [403]
    assert guarded.rocket(of)["messagesApplied"] == 1
    with Visitor(context, keys, guarded.port, "queries", "both") as visitor:
        assert visitor.ask(removal)["status"] in (200, 202)
    until(lambda: guarded.rocket(of) is None, what="the removal")


@pytest.mark.parametrize("kind", PORTS)
def test_a_client_that_expects_another_server_gets_nowhere(context, guarded, keys, kind):
    before = counters(context, keys, guarded.port)["handshakesMismatched"]
    with Visitor(context, keys, guarded.port, kind, "both", server="gateway") as visitor:
        assert not visitor.gets_in()
    until(lambda: counters(context, keys, guarded.port)["handshakesMismatched"] > before, what="the counter")


def test_refusals_are_counted_by_reason_and_logged_with_advice(context, guarded, keys):
    reasons = ("handshakesUnknown", "handshakesUnlisted", "handshakesMismatched")
    before = counters(context, keys, guarded.port)
    for name in ("stranger", "pusher", None):
        with Visitor(context, keys, guarded.port, "queries", name) as visitor:
            assert not visitor.gets_in()

    def are_counted():
        now = counters(context, keys, guarded.port)
        return all(now[reason] > before[reason] for reason in reasons)
    until(are_counted, what="the counters")
    line = guarded.processor.lines_with("a connection was refused")[0]
    assert "address=127.0.0.1" in line and "advice=" in line and "needs=" in line


@pytest.mark.parametrize("is_asked", [False, True], ids=["file", "SIGHUP"])
def test_a_key_that_is_removed_loses_its_connections_and_comes_back_when_it_is_listed(
        context, guarded, keys, is_asked):
    def change(rights):
        before = len(reads(guarded.processor))
        keys.allow("leaver", rights)
        if is_asked:
            guarded.processor.send(signal.SIGHUP)
        await_list(guarded.processor, keys, before)
    change("push,ask")
    source, of = os.urandom(16), channel()
    with contextlib.ExitStack() as stack:
        frames, queries, events = (stack.enter_context(Visitor(context, keys, guarded.port, kind, "leaver"))
                                   for kind in PORTS)
        assert queries.ask({"op": "ping"}) and events.hears()
        frames.socket.send(frame(of, 1, source))
        guarded.rocket_when(of, lambda r: r["messagesApplied"] == 1)
        change("")
        frames.socket.send(frame(of, 2, source, 2))
        assert queries.ask({"op": "ping"}, patience=300) is None
        assert not events.hears(patience=800), "announcements come every 500 ms"
        other = channel()  # the gateway's connections ended too, and it is back
        assert guarded.post(message(other, 1)).status == 202
        guarded.rocket_when(other, lambda r: r["messagesApplied"] == 1)
        assert guarded.rocket(of)["messagesApplied"] == 1
    change("push,ask")
    with Visitor(context, keys, guarded.port, "frames", "leaver") as visitor:
        visitor.socket.send(frame(of, 2, source, 2))
        guarded.rocket_when(of, lambda r: r["messagesApplied"] == 2)
    change("")


def test_a_source_belongs_to_the_key_that_used_it_first(context, guarded, keys):
    source, of = os.urandom(16), channel()
    before = counters(context, keys, guarded.port)["framesUsurped"]
    with Visitor(context, keys, guarded.port, "frames", "both") as first, \
            Visitor(context, keys, guarded.port, "frames", "pusher") as second:
        first.socket.send(frame(of, 1, source))
        guarded.rocket_when(of, lambda r: r["messagesApplied"] == 1)
        second.socket.send(frame(of, 2, source, 2))
        until(lambda: counters(context, keys, guarded.port)["framesUsurped"] == before + 1, what="the counter")
        first.socket.send(frame(of, 3, source, 3))
        rocket = guarded.rocket_when(of, lambda r: r["lastMessageNumber"] == 3)
        assert rocket["missing"] == [[2, 2]]
        second.socket.send(frame(of, 2, os.urandom(16)))
        guarded.rocket_when(of, lambda r: r["missing"] == [])
    assert "key=pusher" in guarded.processor.lines_with("its source belongs to another key")[0]


def test_a_bad_list_changes_nothing(context, guarded, keys):
    lines = keys.lines()
    keys.write({**lines, "bad": "bad everything key"})
    for program in (guarded.gateway, guarded.processor):
        line = program.lines_with("cannot use the changed list of keys")[-1]
        assert f"line {len(lines) + 1}: " in line and "advice=" in line
    with Visitor(context, keys, guarded.port, "queries", "asker") as visitor:
        assert visitor.ask({"op": "ping"})
    before = len(reads(guarded.processor))
    keys.write(lines)
    await_list(guarded.processor, keys, before)


def put_fifo(path):
    os.mkfifo(path, 0o600)


def put_huge(path):
    path.touch(mode=0o600)
    os.truncate(path, 1 << 30)


def put_link(path):
    os.symlink("/dev/zero", path)


@pytest.mark.parametrize("put", [put_fifo, put_huge, put_link])
def test_a_list_that_is_no_list_changes_nothing_and_holds_nobody_up(guarded, keys, put):
    lines, words = keys.lines(), "cannot use the changed list of keys"
    told = [program.text().count(words) for program in (guarded.gateway, guarded.processor)]
    put(keys.path / ".strange")
    os.replace(keys.path / ".strange", keys.path / "peers")
    for program, before in zip((guarded.gateway, guarded.processor), told):
        until(lambda one=program, count=before: one.text().count(words) > count, what="a word about the list")
    assert guarded.post(message(channel(), 1), Prefer="wait=20").status == 200
    before = len(reads(guarded.processor))
    keys.write(lines)
    await_list(guarded.processor, keys, before)


HELLO = b"\xff" + bytes(8) + b"\x7f\x03\x00" + b"CURVE".ljust(20, b"\0") + bytes(32)
FORGED = [b"", os.urandom(200), b"\x04\xc8\x05HELLO" + bytes(194), b"\x04\xc8\x05HELLO\x01\x00" + os.urandom(192),
          b"\x04\xf9\x08INITIATE" + os.urandom(240), b"\x06" + b"\x7f" * 8, b"\x02" + b"\x7f" * 8, b"\0\x01x" * 100]


def test_forged_and_unfinished_handshakes_end_nobody(guarded):
    with contextlib.ExitStack() as stack:
        for offset, bytes_of_it in itertools.product(range(3), FORGED * 8):
            one = stack.enter_context(socket.create_connection(("127.0.0.1", guarded.port + offset), 10))
            with contextlib.suppress(OSError):
                one.sendall(HELLO + bytes_of_it)
        for _ in range(5):
            assert guarded.post(message(channel(), 1), Prefer="wait=20").status == 200
    assert guarded.post(message(channel(), 1), Prefer="wait=20").status == 200
    assert guarded.processor.process.poll() is None


def ask(*words):
    return subprocess.run([BIN / "downlink-query", *map(str, words)], capture_output=True, text=True, timeout=60)


def test_queries_need_the_keys(guarded, keys):
    here = ("--processors", f"127.0.0.1:{guarded.port}", "--timeout", "1s")
    assert ask("ping", *here[:2], "--curve-dir", keys.path).returncode == 0
    plain = ask("ping", *here)
    assert plain.returncode == 1 and "--curve-dir" in plain.stderr
    secret = keys.path / "query.key"
    secret.chmod(0o644)
    leaky = ask("ping", *here, "--curve-dir", keys.path)
    secret.chmod(0o600)
    assert leaky.returncode == 1 and "other users may read the secret key" in leaky.stderr
    watching = subprocess.Popen([BIN / "downlink-query", "watch", *here, "--json", "--curve-dir", keys.path],
                                stdout=subprocess.PIPE, text=True)
    of = channel()
    guarded.post(message(of, 1))
    try:
        assert next(line for line in watching.stdout if of in line)
    finally:
        watching.terminate()
        watching.communicate()


def test_keys_are_made_once_by_whoever_comes_first(folder):
    keys = Keys(f"{folder}/keys-{channel()}")
    ports = [free_ports(3) for _ in range(3)]
    many = [Program(folder, "downlink-processor", "--port", port, "--state-dir", f"{folder}/state-{ports[0]}",
                    "--curve-dir", keys.path) for port in ports]
    http = free_ports(1)
    many.append(Program(folder, "downlink-gateway", "--journal", "off", "--listen", f"127.0.0.1:{http}",
                        "--curve-dir", keys.path, "--processors", ",".join(f"localhost:{p}" for p in ports)))

    def owners():
        with contextlib.suppress(OSError), Client(http) as client:
            return len({one["owner"] for one in client.call("GET", "/stats").json()["routing"]} - {None}) == 3
        return False
    until(owners, what="three owners")
    assert sum("made the keys of links" in program.text() for program in many) == 1
    assert oct(keys.path.stat().st_mode)[-4:] == "0700"
    assert {oct(path.stat().st_mode)[-4:] for path in keys.path.iterdir()} == {"0600"}
    assert [program.stop() for program in reversed(many)] == [0] * 4


@pytest.mark.parametrize("program,flags", [
    ("downlink-processor", ("--bind", "0.0.0.0", "--store", "memory")),
    ("downlink-gateway", ("--processors", "one.invalid:5561", "--journal", "off")),
    ("downlink-gateway", ("--processors", "localhost,192.0.2.1:5561", "--journal", "off"))])
def test_ports_and_links_beyond_this_machine_need_keys(tmp_path, program, flags):
    place = ("--port", free_ports(3)) if program == "downlink-processor" else \
        ("--listen", f"127.0.0.1:{free_ports(1)}")
    closed = subprocess.run([BIN / program, *map(str, (*flags, *place))], capture_output=True, text=True, timeout=60)
    assert closed.returncode == 2
    assert "--curve-dir" in closed.stderr and "--insecure" in closed.stderr
    keys = Keys(tmp_path / "keys")
    for way in (("--insecure",), ("--curve-dir", keys.path)):
        opened = Program(tmp_path, program, *flags, *place, *way)
        until(lambda one=opened: " ready " in one.text() or " listening " in one.text(), what="the start")
        assert opened.stop() == 0


@pytest.mark.parametrize("file,mode,reason", [
    ("processor.key", 0o640, "try chmod 600"), (".", 0o750, "try chmod 700"), ("peers", 0o622, "other users may write")])
def test_a_directory_that_others_can_use_is_refused_in_a_sentence(tmp_path, file, mode, reason):
    directory = tmp_path / "keys"
    subprocess.run([BIN / "downlink-keygen", "curve", directory], check=True, capture_output=True)
    (directory / file).chmod(mode)
    done = subprocess.run([BIN / "downlink-processor", "--store", "memory", "--port", str(free_ports(3)),
                           "--curve-dir", directory], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and reason in done.stderr


def test_keygen_makes_keys_once_and_overwrites_nothing(tmp_path):
    directory = tmp_path / "deep" / "keys"
    made = subprocess.run([BIN / "downlink-keygen", "curve", directory], capture_output=True, text=True)
    assert made.returncode == 0 and not made.stdout
    files = {path.name: path.read_bytes() for path in directory.iterdir()}
    assert {"gateway.key", "processor.key", "query.key", "peers"} <= set(files)
    for secret in ("gateway.key", "processor.key", "query.key"):
        assert files[secret].strip().decode() not in made.stderr
    again = subprocess.run([BIN / "downlink-keygen", "curve", directory], capture_output=True, text=True)
    assert again.returncode == 1 and "nothing that is there is overwritten" in again.stderr
    assert files == {path.name: path.read_bytes() for path in directory.iterdir()}


def test_the_state_converges_over_links_with_keys_through_takeover_and_restart(folder, start_with):
    both, keys = start_with()
    port = free_ports(3)
    second = Program(folder, "downlink-processor", "--port", port, "--state-dir", both.state, "--curve-dir", keys.path)
    both.gateway_flags = (*both.gateway_flags, "--processors", f"127.0.0.1:{both.port},127.0.0.1:{port}")
    both.gateway.stop()
    both.gateway = both.start_gateway()
    assert both.await_ready()
    arrived = oracle.make(200, 50, seed=16, shuffle=300, duplicates=0.05)
    until(lambda: len({one["owner"] for one in both.call("GET", "/stats").json()["routing"]} - {None}) == 2,
          what="two owners")
    parts = [arrived[place::4] for place in range(4)]
    post_lines(both, parts[0])
    second.process.kill()  # takeover
    second.process.wait()
    post_lines(both, parts[1])
    both.processor.stop()  # restart of the processor, then of the gateway
    both.processor = both.start_processor()
    post_lines(both, parts[2])
    both.gateway.process.kill()
    both.gateway.process.wait()
    both.gateway = both.start_gateway()
    assert both.await_ready()
    post_lines(both, parts[3])
    expect(both, oracle.states(list(itertools.chain(*parts)), "converge"))


def buffered(both):
    return both.call("GET", "/stats").json()["buffered"]


def test_a_gateway_believes_the_keys_that_may_announce_and_acknowledge(folder, start_with):
    """The gateway has a list of its own here, as on another host."""
    both, keys = start_with(gateway=("--wait", "0s"))
    both.gateway.stop()
    theirs = Keys(f"{folder}/keys-{channel()}")
    for name in ("gateway.key", "peers"):
        shutil.copy(keys.path / name, theirs.path / name)
    theirs.allow("processor", "announce")
    both.gateway_flags = ("--curve-dir", theirs.path)
    both.gateway = both.start_gateway()
    assert both.await_ready()
    of = channel()
    assert both.post(message(of, 1)).status == 202
    assert both.rocket_when(of, lambda r: r["messagesApplied"] == 1)
    assert buffered(both) == 1, "its acks do not count"
    theirs.allow("processor", "announce,acknowledge")
    until(lambda: buffered(both) == 0, what="the ack")
    lines = theirs.lines()
    theirs.allow("processor", "")
    until(lambda: both.call("GET", "/readyz").status == 503, what="no owner")
    theirs.allow("other", "announce,acknowledge")  # one that this processor does not have
    theirs.write({**theirs.lines(), **lines})
    assert both.await_ready()


def test_a_gateway_without_the_right_keys_gets_in_as_soon_as_somebody_mends_that(folder, start_with):
    both, keys = start_with()
    both.gateway.stop()
    lines = keys.lines()
    keys.allow("gateway", "")
    both.gateway = both.start_gateway()
    line = both.gateway.lines_with("the handshake with a processor fails")[0]
    assert "advice=" in line and "does not admit this gateway's key" in line
    until(lambda: both.call("GET", "/readyz").status == 503, what="no processor")
    keys.write(lines)
    assert both.await_ready()
    both.gateway.stop()
    both.gateway_flags = ()
    both.gateway = both.start_gateway()
    assert "start this gateway with --curve-dir" in both.gateway.lines_with("the handshake with a processor fails")[0]
    both.processor.stop()
    both.processor_flags = ()
    both.processor = both.start_processor()
    assert both.await_ready(), f"without keys on both sides: {both.processor.text()[-999:]} {both.gateway.text()[-999:]}"


def refuse(listener):
    """Refuse a link as a processor with keys does; return when the gateway has given it up."""
    listener.settimeout(60)
    with listener.accept()[0] as link:
        link.sendall(KEYED_GREETING)
        while link.recv(4096):
            pass


@pytest.mark.parametrize("are_all", [False, True], ids=["some", "all, then some"])
def test_links_that_were_refused_beside_one_that_was_not_come_back(context, start, are_all):
    """As when a processor restarts without keys while a gateway connects: the old process has refused some links, the
    new one admits the others. libzmq never tries a refused one again."""
    both = start(gateway=("--workers", "1"))
    assert [both.gateway.stop(), both.processor.stop()] == [0, 0]
    with contextlib.ExitStack() as stack:
        def listen(offset):
            return stack.enter_context(socket.create_server(("127.0.0.1", both.port + offset)))
        refusing = 2 * [listen(1)]  # there are two links for queries
        if are_all:
            with socket.create_server(("127.0.0.1", both.port)) as frames:
                both.gateway = both.start_gateway()
                for one in (frames, *refusing):
                    refuse(one)
        stack.enter_context(context.socket(zmq.PULL)).bind(f"tcp://127.0.0.1:{both.port}")
        if not are_all:
            refusing.append(listen(2))
            both.gateway = both.start_gateway()
        for one in refusing:
            refuse(one)
    both.processor = both.start_processor()
    assert both.await_ready()
    of = channel()
    assert both.post(message(of, 1)).status == 202
    both.rocket_when(of, lambda r: r["messagesApplied"] == 1)
    assert len(both.call("GET", "/rockets").json()["rockets"]) == 1
    both.stop()


def test_nobody_gets_in_while_the_authenticator_hangs(context, start_with):
    """It hangs at its 20th client: after its own three checks and the four links of the gateway, which come in any
    order with visitors."""
    os.environ["DOWNLINK_FAILPOINTS"] = "authenticator=sleep:60000@20"
    try:
        both, keys = start_with(gateway=("--workers", 1), processor=("--watchdog", "0"))
    finally:
        del os.environ["DOWNLINK_FAILPOINTS"]
    of = channel()
    assert both.post(message(of, 1)).status == 202  # each link of the gateway works: none of them is the 20th
    both.rocket_when(of, lambda r: r["messagesApplied"] == 1)
    assert len(both.call("GET", "/rockets").json()["rockets"]) == 1

    def gets_in():
        with Visitor(context, keys, both.port, "queries", "query") as visitor:
            return visitor.gets_in()
    admitted = list(itertools.takewhile(bool, (gets_in() for _ in range(20))))
    assert 0 < len(admitted) < 20, "the last visitor did not get in"
    assert both.post(message(of, 2)).status == 202  # connected clients go on
    both.rocket_when(of, lambda r: r["messagesApplied"] == 2)
    both.gateway.stop()
    both.processor.process.kill()
    both.processor.process.wait()
