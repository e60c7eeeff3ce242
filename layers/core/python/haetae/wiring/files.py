"""The files that a person writes, settings and variables, refused by name and line."""

from collections.abc import Mapping
from pathlib import Path

from haetae.base.errors import ConfigError
from haetae.base.files import reason_of
from haetae.config.dotenv import Chosen, choose, read_dotenv
from haetae.config.files import Written, read_yaml


def read_settings(path: Path) -> tuple[Written, ...]:
    """Return the settings of a YAML file; each place is the file's name and a line.

    Raises:
        ConfigError: it cannot be read, is no mapping, or holds a key twice.
    """
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"--config {path} cannot be read: it {reason_of(error)}; allowed: a YAML file"
        ) from error
    try:
        found = read_yaml(text)
    except ConfigError as error:
        raise ConfigError(f"--config {path} {error}") from error
    return tuple(
        Written(name=one.name, text=one.text, place=f"--config {path} {one.place}") for one in found
    )


def read_variables(folder: Path, process: Mapping[str, str]) -> Chosen:
    """Return the variables that count: the process's, then those of the folder's `.env`, if any.

    Raises:
        ConfigError: the file cannot be read or meant, or a variable is not allowed.
    """
    return choose(process, read_dotenv(dotenv_text(folder)))


def dotenv_text(folder: Path) -> str:
    """Return the text of a folder's `.env`; empty where there is none.

    Raises:
        ConfigError: it cannot be read.
    """
    path = folder / ".env"
    try:
        return path.read_text("utf-8-sig")
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be read: it {reason_of(error)}; allowed: a file"
        ) from error
    except UnicodeDecodeError as error:  # which would show a byte of it
        raise ConfigError(f"{path} cannot be read; allowed: UTF-8") from error
