"""What every store of books must do, whatever it is made of."""

from contract.books_commits import CommitContract
from contract.books_history import HistoryContract
from contract.books_loading import LoadingContract
from contract.books_steps import StepsContract
from contract.books_walls import WallsContract


class BooksContract(LoadingContract, CommitContract, StepsContract, HistoryContract, WallsContract):
    """The suite; a subclass gives the fixture `store`."""
