"""Why a file cannot be read or written, in words for a person who never saw an errno."""


def reason_of(error: OSError | UnicodeDecodeError) -> str:
    """Return what is wrong with a file, as what follows "it"."""
    match error:
        case FileNotFoundError():
            return "does not exist"
        case IsADirectoryError():
            return "is a folder"
        case NotADirectoryError() | FileExistsError():
            return "lies below a file that is no folder"
        case PermissionError():
            return "is closed to this user"
        case UnicodeDecodeError():
            return "is not text in UTF-8"
        case _:
            return f"cannot be used: {(error.strerror or str(error)).lower()}"
