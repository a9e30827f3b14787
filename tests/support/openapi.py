"""OpenAPI 3.1, as far as our document uses it: checks of the document, and of answers.

JSON Schema is the system's python3-jsonschema; the form of the document itself is checked by hand,
more strictly than the standard asks: a key that it does not name is a typing error.
"""
import json

import jsonschema

METHODS = ("get", "post", "delete", "head", "options")
UNSPOKEN = {"date", "content-length", "content-type", "connection", "transfer-encoding"}

#  The members that each object must have, and may have.
FORMS = {
    "document": ("openapi info paths components", "servers tags security"),
    "info": ("title version", "summary description license"),
    "operation": ("operationId summary responses tags", "description parameters requestBody security"),
    "parameter": ("name in description schema", "required examples style explode"),
    "requestBody": ("content", "description required"),
    "response": ("description", "headers content"),
    "header": ("description schema", "required"),
    "media": ("schema", "examples"),
    "example": ("value", "summary x-status"),
    "components": ("", "schemas parameters headers responses securitySchemes"),
}


def form(name, value):
    """Refuse an object that lacks a key, or has one that it must not."""
    needed, others = (set(keys.split()) for keys in FORMS[name])
    assert needed <= value.keys() <= needed | others, f"{name} with {sorted(value)}"


class Document:
    def __init__(self, text):
        self.tree = json.loads(text)
        self.resolver = jsonschema.RefResolver("", self.tree)
        self.used = set()

    def deref(self, value):
        if "$ref" not in value:
            return value
        assert value.keys() == {"$ref"}
        self.used.add(value["$ref"])
        return self.resolver.resolve(value["$ref"])[1]

    def validator(self, schema):
        return jsonschema.Draft202012Validator(
            schema, resolver=self.resolver,
            format_checker=jsonschema.draft202012_format_checker)

    def operations(self):
        for path, item in self.tree["paths"].items():
            for method in METHODS:
                if method in item:
                    yield method, path, item[method]

    def parameters(self, path, operation):
        own = self.tree["paths"][path].get("parameters", []) + operation.get("parameters", [])
        return [self.deref(parameter) for parameter in own]

    def response(self, operation, status):
        """Return the documented response for a status, or None."""
        responses = operation["responses"]
        found = responses.get(str(status), responses.get("default"))
        return found and self.deref(found)

    def check(self, operation, answer, is_head=False):
        """Check an answer against its documentation."""
        response = self.response(operation, answer.status)
        assert response, f"{operation['operationId']} answers {answer.status}, undocumented"
        headers = {name.lower(): self.deref(header)
                   for name, header in response.get("headers", {}).items()}
        if not is_head:
            assert {name.lower() for name in answer.headers} - UNSPOKEN <= headers.keys()
        for name, header in headers.items():
            value = answer.headers[name]
            assert value is not None or not header.get("required"), f"{name} is missing"
            if value is not None:
                is_number = header["schema"].get("type") == "integer"
                self.validator(header["schema"]).validate(int(value) if is_number else value)
        if is_head or "content" not in response:
            assert is_head or not answer.body
            return
        media = response["content"][answer.headers["Content-Type"]]
        is_json = answer.headers["Content-Type"].endswith("json")
        assert not is_json or answer.headers["X-Content-Type-Options"] == "nosniff"
        self.validator(media["schema"]).validate(
            answer.json() if is_json else answer.body.decode())


class Form:
    """Walk over a whole document; raise at any fault."""

    def __init__(self, document):
        self.document = document
        tree = document.tree
        form("document", tree)
        form("info", tree["info"])
        form("components", tree["components"])
        assert tree["openapi"].startswith("3.1.")
        for method, path, operation in document.operations():
            self.operation(path, operation, {tag["name"] for tag in tree["tags"]})
        for item in tree["paths"].values():
            assert item.keys() <= {"parameters", *METHODS}
        for schema in tree["components"]["schemas"].values():
            self.schema(schema)
        self.references(tree)
        schemes = tree["components"]["securitySchemes"]
        used = [one for _, _, operation in document.operations()
                for one in operation.get("security", tree["security"])]
        assert set().union(*used) == schemes.keys()
        for kind, components in tree["components"].items():
            for name in components if components is not schemes else ():
                assert f"#/components/{kind}/{name}" in document.used, f"{name} is not used"

    def references(self, value):
        if isinstance(value, dict):
            if isinstance(value.get("$ref"), str):
                self.document.used.add(value["$ref"])
                self.document.resolver.resolve(value["$ref"])
            value = list(value.values())
        if isinstance(value, list):
            for one in value:
                self.references(one)

    def operation(self, path, operation, tags):
        form("operation", operation)
        assert set(operation["tags"]) <= tags
        parameters = self.document.parameters(path, operation)
        for parameter in parameters:
            form("parameter", parameter)
            self.schema(parameter["schema"])
            self.examples(parameter)
        assert len({(one["in"], one["name"]) for one in parameters}) == len(parameters)
        for parameter in parameters:
            if parameter["in"] == "path":
                assert parameter["required"] and "{%s}" % parameter["name"] in path
        assert path.count("{") == sum(one["in"] == "path" for one in parameters)
        if "requestBody" in operation:
            form("requestBody", operation["requestBody"])
            self.content(operation["requestBody"]["content"])
        for status, response in operation["responses"].items():
            assert status == "default" or 200 <= int(status) < 600
            self.response(self.document.deref(response))

    def response(self, response):
        form("response", response)
        for header in response.get("headers", {}).values():
            header = self.document.deref(header)
            form("header", header)
            self.schema(header["schema"])
        self.content(response.get("content", {}))

    def content(self, content):
        for media in content.values():
            form("media", media)
            self.schema(media["schema"])
            self.examples(media)

    def examples(self, value):
        """An example keeps the schema, unless it is shown because it does not."""
        validator = self.document.validator(value["schema"])
        for one in value.get("examples", {}).values():
            form("example", one)
            is_good = validator.is_valid(one["value"])
            is_text = value["schema"].keys() & {"type"} and value["schema"]["type"] == "string"
            is_refused = one.get("x-status", 200) == 400
            assert is_good != is_refused or (is_text and is_good), one

    def schema(self, schema):
        jsonschema.Draft202012Validator.check_schema(schema)
