"""Make certificates for tests with openssl, which no test keeps, and sockets that speak TLS.

With DOWNLINK_TLS set, every Pair speaks TLS, and so do this process's sockets to it (conftest.py). So a test
that was written for plain HTTP shows that the same holds under TLS.
"""
import os
import pathlib
import socket
import ssl
import subprocess
import tempfile

PLAIN = socket.socket
PORTS = set()  # of gateways that speak TLS
IS_EVERYWHERE = bool(os.environ.get("DOWNLINK_TLS"))
CURVE = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


def openssl(folder, *arguments):
    subprocess.run(["openssl", *map(str, arguments)], cwd=folder, check=True, capture_output=True)


def time_of(days):
    """The flags for so many days from now. Since 3.4, openssl refuses a number below 1, and knows dates instead."""
    knows_dates = "-not_after" in subprocess.run(["openssl", "x509", "-help"], capture_output=True, text=True,
                                                 check=True).stderr
    if days < 1 and knows_dates:
        return "-not_before", "20200101000000Z", "-not_after", "20200102000000Z"
    return "-days", days


class Authority:
    """An authority in a folder: its certificate in `certificate`, those it signs beside it."""

    def __init__(self, folder, name="authority"):
        self.folder = pathlib.Path(folder)
        self.name = name
        self.certificate = self.folder / f"{name}.pem"
        openssl(folder, "req", "-x509", *CURVE, "-keyout", f"{name}.key", "-out", f"{name}.pem",
                "-days", 30, "-subj", f"/CN={name}", "-addext", "keyUsage=critical,keyCertSign,cRLSign")

    def sign(self, name, usage="serverAuth", days=30, names="DNS:localhost,IP:127.0.0.1"):
        """Return the paths of a certificate and its key. With -1 days it has ended."""
        path = self.folder / name
        openssl(self.folder, "req", "-new", *CURVE, "-keyout", f"{name}.key", "-out", f"{name}.csr",
                "-subj", f"/CN={name}")
        path.with_suffix(".ext").write_text(
            f"extendedKeyUsage={usage}\nsubjectAltName={names}\nsubjectKeyIdentifier=hash\n"
            "authorityKeyIdentifier=keyid\n", encoding="ascii")
        openssl(self.folder, "x509", "-req", "-in", f"{name}.csr", "-CA", f"{self.name}.pem", "-CAkey",
                f"{self.name}.key", "-CAcreateserial", *time_of(days), "-extfile", f"{name}.ext",
                "-out", f"{name}.pem")
        path.with_suffix(".key").chmod(0o600)
        return path.with_suffix(".pem"), path.with_suffix(".key")


class Identity:
    """The certificate of every Pair with DOWNLINK_TLS."""
    _folder = None

    @classmethod
    def flags(cls):
        if not cls._folder:
            cls._folder = tempfile.TemporaryDirectory(prefix="downlink-tls-")
            cls._flags = files(*Authority(cls._folder.name).sign("server"))
        return cls._flags


def files(certificate, key):
    return ["--tls-cert", certificate, "--tls-key", key]


def blind():
    """Return a context that trusts every server."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class TlsSocket(PLAIN):
    """A blocking socket that speaks TLS to PORTS. shutdown closes its sending side, as without TLS;
    ssl.SSLSocket gives up TLS then."""

    def connect(self, address):
        super().connect(address)
        self._engine = None
        if isinstance(address, tuple) and address[1] in PORTS:
            self.begin_tls(blind())

    def begin_tls(self, context):
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._engine = context.wrap_bio(self._in, self._out, server_hostname="localhost")
        self._run(self._engine.do_handshake)

    def _flush(self):
        data = self._out.read()
        if data:
            super().sendall(data)

    def _run(self, step, *arguments):
        """Do a step of TLS, with as many reads and writes as it needs."""
        while True:
            try:
                result = step(*arguments)
                self._flush()
                return result
            except ssl.SSLWantReadError:
                self._flush()
                data = super().recv(65536)
                if data:
                    self._in.write(data)
                else:
                    self._in.write_eof()

    def sendall(self, data, *flags):
        if not getattr(self, "_engine", None):
            return super().sendall(data, *flags)
        view = memoryview(data).cast("B")
        for begin in range(0, len(view), 1 << 18):
            self._run(self._engine.write, view[begin:begin + (1 << 18)])
        return None

    def send(self, data, *flags):
        if not getattr(self, "_engine", None):
            return super().send(data, *flags)
        self.sendall(data)
        return len(data)

    def recv(self, size, *flags):
        if not getattr(self, "_engine", None):
            return super().recv(size, *flags)
        try:
            return self._run(self._engine.read, size)
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
            return b""

    def recv_into(self, buffer, size=0, *flags):
        if not getattr(self, "_engine", None):
            return super().recv_into(buffer, size, *flags)
        data = self.recv(size or len(buffer))
        buffer[:len(data)] = data
        return len(data)

    def shutdown(self, how):
        if getattr(self, "_engine", None) and how != socket.SHUT_RD:
            try:
                self._engine.unwrap()  # writes the alert, then wants the other side's
            except ssl.SSLError:
                pass
            self._flush()
        super().shutdown(how)


def speak_everywhere():
    socket.socket = TlsSocket


def connect(port, context, seconds=30):
    """A connection of Python's own TLS."""
    return context.wrap_socket(socket.create_connection(("127.0.0.1", port), timeout=seconds),
                               server_hostname="localhost")
