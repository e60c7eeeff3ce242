"""The one HTTP call of this machine's tools: to the exchange's controls and to the bot's API."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from haetae_local.deploy.stack import Deployed
from haetae_local.errors import LocalError

LONGEST_TEXT = 2_000  # bytes of a refusal that are shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """A server to talk to: its name in sentences, its address, and what to do when it is silent."""

    name: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    timeout_s: float = 60.0
    help: str = ""


def exchange_at(url: str) -> Peer:
    """Return the sandbox exchange at `url`."""
    return Peer(name="the exchange", url=url)


def api_of(where: Deployed) -> Peer:
    """Return the bot's own API, with its key."""
    headers = {"x-api-key": where.api_key}
    help_ = "; see: make logs F=api"
    return Peer(name="the API", url=where.api_url, headers=headers, timeout_s=35.0, help=help_)


def call(peer: Peer, method: str, path: str, body: Any = None) -> Any:
    """Send one request and return the JSON of its answer.

    Raises:
        LocalError: it is refused, in the server's own words, or nothing answers.
    """
    data = None if body is None else json.dumps(body).encode()
    headers = {**peer.headers, "Content-Type": "application/json"}
    request = urllib.request.Request(peer.url + path, data, headers, method=method)  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=peer.timeout_s) as answer:  # noqa: S310 - ours
            return json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as error:
        text = error.read(LONGEST_TEXT).decode("utf-8", "replace")
        raise LocalError(f"{peer.name} refused {method} {path} ({error.code}): {text}") from error
    except (urllib.error.URLError, OSError) as error:
        raise LocalError(
            f"{peer.name} does not answer {method} {path}: {error}{peer.help}"
        ) from error
