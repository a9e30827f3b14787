"""A gate in front of the SQS server of the tests (sqs.py). It passes only requests with a signature of AWS (version 4),
which it computes itself; it has keys that expire; and it can fail as AWS does. It also plays the services from which
a machine or a container gets the key of its role."""
# SPDX-License-Identifier: Apache-2.0
import collections
import contextlib
import datetime
import hashlib
import hmac
import http.client
import http.server
import json
import re
import threading
import time

from downlink import free_ports

SERVICE = "sqs"
METADATA_TOKEN = "metadata-token"
CONTAINER_TOKEN = "container-token"
AUTHORIZATION = re.compile(r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/([^/]+)/aws4_request,\s*"
                           r"SignedHeaders=([a-z0-9;-]+),\s*Signature=([0-9a-f]{64})$")


def signature(secret, method, path, headers, signed, body, scope):
    """Return the signature of a request: docs.aws.amazon.com, "Create a signed request". scope: date, region and
    service. headers: by name in lower case."""
    canonical = "\n".join([method, path, "", *(f"{name}:{' '.join(headers.get(name, 'none').split())}" for name in signed), "",
                           ";".join(signed), hashlib.sha256(body).hexdigest()])
    text = "\n".join(["AWS4-HMAC-SHA256", headers["x-amz-date"], "/".join([*scope, "aws4_request"]),
                      hashlib.sha256(canonical.encode()).hexdigest()])
    key = ("AWS4" + secret).encode()
    for part in (*scope, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


class Refused(Exception):
    """Refuses a request with a status and a code of AWS."""

    def __init__(self, code, status=403):
        super().__init__(code)
        self.code, self.status = code, status


class Gate:
    """`keys` are the valid ones: the secret and the token of a session, or None, by id. `role` is the key that the role
    has. `faults` says what the next calls of an action get instead of an answer: a status and a code each."""

    def __init__(self, server):
        self.server, self.port = server, free_ports(1)
        self.keys, self.role = {"AKID": ("secret/+=", None)}, None
        self.faults = collections.defaultdict(collections.deque)
        self.calls = collections.Counter()  # by action
        self.refused = collections.Counter()  # by code
        self.asked = collections.Counter()  # for the role, by path
        self.used_at = {}  # when a request came last, by key
        self.is_away = False  # connections end without an answer
        gate = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # head and body are two writes

            def answer(self):
                status, body = gate.handle(self)
                if gate.is_away:
                    self.close_connection = True
                    return
                with contextlib.suppress(OSError):  # the client may be gone
                    self.send_response(status)
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)
            do_GET = do_PUT = do_POST = answer

            def log_message(self, *_):
                pass
        self.listener = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.listener.daemon_threads = True
        threading.Thread(target=self.listener.serve_forever, args=(0.05,), daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.shutdown()
        self.listener.server_close()

    @property
    def endpoint(self):
        return f"http://127.0.0.1:{self.port}"

    def flags(self, topic, **settings):
        return self.server.flags(topic, endpoint=self.endpoint, **settings)

    def is_unused(self, key, seconds=3):
        """Return whether no request came with this key for some time."""
        return time.monotonic() - self.used_at[key] > seconds

    def handle(self, request):
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        if self.is_away:
            return 0, b""
        headers = {name.lower(): value for name, value in request.headers.items()}
        if request.path != "/":
            return self.tell_role(request.command, request.path, headers)
        action = headers.get("x-amz-target", "").rpartition(".")[2]
        try:
            self.check(request.command, headers, body)
            self.calls[action] += 1
            if self.faults[action]:
                status, code = self.faults[action].popleft()
                raise Refused(code, status)
        except Refused as why:
            self.refused[why.code] += 1
            return why.status, json.dumps(
                {"__type": f"com.amazonaws.sqs#{why.code}", "message": f"told by the gate: {why.code}"}).encode()
        return self.forward(headers, body)

    def check(self, method, headers, body):
        found = AUTHORIZATION.match(headers.get("authorization", ""))
        if not found:
            raise Refused("MissingAuthenticationToken")
        key, day, region, service, signed, given = found.groups()
        self.used_at[key] = time.monotonic()
        secret, token = self.keys.get(key, (None, None))
        if secret is None:
            raise Refused("InvalidClientTokenId")
        if token != headers.get("x-amz-security-token"):
            raise Refused("ExpiredToken")
        when = datetime.datetime.strptime(headers["x-amz-date"], "%Y%m%dT%H%M%SZ")
        if abs((datetime.datetime.utcnow() - when).total_seconds()) > 300 or service != SERVICE:
            raise Refused("RequestExpired")
        signed = signed.split(";")
        must = {"host", "x-amz-date", "x-amz-target"} | ({"x-amz-security-token"} if token else set())
        if not must <= set(signed) or given != signature(
                secret, method, "/", headers, signed, body, (day, region, service)):
            raise Refused("SignatureDoesNotMatch")

    def forward(self, headers, body):
        connection = http.client.HTTPConnection(self.server.address, self.server.port, timeout=60)
        try:
            connection.request("POST", "/", body, {
                name: headers[name] for name in ("x-amz-target", "content-type", "authorization", "host")})
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            return 503, b'{"__type": "ServiceUnavailable", "message": "the server is away"}'
        finally:
            connection.close()

    def tell_role(self, method, path, headers):
        """Play the metadata service of a machine, version 2, or that of a container."""
        self.asked[path] += 1
        if path == "/latest/api/token":
            is_good = method == "PUT" and headers.get("x-aws-ec2-metadata-token-ttl-seconds", "").isdigit()
            return (200, METADATA_TOKEN.encode()) if is_good else (400, b"")
        if path == "/container":
            if headers.get("authorization") != CONTAINER_TOKEN:
                return 401, b""
        elif headers.get("x-aws-ec2-metadata-token") != METADATA_TOKEN:
            return 401, b""
        if path == "/latest/meta-data/iam/security-credentials/":
            return 200, b"rocketeer"
        if path in ("/container", "/latest/meta-data/iam/security-credentials/rocketeer") and self.role:
            key, secret, token, expires = self.role
            return 200, json.dumps({"Code": "Success", "AccessKeyId": key, "SecretAccessKey": secret, "Token": token,
                                    "Expiration": expires}).encode()
        return 404, b""
