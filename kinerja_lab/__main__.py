"""What does ``python -m kinerja_lab`` do? The same as ``kinerja``."""

from kinerja_lab.cli.app import main

__all__: list[str] = []

if __name__ == "__main__":
    raise SystemExit(main())
