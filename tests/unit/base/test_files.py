"""Why a file cannot be used is said without an errno or a codec."""

import pytest

from haetae.base.files import reason_of


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (FileNotFoundError(2, "No such file or directory"), "does not exist"),
        (IsADirectoryError(21, "Is a directory"), "is a folder"),
        (NotADirectoryError(20, "Not a directory"), "lies below a file that is no folder"),
        (FileExistsError(17, "File exists"), "lies below a file that is no folder"),
        (PermissionError(13, "Permission denied"), "is closed to this user"),
        (UnicodeDecodeError("utf-8", b"x", 0, 1, "bad"), "is not text in UTF-8"),
        (OSError(36, "File name too long"), "cannot be used: file name too long"),
        (OSError("Odd"), "cannot be used: odd"),
    ],
)
def test_each_reason_is_said_in_plain_words(
    error: OSError | UnicodeDecodeError, words: str
) -> None:
    assert reason_of(error) == words
