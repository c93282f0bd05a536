"""Asks for app roles by the queue, and waits for the result of this request.

    pip install -r requirements.txt
    python queue_request.py ../request.json

APP_ROLE_REQUESTS is the URL of the queues (https://<account>.queue.core.windows.net), or a connection string.
"""
import json
import os
import sys
import time
from pathlib import Path

from azure.identity import DefaultAzureCredential
from azure.storage.queue import QueueServiceClient

account = os.environ["APP_ROLE_REQUESTS"]
if account.startswith("https://"):
    queues = QueueServiceClient(account, credential=DefaultAzureCredential())
else:
    queues = QueueServiceClient.from_connection_string(account)
requests = queues.get_queue_client("app-role-requests")
results = queues.get_queue_client("app-role-results")


def main(file):
    sent = requests.send_message(Path(file).read_text(encoding="utf-8"))
    end = time.monotonic() + 10 * 60
    while time.monotonic() < end:
        time.sleep(1)
        # Others wait for results in the same queue. A look hides nothing from them, and shows 32 messages.
        seen = results.peek_messages(max_messages=32)
        if len(seen) < 32 and not any(sent.id in message.content for message in seen):
            continue
        # What is theirs is hidden for a second.
        for message in results.receive_messages(messages_per_page=32, max_messages=32, visibility_timeout=1):
            result = json.loads(message.content)
            if result.get("messageId") != sent.id:
                continue
            results.delete_message(message)
            for role in result["roles"]:
                print(role["requested"], role["status"], role.get("message", ""))
            return 0 if {role["status"] for role in result["roles"]} <= {"assigned", "alreadyAssigned"} else 1
    return f"no result of {sent.id} within 10 minutes"


sys.exit(main(*sys.argv[1:]))
