"""The gateway on the address it was given: what GATEWAY_SERVER=bound does; and bodies as sent.

LocalStack's own listens on every interface, whatever host GATEWAY_LISTEN names, which would offer
the books to the whole network. It speaks plain HTTP only.

LocalStack reads a form's body apart and puts another together for the function; API Gateway hands
over what was sent. curl calls every body a form unless it is told otherwise.
"""

from collections.abc import Callable

from localstack import config
from localstack.runtime import hooks
from localstack.runtime.server.core import RuntimeServer, RuntimeServerPlugin
from localstack.utils.patch import Patch, patch
from rolo import Request, Response
from rolo.gateway import Gateway

API_CALLS = "/_aws/execute-api/"


@hooks.on_infra_start()
def keep_bodies() -> None:
    """Hand over the bodies of calls of an API as they were sent."""
    from localstack.services.apigateway.next_gen.execute_api.handlers import parse

    patch(Gateway.process)(process)
    Patch(parse, "restore_payload", raw_body).apply()


def process(
    process: Callable[..., None], gateway: Gateway, request: Request, out: Response
) -> None:
    """Read the body of an API's call whole, before anybody parses it; what is read so is kept."""
    if request.path.startswith(API_CALLS):
        request.get_data()
    process(gateway, request, out)


def raw_body(request: Request) -> bytes:
    """Return the body that was kept."""
    body: bytes = request.get_data()
    return body


class BoundServerPlugin(RuntimeServerPlugin):
    """Registers the server as `bound`."""

    name = "bound"

    def load(self, *_args: object, **_kwargs: object) -> RuntimeServer:
        """Return a server. Its modules start a reactor when they are imported."""
        from localstack.runtime.server.twisted import TwistedRuntimeServer
        from rolo.serving.twisted import TwistedGateway
        from twisted.internet import endpoints, reactor

        class BoundServer(TwistedRuntimeServer):
            def register(
                self,
                gateway: Gateway,
                listen: list[config.HostAndPort],
                ssl_creds: tuple[str, str] | None = None,  # noqa: ARG002
            ) -> None:
                site = TwistedGateway(gateway)
                for address in listen:
                    endpoints.TCP4ServerEndpoint(
                        reactor, address.port, interface=address.host
                    ).listen(site)

        return BoundServer()
