"""The port of secrets on variables and on the Parameter Store: one contract, and what each says."""

import logging
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from moto import mock_aws

from haetae.adapters.secrets import (
    EnvironmentSecrets,
    ParameterSecrets,
    ParameterStore,
    create_client,
)
from haetae.app.ports import Secrets
from haetae.base.errors import SecretMissing, SecretsUnavailable

REGION = "ap-northeast-2"
PATH = "/haetae/main"
NAME = "UPBIT_SECRET_KEY"
SECRET = "kQ7-this-must-never-be-seen"

type Made = Callable[[dict[str, str]], Secrets]


@pytest.fixture
def store() -> Iterator[Any]:
    """A Parameter Store that exists in this process alone."""
    with mock_aws():
        yield boto3.client("ssm", region_name=REGION)


@pytest.fixture(params=["variables", "parameters"])
def made(request: pytest.FixtureRequest, store: Any) -> Made:
    """Return what makes secrets of names and values, in either place."""

    def parameters(values: dict[str, str]) -> Secrets:
        for name, text in values.items():
            put(store, name, text)
        return ParameterSecrets(create_client(None, REGION), PATH)

    return EnvironmentSecrets if request.param == "variables" else parameters


def put(store: Any, name: str, text: str, kind: str = "SecureString") -> None:
    """Store a parameter."""
    store.put_parameter(Name=f"{PATH}/{name}", Value=text, Type=kind, Overwrite=True)


class Broken:
    """A store that fails, or answers what it is told to, and counts the questions."""

    def __init__(self, *answers: Exception | dict[str, Any]) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, bool]] = []

    def get_parameter(self, *, Name: str, WithDecryption: bool) -> dict[str, Any]:  # noqa: N803
        """Answer the next question."""
        self.asked.append((Name, WithDecryption))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def refused(secrets: Secrets, name: str = NAME) -> str:
    """Return the sentence of a secret that cannot be had; no text of it holds one."""
    with pytest.raises((SecretMissing, SecretsUnavailable)) as caught:
        secrets.get(name)
    text = str(caught.value)
    assert SECRET not in text
    assert "\n" not in text
    return text


def coded(code: str) -> ClientError:
    """Return a refusal of AWS whose message would show too much."""
    return ClientError({"Error": {"Code": code, "Message": SECRET}}, "GetParameter")


# The contract


def test_a_secret_is_the_one_that_was_put_there(made: Made) -> None:
    secrets = made({NAME: SECRET, "UPBIT_ACCESS_KEY": "another"})

    assert secrets.get(NAME) == SECRET
    assert secrets.get("UPBIT_ACCESS_KEY") == "another"
    assert secrets.get(NAME) == SECRET


def test_a_missing_secret_is_named(made: Made) -> None:
    secrets = made({"UPBIT_ACCESS_KEY": SECRET})

    with pytest.raises(SecretMissing, match=f"^{NAME} .*is missing.*; allowed: "):
        secrets.get(NAME)


@pytest.mark.parametrize("text", [f'"{SECRET}"', f"'{SECRET}'", f"{SECRET} {SECRET}"])
def test_a_secret_that_is_no_bare_key_is_refused(made: Made, text: str) -> None:
    assert refused(made({NAME: text})).endswith("has quotes or spaces in it; allowed: the bare key")


def test_no_secret_is_in_a_repr_or_a_log(made: Made, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "haetae")
    secrets = made({NAME: SECRET})
    secrets.get(NAME)

    assert SECRET not in repr(secrets)
    assert SECRET not in str(secrets)
    assert not [r for r in caplog.records if r.name == "haetae" and SECRET in r.getMessage()]


# Variables


def test_either_spelling_serves_and_two_have_to_agree() -> None:
    assert EnvironmentSecrets({"UPBIT_SECRET": SECRET}).get(NAME) == SECRET
    assert EnvironmentSecrets({"UPBIT_SECRET": SECRET, NAME: SECRET}).get(NAME) == SECRET
    assert refused(EnvironmentSecrets({"UPBIT_SECRET": SECRET, NAME: "other"})) == (
        f"{NAME} and UPBIT_SECRET disagree; allowed: one of them, or equal values"
    )


# The Parameter Store


def test_a_parameter_is_asked_for_once_and_decrypted() -> None:
    found = {"Parameter": {"Type": "SecureString", "Value": SECRET}}
    store = Broken(found)
    secrets = ParameterSecrets(store, PATH)

    assert [secrets.get(NAME) for _time in range(3)] == [SECRET] * 3
    assert store.asked == [(f"{PATH}/{NAME}", True)]


def test_a_parameter_that_is_missing_is_named_with_its_place(store: Any) -> None:
    assert refused(ParameterSecrets(store, PATH)) == (
        f"{NAME} is missing from the Parameter Store; allowed: a SecureString {PATH}/{NAME}"
    )


def test_a_parameter_in_plain_text_is_refused(store: Any) -> None:
    put(store, NAME, SECRET, kind="String")

    assert refused(ParameterSecrets(store, PATH)) == (
        f"{PATH}/{NAME} is not encrypted; allowed: a SecureString"
    )


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (
            coded("ThrottlingException"),
            f"the Parameter Store is asked too often for {PATH}/{NAME}: ThrottlingException",
        ),
        (
            coded("AccessDeniedException"),
            f"this process may not read {PATH}/{NAME}: AccessDeniedException",
        ),
        (
            coded("InternalServerError"),
            f"the Parameter Store gave no {PATH}/{NAME}: InternalServerError",
        ),
        (
            EndpointConnectionError(endpoint_url="http://nowhere"),
            f"the Parameter Store gave no {PATH}/{NAME}: EndpointConnectionError",
        ),
    ],
)
def test_a_store_that_does_not_answer_is_unavailable_and_asked_again(
    error: Exception, sentence: str
) -> None:
    store = Broken(error, {"Parameter": {"Type": "SecureString", "Value": SECRET}})
    secrets = ParameterSecrets(store, PATH)

    with pytest.raises(SecretsUnavailable) as caught:
        secrets.get(NAME)
    assert str(caught.value) == sentence
    assert secrets.get(NAME) == SECRET


def test_the_client_gives_up_within_seconds() -> None:
    client: Any = create_client("http://127.0.0.1:9", REGION)
    found: ParameterStore = client

    assert client.meta.config.connect_timeout == client.meta.config.read_timeout == 2.0
    assert client.meta.config.retries["total_max_attempts"] == 3
    assert found is client
