"""What a function prints, by StartLiveTail while it runs: an event stream over HTTP/1.1."""

import json
import sys
import threading

import boto3
from botocore.config import Config
from common import make_function, show

NAME = "boto3-tailed"
make_function(NAME)
logs, functions = boto3.client("logs", config=Config(inject_host_prefix=False)), boto3.client("lambda")
logs.create_log_group(logGroupName="/aws/lambda/" + NAME)
group = logs.describe_log_groups(logGroupNamePrefix="/aws/lambda/" + NAME)["logGroups"][0]["logGroupArn"]
stream = logs.start_live_tail(logGroupIdentifiers=[group], logEventFilterPattern='"Records"')["responseStream"]

# The stream must not wait for ever in a run that has gone wrong.
watch = threading.Timer(30, stream.close)
watch.start()
kinds, messages = [], []
for event in stream:
    (kind, body), = event.items()
    if kind == "sessionStart":
        session = body
        functions.invoke(FunctionName=NAME, Payload=json.dumps({"Records": [1]}))
    else:
        messages += [result["message"] for result in body["sessionResults"]]
    kinds.append(kind)
    if messages:
        break
watch.cancel()
stream.close()
show(group=group, session=session, kinds=sorted(set(kinds)), messages=messages)
sys.stdout.flush()
