"""S3 -> EventBridge -> SQS, Lambda and CloudWatch Logs. S3 needs no permission for it; each target does."""

import json

import boto3
from common import allow, left_in, make_function, make_queue, printed_events, receive, refusal, show, until

BUCKET = "boto3-to-bus"
s3, events, functions, logs, sqs = (boto3.client(name) for name in ("s3", "events", "lambda", "logs", "sqs"))

s3.create_bucket(Bucket=BUCKET)
s3.put_bucket_notification_configuration(Bucket=BUCKET, NotificationConfiguration={"EventBridgeConfiguration": {}})
stored = s3.get_bucket_notification_configuration(Bucket=BUCKET).get("EventBridgeConfiguration")
pattern = {"source": ["aws.s3"], "detail-type": ["Object Created"], "detail": {"bucket": {"name": [BUCKET]}}}
rule = events.put_rule(Name="boto3-new", EventPattern=json.dumps(pattern))["RuleArn"]
admit = lambda arn: allow("events.amazonaws.com", "sqs:SendMessage", arn, rule)
opened, shut = make_queue("boto3-bus", admit), make_queue("boto3-bus-shut")
function, closed = make_function("boto3-bus-reader"), make_function("boto3-bus-closed")
grant = {
    "StatementId": "bus",
    "Action": "lambda:InvokeFunction",
    "Principal": "events.amazonaws.com",
    "SourceArn": rule,
}
functions.add_permission(FunctionName="boto3-bus-reader", **grant)
logs.create_log_group(logGroupName="/aws/events/boto3")
targets = {
    "queue": opened[1],
    "shut": shut[1],
    "function": function,
    "closed": closed,
    "log": "arn:aws:logs:us-east-1:000000000000:log-group:/aws/events/boto3",
}
failed = [
    events.put_targets(Rule="boto3-new", Targets=[{"Id": id, "Arn": arn}])["FailedEntryCount"]
    for id, arn in targets.items()
]
listed = [
    target["Id"]
    for page in events.get_paginator("list_targets_by_rule").paginate(Rule="boto3-new", PaginationConfig={"PageSize": 2})
    for target in page["Targets"]
]
sixth = refusal(events.put_targets, Rule="boto3-new", Targets=[{"Id": "sixth", "Arn": function}])
in_use = refusal(events.delete_rule, Name="boto3-new")

s3.put_object(Bucket=BUCKET, Key="in/ä b+c.txt", Body=b"hello")
event = receive(opened[0])
invoked = printed_events("boto3-bus-reader", "c.txt")

# Targets that did not admit the rule got nothing; with the policy they get what comes from then on.
sqs.set_queue_attributes(QueueUrl=shut[0], Attributes={"Policy": admit(shut[1])})
functions.add_permission(FunctionName="boto3-bus-closed", **grant)
trust = {
    "Effect": "Allow",
    "Principal": {"Service": ["events.amazonaws.com", "delivery.logs.amazonaws.com"]},
    "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
    "Resource": targets["log"] + ":*",
}
logs.put_resource_policy(
    policyName="boto3-events",
    policyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
)
s3.put_object(Bucket=BUCKET, Key="second", Body=b"hello")
lines = until(lambda: logs.filter_log_events(logGroupName="/aws/events/boto3")["events"])
show(
    stored=stored,
    rule=rule,
    failed=failed,
    listed=sorted(listed),
    sixth=sixth,
    inUse=in_use,
    event=event,
    invoked=invoked,
    logged=[json.loads(line["message"]) for line in lines],
    shut=receive(shut[0]),
    shutLeft=left_in(shut[0]),
    closed=printed_events("boto3-bus-closed", "second"),
)
