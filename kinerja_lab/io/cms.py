"""How do the original files of US Hospital Compare become a survey and outcomes that this house can read?"""

from pathlib import Path

import numpy as np
import pandas as pd

from kinerja_lab.core.errors import InputFault, InputFaults, KinerjaError
from kinerja_lab.core.message import Message
from kinerja_lab.io.simulated import write_parquet

__all__ = ["import_cms_vbp"]

FILES = {
    "hospitals.csv": ("hospital_id", "state", "ownership"),
    "survey_dimensions.csv": ("hospital_id", "dimension", "achievement_points"),
    "outcomes.csv": ("hospital_id", "measure", "value"),
    "readmissions.csv": ("hospital_id", "measure", "discharges", "readmissions", "expected_pct", "excess_ratio"),
}
PERIOD = "2015"
PERCENT = ("survival_30_ami", "survival_30_hf", "survival_30_pn")
_GROUPS = {"Government": "pemerintah", "Voluntary": "nirlaba", "Tribal": "pemerintah", "Proprietary": "swasta",
           "Physician": "swasta"}


def import_cms_vbp(source_dir: Path, target_dir: Path) -> None:
    """Join the original files into ``survey.parquet`` and ``outcomes.parquet``.

    Parameters
    ----------
    source_dir : pathlib.Path
        Folder with ``hospitals.csv``, ``survey_dimensions.csv``, ``outcomes.csv`` and ``readmissions.csv``.
    target_dir : pathlib.Path
        Where the two tables are written; made when absent.

    Raises
    ------
    KinerjaError
        ``study_data_absent`` when the folder is not there.
    InputFaults
        Every missing file or column, and measures of unknown hospitals.

    Notes
    -----
    The survey has one row a hospital (the source gives no single patients): achievement points 0 to 10 in eight
    dimensions. A readmission measure ``readm_30_*`` stands only where the source gives counts: ``events`` readmitted
    of ``denominator`` discharged, ``expected`` = discharges x expected percentage. Counts below eleven are withheld
    by the source, so small hospitals are missing there; the ratio ``excess_30_*``, which the source adjusted for case
    mix itself, is given for all.
    """
    if not Path(source_dir).is_dir():
        raise KinerjaError("study_data_absent", study="cms-vbp-2015")
    tables = _read(Path(source_dir))
    hospitals = tables["hospitals.csv"].set_index("hospital_id")
    homes = pd.DataFrame({
        "region": hospitals["state"], "agency": hospitals["ownership"].str.split().str[0].map(_GROUPS),
        "unit": hospitals.index, "period": PERIOD,
    }, index=hospitals.index)
    faults = [InputFault(message=Message("fault.unknown_unit", {"n": int(bad.sum())}), file=name, column="hospital_id",
                         value=str(table["hospital_id"][bad].iloc[0]))
              for name, table in tables.items() if (bad := ~table["hospital_id"].isin(hospitals.index)).any()]
    if homes["agency"].isna().any():
        odd = hospitals["ownership"][homes["agency"].isna()]
        faults.append(InputFault(message=Message("fault.bad_value"), file="hospitals.csv", column="ownership",
                                 value=str(odd.iloc[0])))
    if faults:
        raise InputFaults(faults)
    write_parquet(_survey(homes, tables["survey_dimensions.csv"]), Path(target_dir) / "survey.parquet")
    write_parquet(hospitals["name"].rename_axis("unit").reset_index(), Path(target_dir) / "units.parquet")
    write_parquet(_outcomes(homes, tables["outcomes.csv"], tables["readmissions.csv"]),
                  Path(target_dir) / "outcomes.parquet")


def _read(folder: Path) -> dict[str, pd.DataFrame]:
    tables, faults = {}, []
    for name, columns in FILES.items():
        if not (folder / name).is_file():
            faults.append(InputFault(message=Message("fault.file_missing", {"file": name}), file=name))
            continue
        frame = pd.read_csv(folder / name, dtype={"hospital_id": str, "state": str}, keep_default_na=False,
                            na_values=[""])
        faults += [InputFault(message=Message("fault.column_absent", {"choices": ", ".join(frame.columns)}), file=name,
                              column=column) for column in columns if column not in frame.columns]
        tables[name] = frame
    if faults:
        raise InputFaults(faults)
    return tables


def _survey(homes: pd.DataFrame, dimensions: pd.DataFrame) -> pd.DataFrame:
    wide = dimensions.pivot(index="hospital_id", columns="dimension", values="achievement_points").astype("Int8")
    wide.columns.name = None
    frame = homes.join(wide, how="inner")
    return frame.sort_values("unit", ignore_index=True)


def _outcomes(homes: pd.DataFrame, outcomes: pd.DataFrame, readmissions: pd.DataFrame) -> pd.DataFrame:
    means = outcomes.dropna(subset=["value"])[["hospital_id", "measure", "value"]].copy()
    means["value"] *= np.where(means["measure"].isin(PERCENT), 100.0, 1.0)
    excess = readmissions.assign(measure=readmissions["measure"].str.replace("readm", "excess"),
                                 value=readmissions["excess_ratio"])[["hospital_id", "measure", "value"]]
    counted = readmissions.dropna(subset=["discharges", "readmissions"])
    counts = pd.DataFrame({
        "hospital_id": counted["hospital_id"], "measure": counted["measure"],
        "value": 100.0 * counted["readmissions"] / counted["discharges"],
        "events": counted["readmissions"].astype(float),
        "denominator": counted["discharges"].astype(float),
        "expected": counted["discharges"] * counted["expected_pct"] / 100.0,
    })
    rows = pd.concat([means, excess, counts], ignore_index=True)
    frame = rows.join(homes, on="hospital_id").drop(columns="hospital_id")
    columns = ["region", "agency", "unit", "period", "measure", "value", "events", "denominator", "expected"]
    return frame[columns].sort_values(["measure", "unit"], ignore_index=True)
