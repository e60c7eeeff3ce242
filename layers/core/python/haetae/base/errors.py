"""The one error tree.

HaetaeError
├── ConfigError        a setting is missing, unknown or out of range: names field, value, range
│   └── SecretMissing      a key or password is not where it should be: names it and the place
├── SecretsUnavailable the place of the secrets did not answer
├── DataError          candles or files that cannot be trusted: names row and column
├── BooksError         the store
│   ├── CorruptState       what is stored cannot be read back: trading must halt
│   │   └── NewerSchema        a newer release wrote it: names the release to deploy
│   └── BooksUnavailable   the store did not answer
└── ExchangeError      a read from the exchange
    ├── ExchangeUnavailable   no usable answer: down, slow, blocked, not JSON
    └── ExchangeRefused       an answer that says no: `name` is the exchange's own error name

Refusals that a use case must handle (a rail's verdict, a rejected order) are values, not errors.
"""


class HaetaeError(Exception):
    """Any failure this project knows by name."""


class ConfigError(HaetaeError):
    """A setting is missing, unknown or out of range."""


class SecretMissing(ConfigError):
    """A secret is not where it should be, or cannot be meant; its value is never in the text."""


class SecretsUnavailable(HaetaeError):
    """The place of the secrets did not answer, or lets nobody in."""


class DataError(HaetaeError):
    """Candles or files that cannot be trusted."""


class BooksError(HaetaeError):
    """The store failed."""


class CorruptState(BooksError):
    """What is stored cannot be read back; never reset it, halt and say so."""


class NewerSchema(CorruptState):
    """What is stored was written by a newer release; deploy that one again."""


class BooksUnavailable(BooksError):
    """The store did not answer."""


class ExchangeError(HaetaeError):
    """A read from the exchange failed."""


class ExchangeUnavailable(ExchangeError):
    """No usable answer: down, slow, blocked, or not what the exchange sends."""


class ExchangeRefused(ExchangeError):
    """The exchange answered no."""

    def __init__(self, *, status: int, name: str, message: str) -> None:
        super().__init__(f"{status} {name}: {message}")
        self.status = status
        self.name = name
