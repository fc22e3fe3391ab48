"""`hotline drafts` on a real database with too little to learn from, and with a version that is not there."""

from __future__ import annotations

import json
from pathlib import Path

from hotline.embedded import libpq_url
from tests.hotline.conftest import Hotline


def test_each_subcommand_says_what_to_do_where_nothing_was_learned(
    hotline: Hotline, database_url: str, tmp_path: Path
) -> None:
    here = {"HOTLINE_DATABASE_URL": libpq_url(database_url), "HOTLINE_DATA": str(tmp_path)}
    assert "hotline drafts train" in hotline("drafts", "show", **here).stdout
    assert json.loads(hotline("drafts", "show", "--json", **here).stdout) == {"versions": []}
    trained = hotline("drafts", "train", **here)
    assert (trained.returncode, trained.stderr.count("\n")) == (1, 1)
    assert "0 confirmed forms" in trained.stderr
    for arguments in (("live", "3"), ("compare", "3"), ("show", "3"), ("rollback",)):
        refused = hotline("drafts", *arguments, **here)
        assert (refused.returncode, refused.stderr.count("\n")) == (1, 1), arguments
        assert "version" in refused.stderr
