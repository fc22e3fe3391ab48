"""The telephone in the browser: its credentials, its way to Asterisk, its bar; and log-ins for desk telephones.

In: an agent's page that wants to register, SIP frames over a WebSocket. Out: the same frames at Asterisk, once it is
known whose they are. The telephone itself is `console/scripts/phone*.js`.
"""
