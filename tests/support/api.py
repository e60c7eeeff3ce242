"""The API's app, and API Gateway's events for it, as they come."""

import importlib.util
import json
import sys
from functools import cache
from types import SimpleNamespace
from typing import Any

from chalice.app import Chalice

from support.desk import event
from support.tapes import REPOSITORY

FOLDER = REPOSITORY / "functions/api"
CONTEXT = SimpleNamespace(aws_request_id="test", function_name="test")


@cache
def api_app() -> Chalice:
    """Load the app from its folder, with the modules beside it on the path as in a Lambda."""
    spec = importlib.util.spec_from_file_location("functions.api.app", FOLDER / "app.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(FOLDER))
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(FOLDER))
    found: Chalice = module.app
    return found


def get(path: str, **query: str | list[str]) -> dict[str, Any]:
    """Return API Gateway's answer to a GET; `from_` stands for `from`."""
    several = {
        name.removesuffix("_"): value if isinstance(value, list) else [value]
        for name, value in query.items()
    }
    return call("GET", path, multiValueQueryStringParameters=several or None)


def post(path: str, body: Any, **changed: Any) -> dict[str, Any]:
    """Return the answer to a POST of an object, or of a text as it is."""
    text = body if isinstance(body, str) or body is None else json.dumps(body)
    return call("POST", path, body=text, **changed)


def call(method: str, path: str, **changed: Any) -> dict[str, Any]:
    """Return the app's answer to a call, its event as API Gateway makes it."""
    asked = event("api") | {"resource": path, "path": path, "httpMethod": method} | changed
    asked["requestContext"] = asked["requestContext"] | {
        "resourcePath": path,
        "httpMethod": method,
    }
    found: dict[str, Any] = api_app()(asked, CONTEXT)
    return found


def body_of(answer: dict[str, Any]) -> Any:
    """Return an answer's JSON."""
    assert answer["headers"]["Content-Type"] == "application/json"
    return json.loads(answer["body"])
