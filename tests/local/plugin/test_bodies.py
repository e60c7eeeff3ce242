"""An API's body reaches the function as it was sent, whatever its type says, as on AWS."""

import base64
import http.client
import json
from collections.abc import Iterator
from typing import Any

import pytest

from local.plugin.server import GENEROUS_S, Server

ECHO = """
import json
def handler(event, context):
    told = {name: event[name] for name in ("body", "isBase64Encoded")}
    return {"statusCode": 200, "body": json.dumps(told)}
"""
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=x"
PARTS = '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n--x--\r\n'


@pytest.fixture(scope="module")
def path(server: Server) -> Iterator[str]:
    """The path of an API whose one function answers with what it was handed."""
    server.function("echo", {"handler.py": ECHO})
    gateway = server.client("apigateway")
    api = gateway.create_rest_api(name="bodies")["id"]
    (root,) = gateway.get_resources(restApiId=api)["items"]
    place = {"restApiId": api, "resourceId": root["id"], "httpMethod": "POST"}
    gateway.put_method(**place, authorizationType="NONE")
    function = "arn:aws:lambda:ap-northeast-2:000000000000:function:echo"
    gateway.put_integration(
        **place,
        type="AWS_PROXY",
        integrationHttpMethod="POST",
        uri=f"arn:aws:apigateway:ap-northeast-2:lambda:path/2015-03-31/functions/{function}/invocations",
    )
    gateway.create_deployment(restApiId=api, stageName="v1")
    yield f"/_aws/execute-api/{api}/v1/"
    gateway.delete_rest_api(restApiId=api)


def echo(server: Server, path: str, body: bytes, kind: str | None) -> Any:
    """Return what the function was handed of a body of a type."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=GENEROUS_S)
    connection.request("POST", path, body, {"Content-Type": kind} if kind else {})
    answer = connection.getresponse()
    assert answer.status == 200, answer.read()
    found = json.loads(answer.read())
    connection.close()
    return found


@pytest.mark.parametrize("kind", [None, "application/json", "text/plain", FORM])
@pytest.mark.parametrize("text", ['{"reason": "now"}', "a=b&c", "a+b %41", PARTS])
def test_a_text_comes_as_it_was_sent(
    server: Server, path: str, text: str, kind: str | None
) -> None:
    assert echo(server, path, text.encode(), kind) == {"body": text, "isBase64Encoded": False}


def test_a_form_of_parts_comes_as_it_was_sent(server: Server, path: str) -> None:
    assert echo(server, path, PARTS.encode(), MULTIPART)["body"] == PARTS


@pytest.mark.parametrize("kind", [None, FORM, "application/octet-stream"])
def test_bytes_that_are_no_text_come_in_base64(server: Server, path: str, kind: str | None) -> None:
    wrapped = base64.b64encode(b"\xff\xfe").decode()

    found = echo(server, path, b"\xff\xfe", kind)

    assert found == {"body": wrapped, "isBase64Encoded": True}


def test_no_body_is_none(server: Server, path: str) -> None:
    assert echo(server, path, b"", FORM) == {"body": None, "isBase64Encoded": False}
