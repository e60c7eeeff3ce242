"""The file of settings that a person writes, refused by name and line."""

from pathlib import Path

from haetae.base.errors import ConfigError
from haetae.config.files import Written, read_yaml


def read_settings(path: Path) -> tuple[Written, ...]:
    """Return the settings of a YAML file; each place is the file's name and a line.

    Raises:
        ConfigError: it cannot be read, is no mapping, or holds a key twice.
    """
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        first = str(error).splitlines()[0]
        raise ConfigError(f"--config {path} cannot be read: {first}; allowed: YAML") from error
    try:
        found = read_yaml(text)
    except ConfigError as error:
        raise ConfigError(f"--config {path} {error}") from error
    return tuple(
        Written(name=one.name, text=one.text, place=f"--config {path} {one.place}") for one in found
    )
