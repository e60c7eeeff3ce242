"""What only its owner may know: the exchange's keys."""

from typing import Protocol


class Secrets(Protocol):
    """Where secrets are kept; no text of an adapter or of an error ever holds one."""

    def get(self, name: str) -> str:
        """Return a secret by its name in the table of variables.

        Raises:
            SecretMissing: it is not there, or cannot be meant; says what is missing, and where.
            SecretsUnavailable: the place did not answer, or does not let this process read.
        """
        ...
