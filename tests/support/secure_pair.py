"""A pair with a gateway that speaks TLS."""
import http.client
import re

import tls
from downlink import Client, Pair


class SecurePair(Pair):
    """context: with which its clients speak TLS."""

    def __init__(self, folder, context, gateway=(), **others):
        self.context = context
        super().__init__(folder, gateway=gateway, **others)

    def client(self):
        client = Client(self.http)
        client.connection = http.client.HTTPSConnection("127.0.0.1", self.http, timeout=90,
                                                        context=self.context)
        return client

    def connect(self, context=None):
        return tls.connect(self.http, context or self.context)

    def metric(self, name):
        text = self.call("GET", "/metrics").body.decode()
        return float(re.search(rf"^downlink_gateway_{re.escape(name)} (\S+)$", text, re.M)[1])

    def failed(self, reason):
        return self.metric(f'tls_failed_handshakes_total{{reason="{reason}"}}')
