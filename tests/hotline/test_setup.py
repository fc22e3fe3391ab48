"""The set-up's own logic; the whole of it runs whenever somebody says make."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "setup.py"


@pytest.fixture
def setup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("hotline_setup", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "hotline_setup", module)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "CHECKOUT", tmp_path)
    monkeypatch.setattr(module, "STAMPS", tmp_path / "stamps")
    monkeypatch.setattr(module, "DATA", tmp_path / "data")
    return module


def test_a_step_is_done_until_what_it_was_done_for_changes(setup: ModuleType, tmp_path: Path) -> None:
    needs = tmp_path / "pyproject.toml"
    needs.write_text("one")
    assert not setup.stamped("python", [needs])
    setup.stamp("python", [needs])
    assert setup.stamped("python", [needs])
    needs.write_text("two")
    assert not setup.stamped("python", [needs])


def test_steps_run_in_order_stop_at_a_failure_and_go_on_from_there(
    setup: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    log: list[str] = []
    broken = True

    def do(name: str) -> None:
        log.append(name)
        if name == "torch" and broken:
            raise setup.SetupError("torch is not to be had")

    for name in ("debian", "venv", "test_packages", "torch", "python", "console", "asterisk", "models"):
        setattr(setup, f"{name}_done", lambda name=name: log.count(name) > (name == "torch"))
        setattr(setup, name, lambda name=name: do(name))
    assert setup.main([]) == 1
    assert "torch is not to be had" in capsys.readouterr().out
    assert log == ["debian", "venv", "test_packages", "torch"]
    broken = False
    assert setup.main([]) == 0
    assert log == ["debian", "venv", "test_packages", "torch", "torch", "python", "console", "asterisk", "models"]
    assert setup.main([]) == 0
    assert len(log) == 9, "nothing is left to do"


def test_an_asterisk_half_built_is_not_mistaken_for_one(setup: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setup, "system_asterisk", lambda: None)
    half = setup.DATA / "asterisk.new/usr/sbin"
    half.mkdir(parents=True)
    (half / "asterisk").touch()
    assert not setup.asterisk_done()
    (setup.DATA / "asterisk.new").rename(setup.DATA / "asterisk")
    assert setup.asterisk_done()


def test_an_unknown_step_is_refused_and_this_checkout_is_set_up() -> None:
    result = subprocess.run([sys.executable, str(SCRIPT), "--only", "x"], capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert "no such step: x" in result.stderr


def test_a_package_the_tests_alone_need_may_be_missing(
    setup: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(setup, "TEST_PACKAGES", {"chromium": "/nonexistent/chromium"})
    monkeypatch.setattr(setup, "apt", lambda *command: ["false"])
    assert not setup.test_packages_done()
    setup.test_packages()
    assert "chromium cannot be installed here" in capsys.readouterr().out
    assert setup.test_packages_done(), "not tried again at every make"


def test_a_package_that_was_half_installed_is_installed_again(
    setup: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(setup, "VENV", tmp_path)
    packages = tmp_path / "lib" / "python3.11" / "site-packages"
    for name, files in {"whole-1.dist-info": ["METADATA", "RECORD"], "half-1.dist-info": ["METADATA"]}.items():
        (packages / name).mkdir(parents=True)
        for file in files:
            (packages / name / file).touch()
    setup.forget_half_installed()
    assert [each.name for each in packages.iterdir()] == ["whole-1.dist-info"]
