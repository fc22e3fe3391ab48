"""One SIP endpoint in a process of its own: commands on standard input, what happens on standard output.

Both directions are JSON lines. PJSUA2 (https://docs.pjsip.org/en/2.15.1/) does SIP and RTP; its sound device is a
null device, so that an endpoint needs no audio hardware. One process holds one account and one call at a time. It also
takes calls to any number at its own address, which `up` tells: so it can play the public network.
"""

from __future__ import annotations

import ctypes
import json
import os
import queue
import signal
import sys
import threading
from typing import Any

import pjsua2 as pj

PR_SET_PDEATHSIG = 1


class Tell:
    """Writes events: PJSIP prints banners on standard output, so this keeps a copy of it and silences the original."""

    def __init__(self) -> None:
        self._stream = os.fdopen(os.dup(1), "w", buffering=1)
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        os.close(silence)

    def __call__(self, event: str, **facts: Any) -> None:
        self._stream.write(json.dumps({"event": event, **facts}) + "\n")


class LinePlayer(pj.AudioMediaPlayer):  # type: ignore[misc]
    """Plays one file once and says when it has ended."""

    def __init__(self, path: str, tell: Tell) -> None:
        super().__init__()
        self.path = path
        self.tell = tell

    def onEof2(self) -> None:
        self.tell("played", file=self.path)


class EndpointCall(pj.Call):  # type: ignore[misc]
    def __init__(self, account: EndpointAccount, call_id: int = pj.PJSUA_INVALID_ID) -> None:
        super().__init__(account, call_id)
        self.account = account
        self.player: LinePlayer | None = None

    def onCallState(self, prm: Any) -> None:
        info = self.getInfo()
        if info.state == pj.PJSIP_INV_STATE_EARLY:
            self.account.tell("early", code=int(info.lastStatusCode))
        elif info.state == pj.PJSIP_INV_STATE_CONFIRMED:
            self.account.tell("confirmed")
        elif info.state == pj.PJSIP_INV_STATE_DISCONNECTED:
            self.account.tell("disconnected", code=int(info.lastStatusCode), reason=info.lastReason)
            self.account.ended = self

    def onCallMediaState(self, prm: Any) -> None:
        try:
            audio = self.getAudioMedia(-1)
        except pj.Error:
            return  # no active media yet: the next state change brings it
        # A telephone sends its microphone all the time; without a source PJSUA would stop its clock, keys included.
        self.account.microphone.startTransmit(audio)
        if self.account.heard is not None:
            audio.startTransmit(self.account.heard)

    def onDtmfDigit(self, prm: Any) -> None:
        self.account.tell("dtmf", digit=prm.digit)

    def play(self, path: str) -> None:
        self.player = LinePlayer(path, self.account.tell)
        self.player.createPlayer(path, pj.PJMEDIA_FILE_NO_LOOP)
        self.player.startTransmit(self.getAudioMedia(-1))


class EndpointAccount(pj.Account):  # type: ignore[misc]
    def __init__(self, microphone: Any, heard: Any, tell: Tell) -> None:
        super().__init__()
        self.microphone = microphone
        self.tell = tell
        self.heard = heard
        self.call: EndpointCall | None = None
        self.ended: EndpointCall | None = None

    def onRegState(self, prm: Any) -> None:
        self.tell("registration", code=int(prm.code), active=bool(self.getInfo().regIsActive), reason=prm.reason)

    def onIncomingCall(self, prm: Any) -> None:
        call = EndpointCall(self, prm.callId)
        operation = pj.CallOpParam()
        if self.call is not None:
            operation.statusCode = pj.PJSIP_SC_BUSY_HERE
            call.hangup(operation)
            return
        self.call = call
        operation.statusCode = pj.PJSIP_SC_RINGING
        call.answer(operation)
        info = call.getInfo()
        self.tell("incoming", remote=info.remoteUri, to=info.localUri, headers=_own_headers(prm.rdata.wholeMsg))


def _own_headers(message: str) -> dict[str, str]:
    """What the hotline tells a seat's telephone in its INVITE: headers `X-Hotline-…`."""
    lines = (line.partition(":") for line in message.splitlines() if line.lower().startswith("x-hotline-"))
    return {name.strip(): value.strip() for name, _, value in lines}


