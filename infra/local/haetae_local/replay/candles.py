"""The candles of a replay as files that the sandbox reads, and its options for them."""

from pathlib import Path

import numpy as np

from haetae.base.money import MICRO
from haetae.base.time import iso_text
from haetae.config.setup import Setup
from haetae.kernel.records import Candle
from haetae.research.data.collect import file_name
from haetae.research.data.tapes import History, Rows, Span


def options_of(
    setup: Setup, found: dict[str, History], span: Span, folder: Path, *, cash: int
) -> list[str]:
    """Return the options of a sandbox that plays the candles, which are written to `folder`."""
    return [
        *("--source", "replay", "--clock", "virtual", "--start", iso_text(span.from_t)),
        *("--cash", str(cash // MICRO), "--slippage-bps", str(setup.params[0].slippage_bps)),
        *("--candles", *[str(path) for path in write_tapes(found, folder)]),
    ]


def write_tapes(found: dict[str, History], folder: Path) -> list[Path]:
    """Write each market's minutes, and the older decision candles, as the sandbox reads them."""
    paths = []
    for name, history in found.items():
        assert history.minutes is not None
        paths.append(write_rows(folder, name, history.minutes))
        older = history.bars.between(0, int(history.minutes.times[0]))
        if history.bars.unit_s != 60 and len(older.times):
            paths.append(write_rows(folder, name, older))
    return paths


def write_rows(folder: Path, market: str, rows: Rows) -> Path:
    """Write rows as a candle file and return its path."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = folder / file_name(market, rows.unit_s // 60)
    stamps = pa.array(rows.times * 1_000, pa.timestamp("ms", "UTC"))
    prices = [pa.array(np.ascontiguousarray(column)) for column in rows.prices.T]
    names = ["timestamp", *Candle._fields[1:]]
    pq.write_table(pa.Table.from_arrays([stamps, *prices], names), path)
    return path
