"""How does a workshop's file come to be, with a secret for the facilitator that is stored nowhere?"""

import json
import os
import secrets
import sqlite3
import time
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

from kinerja_lab.core.errors import KinerjaError
from kinerja_lab.workshop.plan import WorkshopPlan
from kinerja_lab.workshop.schema import APPLICATION, SCHEMA, VERSION, settle, sql_faults
from kinerja_lab.workshop.tokens import digest, new_token

__all__ = ["create_workshop"]


def create_workshop(path: Path, plan: WorkshopPlan) -> str:
    """Make the file of a workshop and return the facilitator's secret, which is stored nowhere.

    Parameters
    ----------
    path : pathlib.Path
        File to make; it must not be there. Its folder is made, readable for the owner only, and git ignores it.
    plan : WorkshopPlan
        What is asked.

    Raises
    ------
    KinerjaError
        ``workshop_exists``, or what the disk says.
    """
    path = Path(path)
    if path.exists():
        raise KinerjaError("workshop_exists", file=str(path))
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    (path.parent / ".gitignore").write_text("*\n", encoding="utf-8")  # names of people do not belong in a repository
    secret = new_token()
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.unlink(missing_ok=True)
    os.close(os.open(beside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        with sql_faults(), closing(sqlite3.connect(beside, isolation_level=None)) as db:
            db.executescript(SCHEMA)
            db.execute(f"PRAGMA application_id = {APPLICATION}")
            db.execute(f"PRAGMA user_version = {VERSION}")
            _fill(db, plan, secret)
            settle(db)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    return secret


def _fill(db: sqlite3.Connection, plan: WorkshopPlan, secret: str) -> None:
    meta = {"id": secrets.token_hex(8), "name": plan.name, "study": plan.study, "anonymous": str(int(plan.anonymous)),
            "hours": repr(float(plan.hours)), "lang": plan.lang, "facilitator": digest(secret).hex(),
            "made": repr(time.time())}
    aliases = [f"P{number:02d}" for number in range(1, len(plan.judges) + 1)]
    if plan.anonymous:
        secrets.SystemRandom().shuffle(aliases)  # unguessable on purpose: the order of the list must not tell
    db.execute("BEGIN")
    db.executemany("INSERT INTO meta VALUES (?, ?)", meta.items())
    db.executemany("INSERT INTO item VALUES (?, ?, ?)", [
        (place, item.code, json.dumps(asdict(item), ensure_ascii=False)) for place, item in enumerate(plan.items, 1)])
    db.executemany("INSERT INTO round VALUES (?, ?)", [
        (number, json.dumps(codes)) for number, codes in enumerate(plan.rounds, 1)])
    db.executemany("INSERT INTO judge (alias, name) VALUES (?, ?)", [
        (alias, name.strip()) for alias, name in zip(aliases, plan.judges, strict=True)])
    db.execute("COMMIT")
