"""A private request that was let in, what a route does with it, and how its parameters are read."""

from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import unquote_plus

from upbit_sandbox.access.keys import Key, Permission
from upbit_sandbox.base.errors import exchange
from upbit_sandbox.base.wire import (
    Json,
    Pairs,
    Request,
    Response,
    first,
    hash_input,
    object_pairs,
    parse_object,
    split_pairs,
)
from upbit_sandbox.trading.exchange import Exchange
from upbit_sandbox.venue.venue import Venue


class Parameters(NamedTuple):
    """A private request's parameters: as pairs, and as a JSON object when it came as one.

    `hashed` are the strings that a client may rightly have hashed.
    """

    pairs: Pairs
    values: dict[str, Json]
    hashed: tuple[str, ...]


class Call(NamedTuple):
    """A private request that was let in: its parameters, its key and the account it opens."""

    pairs: Pairs
    values: dict[str, Json]
    key: Key
    account: Exchange
    has_body: bool = False


type Act = Callable[[Venue, Call, float], Response]


class Route(NamedTuple):
    """A private route: its rate group, the permission it needs (None: any key), what it does."""

    group: str
    permission: Permission | None
    act: Act


def read_parameters(request: Request) -> Parameters:
    """Collect the parameters from query, form body or JSON body, and what may be hashed.

    The hash runs over decoded pairs in the order received (Upbit docs: auth). Clients send GET
    parameters in form bodies and DELETE parameters in JSON bodies too.
    """
    if request.query:
        return _text_parameters(request.query)
    if not request.body:
        return Parameters([], {}, ())
    values = parse_object(request.body)
    if values is not None:
        return Parameters(object_pairs(values), values, _hash_texts(values))
    if request.method == "POST":
        raise exchange("bad_request")
    return _text_parameters(request.body.decode("utf-8", "replace"))


def _hash_texts(values: dict[str, Json]) -> tuple[str, ...]:
    """Give what clients hash of a JSON body: null may be Python's None, a space a plus."""
    if not values:
        return ()
    joined = "&".join(f"{name}={value}" for name, value in object_pairs(values))
    texts = [joined, joined.replace(" ", "+")]
    if None in values.values():
        pythons: dict[str, Json] = {
            name: "None" if value is None else value for name, value in values.items()
        }
        texts.append("&".join(f"{name}={value}" for name, value in object_pairs(pythons)))
    return tuple(texts)


def _text_parameters(text: str) -> Parameters:
    return Parameters(split_pairs(text), {}, (hash_input(text), unquote_plus(text)))


def which_order(pairs: Pairs) -> tuple[str | None, str | None]:
    """Give uuid and identifier, at least one of them; raises bad_request."""
    uuid, identifier = first(pairs, "uuid"), first(pairs, "identifier")
    if uuid is None and identifier is None:
        raise exchange("bad_request")
    return uuid, identifier


def which_orders(pairs: Pairs, most: int) -> tuple[list[str], list[str]]:
    """Give uuids or identifiers, so many at most; both, none or more raise invalid_parameter."""
    uuids, identifiers = values_of(pairs, "uuids"), values_of(pairs, "identifiers")
    if bool(uuids) == bool(identifiers) or len(uuids) + len(identifiers) > most:
        raise exchange("invalid_parameter", "uuids[], identifiers[]")
    return uuids, identifiers


def values_of(pairs: Pairs, name: str) -> list[str]:
    """Give all values of a list parameter, with or without brackets in its name."""
    return [value for given, value in pairs if given in (name, f"{name}[]")]


def one_of(pairs: Pairs, name: str, choices: tuple[str, ...]) -> str:
    """Give a parameter that has to be one of these, the first where it is absent."""
    value = first(pairs, name)
    if value is None:
        return choices[0]
    if value not in choices:
        raise exchange("validation_error", f"{name} does not have a valid value")
    return value


def whole(pairs: Pairs, name: str, default: int) -> int:
    """Give a whole number of at least 1."""
    text = first(pairs, name)
    if text is None:
        return default
    if len(text) > 9 or not (text.isascii() and text.isdecimal()) or int(text) == 0:
        raise exchange("validation_error", f"{name} does not have a valid value")
    return int(text)
