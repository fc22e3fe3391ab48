"""Starting, crashing and stopping a node of Asterisk, alone and beside others."""

from __future__ import annotations

import asyncio
import functools
import os
import shutil
import signal
import socket
import sys
import time
from pathlib import Path

import psutil
import pytest

from hotline.processes import asterisk as processes
from hotline.processes.asterisk import AsteriskNode, running_pid, stop_left_over
from hotline.settings import Settings
from ivr.errors import NodeAlreadyRunsError, NodeError
from ivr.paths import NodePaths, asterisk_root
from tests.ivr.rig import Stage, account, open_ami, open_stage, sipp_call, until

pytestmark = pytest.mark.asterisk

CALLER = "<sip:13900000001@127.0.0.1>"


async def test_a_stopped_node_leaves_no_process_and_no_port(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage:
        pid, port = stage.node.pid, stage.settings.asterisk.sip_port
        assert pid is not None
        assert psutil.Process(pid).uids().real != 0, "Asterisk must not be root"
    assert not psutil.pid_exists(pid)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", port))


async def test_two_nodes_run_side_by_side(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    async with (
        open_stage(tmp_path / "a") as first,
        open_stage(tmp_path / "b") as second,
        sipp_call(first, sender=CALLER, keys={}),
        sipp_call(second, sender=CALLER, keys={}),
    ):
        for stage in (first, second):
            queued = await stage.ami.told("queued")
            call = queued["Call"]

            def kinds(stage: Stage = stage, call: str = call) -> list[str]:
                return [entry.kind for entry in stage.journal() if entry.call == call]

            # Asterisk writes the journal from a thread of its own, a moment after the dialplan has gone on
            await until(lambda kinds=kinds: len(kinds()) >= 3)  # type: ignore[misc]
            assert kinds() == ["entered", "menu", "queued"]
        assert len(stage.ami.kinds(queued["Call"])) == 3


async def test_a_taken_port_is_named(stage: Stage) -> None:
    other = AsteriskNode(
        stage.settings.model_copy(update={"instance": stage.settings.instance + "-b"}), [account("8001")]
    )
    with pytest.raises(
        NodeError, match=rf"cannot have port {stage.settings.asterisk.sip_port}/udp .*HOTLINE_ASTERISK__SIP_PORT"
    ):
        await other.start()
    assert other.pid is None


async def test_the_same_instance_does_not_start_twice(stage: Stage) -> None:
    with pytest.raises(NodeAlreadyRunsError, match="runs already"):
        await AsteriskNode(stage.settings, [account("8001")]).start()
    assert stage.node.pid is not None


async def test_kill_minus_nine_loses_at_most_two_seconds_of_both_legs_and_the_node_starts_again(stage: Stage) -> None:
    async with sipp_call(stage, sender=CALLER, keys={}):
        entered = await stage.ami.told("entered")
        await stage.ami.told("queued")
        await asyncio.sleep(4)
        killed_at = time.time()
        stage.node.kill()
        await stage.node.wait()
        call = entered["Call"]
        said, heard = stage.legs(call)
        lived = killed_at - float(entered["At"])
        for leg in (said, heard):
            assert len(leg) / 16000 > lived - 2, "more than two seconds are lost"
        assert abs(len(said) - len(heard)) <= 16000
        kinds = [entry.kind for entry in stage.journal() if entry.call == call]
        assert kinds == ["entered", "menu", "queued"], "the journal survives too"

    stage.beating = False
    await stage.node.start()
    try:
        async with open_ami(stage.settings) as ami, sipp_call(stage, sender=CALLER, keys={}):
            again = await ami.told("queued")
            assert again["Call"] != call
        assert stage.legs(call)[0].size == said.size, "the crashed call's legs are left alone"
    finally:
        await stage.node.stop()


async def test_a_seat_that_vanished_is_known_to_be_gone_and_is_not_rung(stage: Stage) -> None:
    async with stage.seat("8001") as seat, sipp_call(stage, sender=CALLER, keys={}, talk=60):
        uid = (await stage.ami.told("queued"))["Call"]
        await stage.ami.until(lambda block: block.get("ContactStatus") in {"Created", "Reachable"})
        os.kill(seat.pid, signal.SIGKILL)
        gone = await stage.ami.until(lambda block: block.get("ContactStatus") == "Unreachable")
        assert gone["AOR"] == "8001"
        await stage.ring(uid, "8001", 1)
        ringing, returned = await stage.ami.told("ringing"), await stage.ami.told("returned")
        assert returned["Detail"] == "CHANUNAVAIL"
        assert float(returned["At"]) - float(ringing["At"]) < 1, "the caller waits for a seat that is not there"


async def test_seats_can_be_added_while_people_talk(stage: Stage) -> None:
    async with sipp_call(stage, sender=CALLER, keys={}, talk=30):
        uid = (await stage.ami.told("queued"))["Call"]
        await stage.node.set_seats([account("8001"), account("8002"), account("8003")])
        async with stage.seat("8003") as seat:
            await stage.ring(uid, "8003", 1)
            await seat.wait_for("incoming", timeout=5)


async def test_asterisk_outlives_its_starter_unless_asked(tmp_path: Path) -> None:
    script = (
        "import asyncio, sys\n"
        "from hotline.processes.asterisk import AsteriskNode\n"
        "from tests.ivr.rig import account, settings_of_node\n"
        "async def main():\n"
        "    settings = settings_of_node()\n"
        "    node = AsteriskNode(settings, [account('8001')], die_with_parent=sys.argv[1] == 'die')\n"
        "    await node.start()\n"
        "    print(node.pid, node.paths.base, settings.instance, flush=True)\n"
        "    await asyncio.sleep(60)\n"
        "asyncio.run(main())\n"
    )
    for choice in ("die", "live"):
        starter = await asyncio.create_subprocess_exec(
            sys.executable, "-c", script, choice, stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[2]
        )
        assert starter.stdout is not None
        pid, base, _ = (await starter.stdout.readline()).decode().split()
        starter.kill()
        await starter.wait()
        paths = NodePaths(asterisk_root(Settings()), Path(base))
        if choice == "die":
            await until(functools.partial(_is_gone, int(pid)), 10)
        else:
            await asyncio.sleep(1)
            assert running_pid(paths) == int(pid)
            assert stop_left_over(paths)
            assert _is_gone(int(pid))
        assert running_pid(paths) is None
        shutil.rmtree(base)


def _is_gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


async def test_the_systems_own_asterisk_runs_as_its_own_user_without_a_chroot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "system_asterisk", lambda: Path("/usr/sbin/asterisk"))
    monkeypatch.setattr(NodePaths, "of", _system_paths)
    monkeypatch.setattr(NodePaths, "owner", lambda self: (4711, 4712))
    node = AsteriskNode(Settings(data=tmp_path), [], die_with_parent=True)
    command = node.arguments("-f", die_with_parent=True)
    assert command[:3] == ["setpriv", "--reuid=4711", "--regid=4712"]
    assert "chroot" not in command
    assert command[-4:] == ["/usr/sbin/asterisk", "-C", str(node.paths.etc / "asterisk.conf"), "-f"]


async def test_a_folder_too_deep_for_a_socket_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = tmp_path / ("d" * 100)
    monkeypatch.setattr(NodePaths, "of", _system_paths)
    with pytest.raises(NodeError, match="choose a shorter `data` folder"):
        await AsteriskNode(Settings(data=deep), []).start()


def _system_paths(settings: Settings) -> NodePaths:
    return NodePaths(None, settings.instance_dir / "asterisk")
