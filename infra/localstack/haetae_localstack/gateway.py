"""The gateway on the address it was given: what GATEWAY_SERVER=bound does.

LocalStack's own listens on every interface, whatever host GATEWAY_LISTEN names, which would offer
the books to the whole network. It speaks plain HTTP only.
"""

from localstack import config
from localstack.runtime.server.core import RuntimeServer, RuntimeServerPlugin
from rolo.gateway import Gateway


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
