"""The sandbox the tests run against: its address, what it accepts, its switches. Given by environment:
  CRMPULSE_SANDBOX_URL  http://127.0.0.1:PORT
  CRMPULSE_JWT_KEY      path of the private key (PEM) whose public half the sandbox knows
"""

import contextlib
import json
import os
import urllib.parse
import urllib.request

URL = os.environ["CRMPULSE_SANDBOX_URL"]
JWT_KEY = os.environ["CRMPULSE_JWT_KEY"]
HOST = urllib.parse.urlsplit(URL).hostname
PORT = urllib.parse.urlsplit(URL).port

CLIENT_ID, SECRET = "crmpulse-sandbox", "sandbox-client-secret"
USER = "monitor@example.com"
REFRESH_TOKEN = "sandbox-refresh-token"
API_KEY = "pat-na1-sandbox"
MARKER = "zz-crm-health-probe"


def call(method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(URL + path, data, {"Content-Type": "application/json"}, method=method), timeout=30) as answer:
        text = answer.read()
    return json.loads(text) if text else None


@contextlib.contextmanager
def fault(crm, name, **members):
    """A fault is on inside; whatever happens, it is off afterwards."""
    call("POST", "/_sandbox/faults", {"crm": crm, "fault": name, **members})
    try:
        yield
    finally:
        call("DELETE", "/_sandbox/faults")
