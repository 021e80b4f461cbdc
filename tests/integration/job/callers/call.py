"""Asks for a job of `act` and tells what it hears: python call.py PORT plain PAYLOAD"""

import sys

import gearman

port, _, payload = sys.argv[1:]
client = gearman.GearmanClient([f"127.0.0.1:{port}"])
heard = client.submit_job("act", payload.encode(), poll_timeout=15)
for text in heard.warning_updates:
    print("text:", text.decode())
print("failed" if heard.state == gearman.JOB_FAILED else f"done: {heard.result!r}")
