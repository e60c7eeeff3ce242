"""docker-compose.yml: what it builds is there, what it pulls is pinned, ports are local."""

import yaml

from support.tapes import REPOSITORY

COMPOSE = yaml.safe_load((REPOSITORY / "docker-compose.yml").read_text("utf-8"))
SERVICES = COMPOSE["services"]


def test_every_image_is_built_from_here_or_pinned() -> None:
    for name, service in SERVICES.items():
        if "build" in service:
            dockerfile = REPOSITORY / service["build"]["dockerfile"]
            copied = [
                line.split()[1]
                for line in dockerfile.read_text("utf-8").splitlines()
                if line.startswith("COPY")
            ]
            assert copied, name
            assert all((REPOSITORY / path).exists() for path in copied), name
        else:
            assert service["image"].rpartition(":")[2][0].isdigit(), name


def test_every_port_is_this_machines_alone() -> None:
    ports = [port for service in SERVICES.values() for port in service["ports"]]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_the_official_image_is_chosen_not_started_by_default() -> None:
    assert SERVICES["localstack-official"]["profiles"] == ["official"]
    assert {name for name, service in SERVICES.items() if "profiles" not in service} == {
        "exchange",
        "localstack",
    }
