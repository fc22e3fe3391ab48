"""The wire under the link: bytes ⇄ messages (`wire`), one logged-in connection (`session`), the pauses between tries.

panoramisk parses the messages; `wire` is the only module that imports it. Its connection handling is replaced by
`session` and `acd.link`, because an exception in a callback closes its socket, actions are replayed after a reconnect,
and nobody reads the answer to its ping; its actions are written by `wire`, because they are not checked there and want
an event loop to be made.
"""
