"""Teach schemathesis a body of JSON lines."""
import json

import schemathesis


@schemathesis.serializer("application/x-ndjson")
def write_lines(_, value):
    lines = value if isinstance(value, list) else [value]
    return "".join(line if isinstance(line, str) else json.dumps(line) + "\n" for line in lines).encode()
