"""The long-running programs: controller, worker, web, an Asterisk node, and the supervisor that runs them together.

Each of `controller`, `worker`, `web` and `node` has

    async def run(settings: Settings, ready: Callable[[], None], stop: asyncio.Event) -> None

which calls `ready()` once it does its work, goes on until `stop` is set, and then ends in order. `hotline run PART`
wraps it with logs, signals, secrets and a heartbeat (`hotline.processes.part`). Any of them may be killed at any
moment and started again.
"""