class Endpoint:
    """The PJSUA2 library, one account, and the commands that move them.

    `config`: `user`, `secret` (empty: no registration), `domain` (`host:port` of the server), `bind` (local address),
    `heard` (path of a WAV file that keeps what the endpoint hears, or empty), `log` (PJSIP log file, or empty).
    """

    def __init__(self, config: dict[str, str], tell: Tell) -> None:
        self.config = config
        self.tell = tell
        self.lib = pj.Endpoint()
        self.lib.libCreate()
        setup = pj.EpConfig()
        setup.uaConfig.threadCnt = 0
        setup.uaConfig.mainThreadOnly = True
        setup.logConfig.level = 4 if config.get("log") else 0
        setup.logConfig.consoleLevel = 0
        setup.logConfig.filename = config.get("log", "")
        setup.medConfig.ecTailLen = 0
        setup.medConfig.noVad = True
        self.lib.libInit(setup)
        self.lib.audDevManager().setNullDev()
        transport = pj.TransportConfig()
        transport.boundAddress = config["bind"]
        transport_id = self.lib.transportCreate(pj.PJSIP_TRANSPORT_UDP, transport)
        self.address: str = self.lib.transportGetInfo(transport_id).localName
        self.lib.libStart()
        for codec in self.lib.codecEnum2():
            self.lib.codecSetPriority(codec.codecId, 200 if codec.codecId.startswith("PCMA") else 0)
        heard = None
        if config.get("heard"):
            heard = pj.AudioMediaRecorder()
            heard.createRecorder(config["heard"])
        self.account = EndpointAccount(self.lib.audDevManager().getCaptureDevMedia(), heard, tell)
        self.account.create(self._account_config())

    def _account_config(self) -> Any:
        account = pj.AccountConfig()
        account.idUri = f"sip:{self.config['user']}@{self.config['domain']}"
        account.mediaConfig.transportConfig.boundAddress = self.config["bind"]
        if self.config.get("secret"):
            account.regConfig.registrarUri = f"sip:{self.config['domain']}"
            account.regConfig.timeoutSec = 120
            account.regConfig.retryIntervalSec = 2
            account.sipConfig.authCreds.append(
                pj.AuthCredInfo("digest", "*", self.config["user"], 0, self.config["secret"])
            )
        return account

    def obey(self, command: dict[str, Any]) -> bool:
        """Carry out one command; False ends the process."""
        call = self.account.call
        match command["do"]:
            case "quit":
                return False
            case "register":
                self.account.setRegistration(True)
            case "call":
                self.account.call = EndpointCall(self.account)
                self.account.call.makeCall(f"sip:{command['to']}@{self.config['domain']}", pj.CallOpParam(True))
            case "answer" if call is not None:
                operation = pj.CallOpParam()
                operation.statusCode = pj.PJSIP_SC_OK
                call.answer(operation)
            case "hangup" if call is not None:
                operation = pj.CallOpParam()
                if command.get("code"):
                    operation.statusCode = command["code"]
                call.hangup(operation)
            case "hold" if call is not None:
                call.setHold(pj.CallOpParam(True))
            case "resume" if call is not None:
                operation = pj.CallOpParam(True)
                operation.opt.flag = pj.PJSUA_CALL_UNHOLD
                call.reinvite(operation)
            case "play" if call is not None:
                call.play(command["file"])
            case "keys" if call is not None:
                call.dialDtmf(command["keys"])
            case other:
                self.tell("refused", why=f"cannot {other} now")
        return True

    def step(self) -> None:
        self.lib.libHandleEvents(20)
        if self.account.ended is not None:
            if self.account.ended is self.account.call:
                self.account.call = None
            self.account.ended = None

    def close(self) -> None:
        self.account.call = None
        self.lib.hangupAllCalls()
        self.lib.libDestroy()


def _read_commands(commands: queue.SimpleQueue[dict[str, Any]]) -> None:
    for line in sys.stdin:
        commands.put(json.loads(line))
    commands.put({"do": "quit"})


def main() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # an endpoint outlives nobody who directs it
    config = json.loads(sys.argv[1])
    tell = Tell()
    endpoint = Endpoint(config, tell)
    commands: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    threading.Thread(target=_read_commands, args=(commands,), daemon=True).start()
    tell("up", address=endpoint.address)
    going = True
    while going:
        endpoint.step()
        while going and not commands.empty():
            try:
                going = endpoint.obey(commands.get())
            except pj.Error as error:
                tell("refused", why=error.reason)
    endpoint.close()
    os._exit(0)  # PJSUA2's own tear-down at interpreter exit touches freed objects


if __name__ == "__main__":
    main()
