"""Count the runs of characters of the texts that may be looked at, for `transcribe/draft/language.py`.

    .venv/bin/python bench/drafts/language.py [--without tune] [--out FILE]

The texts are those of `teach.py`; nothing held out is read. `--without NAME` leaves one file's texts out, so that what
the reading is worth can be measured on that file.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import sys
from collections import Counter
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[1:1] = [str(ROOT), str(ROOT / "tests" / "transcribe" / "draft")]

from teach import NAMES, read  # noqa: E402

from transcribe.draft.language import runs_of  # noqa: E402
from transcribe.draft.normalise import normalise  # noqa: E402

HAN = re.compile("[\u4e00-\u9fff]+")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--without", default="", help="name of a file whose texts are left out")
    parser.add_argument("--out", default=str(ROOT / "transcribe" / "draft" / "language.json.gz"))
    options = parser.parse_args()
    counted = Counter(
        run
        for name in NAMES
        if name != options.without
        for _, turns in read(name)
        for line in normalise(turns)
        for stretch in HAN.findall(line.text)
        for run in runs_of(stretch)
    )
    told = json.dumps(dict(sorted(counted.items())), ensure_ascii=False, separators=(",", ":"))
    Path(options.out).write_bytes(gzip.compress(told.encode(), mtime=0))
    print(len(counted), "runs")


if __name__ == "__main__":
    main()
