"""Asks for app roles over HTTP, and waits for the result.

    python http_request.py ../request.json

APP_ROLE_BROKER is the URL of the broker, and APP_ROLE_BROKER_KEY a function key of AssignRoleHttp.
"""
import json
import os
import sys
import time
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urljoin
from urllib.request import Request, urlopen

endpoint = urljoin(os.environ["APP_ROLE_BROKER"], "/api/app-role-assignments")
headers = {"x-functions-key": os.environ["APP_ROLE_BROKER_KEY"], "Content-Type": "application/json"}


def call(url, body):
    try:
        return urlopen(Request(url, body, headers), timeout=30)
    except HTTPError as refusal:
        return refusal


def main(file):
    url, body = endpoint, Path(file).read_bytes()
    end = time.monotonic() + 10 * 60
    while time.monotonic() < end:
        with call(url, body) as response:
            after = response.headers.get("Retry-After")
            if response.status == 202:
                # The request waits for an approval. The address tells what became of it.
                url, body = urljoin(endpoint, response.headers["Location"]), None
            elif not after:
                # The host itself refuses a wrong key, without a body.
                result = json.loads(response.read() or "{}")
                if response.status >= 400:
                    print(response.status, result.get("detail", ""), file=sys.stderr)
                roles = result.get("roles", [])
                for role in roles:
                    print(role["requested"], role["status"], role.get("message", ""))
                granted = {role["status"] for role in roles} <= {"assigned", "alreadyAssigned"}
                return 0 if response.status < 400 and granted else 1
        # 429 and 503 say when to send the same again.
        time.sleep(int(after or 10))
    return "no result within 10 minutes"


sys.exit(main(*sys.argv[1:]))
