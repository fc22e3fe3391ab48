"""The long-running programs: controller, worker, web, an Asterisk node, and the supervisor that runs them together.

Each of `controller`, `worker` and `web` has `async def run(settings: Settings, stop: asyncio.Event) -> None`, which
works until `stop` is set and then ends in order; `hotline run PART` wraps it with logs, signals and liveness
(`hotline.processes.part`). Any of them may be killed at any moment and started again.
"""
