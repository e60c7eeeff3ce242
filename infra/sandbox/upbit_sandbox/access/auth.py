"""Bearer token checks: signature, access key, nonce and query hash (Upbit docs: auth)."""

import binascii
import hashlib
import hmac
import json
from base64 import urlsafe_b64decode
from collections import deque
from collections.abc import Iterable

from upbit_sandbox.access.keys import Key
from upbit_sandbox.base.errors import ApiError, exchange

NONCES_KEPT = 200_000
IPV4_IN_IPV6 = "::ffff:"  # how a socket of both kinds writes an IPv4 address
_DIGESTS = {"HS256": "sha256", "HS512": "sha512"}
_HASHES = {"SHA512": hashlib.sha512, "SHA384": hashlib.sha384, "SHA256": hashlib.sha256}


class Authority:
    """Knows the keys and which nonces each has used; remembers the newest 200,000."""

    def __init__(self, keys: Iterable[Key]) -> None:
        """Take the keys; a secret is used as raw bytes, not base64."""
        self.keys = {key.access_key: key for key in keys}
        self._used: set[tuple[str, str]] = set()
        self._order: deque[tuple[str, str]] = deque()

    def verify(
        self, authorization: str | None, hashed: tuple[str, ...], *, client: str, now_s: float
    ) -> Key:
        """Give the key that signed the request or raise the refusal by name.

        `hashed` holds the strings that a client may rightly have hashed; empty when the request
        has no parameters. `client` is the caller's address. Checked in this order: the token's
        form, the access key, the signature, the key's end, the address, the nonce, the hash.
        """
        key, payload = self._payload(authorization)
        if key.expires_s is not None and now_s >= key.expires_s:
            raise exchange("expired_access_key")
        if key.allowed_ips and client.removeprefix(IPV4_IN_IPV6) not in key.allowed_ips:
            raise exchange("no_authorization_ip")
        nonce = payload.get("nonce")
        if not isinstance(nonce, str) or not nonce:
            raise exchange("jwt_verification")
        if (key.access_key, nonce) in self._used:
            raise exchange("nonce_used")
        self._remember((key.access_key, nonce))
        if hashed:
            _check_query(payload, hashed)
        return key

    def _payload(self, authorization: str | None) -> tuple[Key, dict[str, object]]:
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise exchange("no_authorization_token")
        signed, _, signature = token.rpartition(".")
        header, _, claims = signed.partition(".")
        payload = _decode_object(claims)
        digest = _DIGESTS.get(str(_decode_object(header).get("alg")))
        if digest is None:
            raise exchange("jwt_verification")
        key = self.keys.get(str(payload.get("access_key")))
        if key is None:
            raise exchange("invalid_access_key")
        expected = hmac.digest(key.secret_key.encode(), signed.encode(), digest)
        if not hmac.compare_digest(expected, _decode(signature)):
            raise exchange("jwt_verification")
        return key, payload

    def _remember(self, use: tuple[str, str]) -> None:
        self._used.add(use)
        self._order.append(use)
        if len(self._order) > NONCES_KEPT:
            self._used.discard(self._order.popleft())


def _check_query(payload: dict[str, object], hashed: tuple[str, ...]) -> None:
    given = payload.get("query_hash")
    digest = _HASHES.get(str(payload.get("query_hash_alg", "SHA512")))
    if digest is None or not isinstance(given, str):
        raise exchange("invalid_query_payload")
    if not any(digest(text.encode()).hexdigest() == given for text in hashed):
        raise exchange("invalid_query_payload")


def _decode(text: str) -> bytes:
    try:
        return urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        raise _token_error() from None


def _decode_object(text: str) -> dict[str, object]:
    try:
        value = json.loads(_decode(text))
    except (ValueError, RecursionError):
        raise _token_error() from None
    if not isinstance(value, dict):
        raise _token_error()
    return value


def _token_error() -> ApiError:
    return exchange("jwt_verification")
