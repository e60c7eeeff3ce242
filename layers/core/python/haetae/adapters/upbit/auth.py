"""Signs requests to Upbit: a fresh token for each one (Upbit docs: auth)."""

import hashlib
import json
from uuid import uuid4

from jwt.algorithms import HMACAlgorithm
from jwt.api_jws import PyJWS

ALGORITHM = "HS512"


class UpbitHmac(HMACAlgorithm):
    """HMAC-SHA512 that takes keys of the length Upbit issues, without a warning per request."""

    def check_key_length(self, key: bytes) -> str | None:
        """Accept the key: its length is Upbit's choice."""
        del key
        return None


class Signer:
    """Holds the key pair; it shows neither in its text."""

    def __init__(self, access_key: str, secret_key: str) -> None:
        """Take the key pair; the secret is used as raw bytes."""
        self._access_key = access_key
        self._secret = secret_key.encode()
        self._tokens = PyJWS(algorithms=[ALGORITHM])
        self._tokens.unregister_algorithm(ALGORITHM)
        self._tokens.register_algorithm(ALGORITHM, UpbitHmac(HMACAlgorithm.SHA512))

    def __repr__(self) -> str:
        """Show that there are keys, not what they are."""
        return "Signer(***)"

    def header(self, hashed: str) -> str:
        """Return the Authorization header for these unencoded `k=v&k=v` pairs ("" for none)."""
        claims = {"access_key": self._access_key, "nonce": str(uuid4())}
        if hashed:
            claims["query_hash"] = hashlib.sha512(hashed.encode()).hexdigest()
            claims["query_hash_alg"] = "SHA512"
        return f"Bearer {self._tokens.encode(json.dumps(claims).encode(), self._secret, ALGORITHM)}"
