"""A study in PostgreSQL gives the same answers as the same study in files."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from kinerja_lab.core.errors import InputFaults, KinerjaError
from kinerja_lab.io.privacy import check_study
from kinerja_lab.io.sources import open_source
from kinerja_lab.io.study import load_study

TYPES = {"kota": "text", "tempat": "text", "tanggal": "date", "q1": "int", "q2": "int", "bobot": "float8",
         "kelompok": "text"}


def program(name: str) -> str | None:
    places = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return str(places[-1]) if places else shutil.which(name)


@pytest.fixture(scope="module")
def server():
    """A PostgreSQL of its own on a free local port, thrown away afterwards."""
    initdb, postgres = program("initdb"), program("postgres")
    if not initdb or not postgres:
        pytest.skip("needs PostgreSQL (initdb and postgres), which is not installed")
    run_as = {"user": "nobody"} if os.getuid() == 0 else {}  # PostgreSQL refuses to run as root
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        data.mkdir(mode=0o700)
        if run_as:
            Path(folder).chmod(0o755)
            shutil.chown(data, user="nobody")
        subprocess.run([initdb, "-D", data, "-U", "kinerja", "-A", "trust", "-E", "UTF8", "--no-sync"], check=True,
                       capture_output=True, cwd="/", **run_as)
        process = subprocess.Popen([postgres, "-D", data, "-p", str(port), "-c", "listen_addresses=127.0.0.1",
                                    "-c", "unix_socket_directories=", "-c", "fsync=off"],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/", **run_as)
        try:
            yield wait_for(port)
        finally:
            process.send_signal(signal.SIGINT)  # at once, even with connections open
            process.wait(timeout=30)


def wait_for(port: int) -> str:
    import psycopg

    address = f"postgres://kinerja@127.0.0.1:{port}/postgres"
    for _ in range(100):
        try:
            psycopg.connect(address).close()
            return address
        except psycopg.OperationalError:
            time.sleep(0.1)
    pytest.fail("PostgreSQL did not start")


def fill(address: str, table: str, frame: pd.DataFrame, types: dict[str, str]) -> None:
    import psycopg

    with psycopg.connect(address) as connection:
        columns = ", ".join(f"{name} {kind}" for name, kind in types.items())
        connection.execute(f"DROP TABLE IF EXISTS {table}")
        connection.execute(f"CREATE TABLE {table} ({columns})")
        marks = ", ".join(["%s"] * len(types))
        with connection.cursor() as cursor:
            cursor.executemany(f"INSERT INTO {table} VALUES ({marks})",
                               [[None if pd.isna(cell) else cell for cell in row]
                                for row in frame[list(types)].astype(object).to_numpy()])


@pytest.fixture
def both(mini_study, server, monkeypatch):
    """The mini study in files, and the same rows in the database."""
    folder = mini_study()
    files = load_study(folder)
    survey = pd.read_parquet(folder / "data" / "survey.parquet")
    outcomes = pd.read_parquet(folder / "data" / "outcomes.parquet")
    fill(server, "survei", survey, TYPES)
    fill(server, "luaran", outcomes, {"region": "text", "unit": "text", "period": "text", "measure": "text",
                                      "events": "int", "denominator": "int"})
    monkeypatch.setenv("BASIS_MINI", server)

    def edit(text):
        return (text.replace("  file: data/survey.parquet", "  address_env: BASIS_MINI\n  table: survei")
                .replace("  file: data/outcomes.parquet", f"  address: {server}\n  table: public.luaran"))

    return files, lambda: load_study(mini_study(edit=edit))


def test_the_same_rows_and_patterns(both):
    files, in_database = both
    for region, period in [(None, None), ("53.71", "2024"), ("52.71.03", "2025")]:
        one, other = open_source(files), open_source(in_database())
        left, right = (source.survey(region=region, period=period) for source in (one, other))
        names = ["region", "agency", "unit", "period", "ramah", "lambat", "weight", "cluster", "kelompok"]
        pd.testing.assert_frame_equal(*(survey.frame[names].sort_values(names, ignore_index=True)
                                        for survey in (left, right)), check_dtype=False)
        np.testing.assert_array_equal(one.patterns(region=region, period=period).counts,
                                      other.patterns(region=region, period=period).counts)
        np.testing.assert_array_equal(one.patterns(region=region, period=period).values,
                                      other.patterns(region=region, period=period).values)
        pd.testing.assert_frame_equal(*(source.outcomes(region=region, period=period).frame.sort_values(
            ["unit", "period"], ignore_index=True) for source in (one, other)), check_dtype=False)


def test_the_fingerprint_follows_the_rows(both, server):
    import psycopg

    _, in_database = both
    before = [open_source(in_database()).slice_fingerprint(code) for code in ("53.71", "52.71.03")]
    assert before == [open_source(in_database()).slice_fingerprint(code) for code in ("53.71", "52.71.03")]
    with psycopg.connect(server) as connection:
        connection.execute("UPDATE survei SET q1 = 4 WHERE kota = '52.71' AND q1 = 3")
    after = [open_source(in_database()).slice_fingerprint(code) for code in ("53.71", "52.71.03")]
    assert after[0] == before[0]
    assert after[1] != before[1]


def test_personal_data_in_the_database_stops_the_study(both, server):
    import psycopg

    _, in_database = both
    check_study(in_database())
    with psycopg.connect(server) as connection:
        connection.execute("UPDATE survei SET kelompok = '5271034107900001' WHERE kota = '52.71' AND q1 = 3")
    with pytest.raises(InputFaults) as caught:
        check_study(in_database())
    assert [fault.message.code for fault in caught.value.faults] == ["fault.personal_nik"]
    assert "41079" not in str(caught.value)


def test_a_server_that_is_not_there_is_reported_without_its_address(mini_study):
    def edit(text):
        return text.replace("  file: data/survey.parquet",
                            "  address: postgres://siapa@127.0.0.1:9/basis\n  table: survei")

    with pytest.raises(KinerjaError, match="database_unreachable") as caught:
        load_study(mini_study(edit=edit))
    assert "siapa" not in str(caught.value)
