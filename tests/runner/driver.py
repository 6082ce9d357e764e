"""Runs the made-up study in a process of its own, so that a test can kill it: ROOT NOTEBOOK ENGINE."""

import json
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from made_up import fixed_keys, make_jobs

from kinerja_lab.report.engine import Engine
from kinerja_lab.report.run import run_jobs


def main() -> int:
    root, notebook, engine = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with Engine(engine) as running:
            outcomes = run_jobs(fixed_keys(make_jobs(root, notebook)), engine=running, workers=2, lang="id")
    except KeyboardInterrupt:
        return 130
    print(json.dumps({outcome.job.region: outcome.state for outcome in outcomes}))
    return int(any(outcome.state == "failed" for outcome in outcomes))


if __name__ == "__main__":
    raise SystemExit(main())
