"""What the chains share. Clients find the sandbox by AWS_ENDPOINT_URL, and get nothing else that says it is none of AWS's."""

import io
import json
import time
import zipfile

import boto3
from botocore.exceptions import ClientError

ACCOUNT = "000000000000"
CREATED = ["s3:ObjectCreated:*"]
PRINT_EVENT = "import json\n\ndef handler(event, context):\n    print(json.dumps(event))\n"


def refusal(call, **arguments):
    """What AWS answers to a call that it refuses: `response['Error']`, with the HTTP status."""
    try:
        call(**arguments)
    except ClientError as error:
        return {**error.response["Error"], "status": error.response["ResponseMetadata"]["HTTPStatusCode"]}
    raise SystemExit("the call was not refused")


def until(look):
    """Looks until there is something to see."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        seen = look()
        if seen:
            return seen
        time.sleep(0.02)
    raise SystemExit("nothing came")


def allow(service, action, resource, source_arn):
    """The least resource-based policy: one service, for one source."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": action,
        "Resource": resource,
        "Condition": {"ArnEquals": {"aws:SourceArn": source_arn}, "StringEquals": {"aws:SourceAccount": ACCOUNT}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def make_queue(name, policy_of=None):
    """A queue's URL and ARN. `policy_of` makes the policy from the ARN."""
    sqs = boto3.client("sqs")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    if policy_of:
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy_of(arn)})
    return url, arn


def receive(url):
    """The body of the next message, which is deleted; long polling waits for it."""
    sqs = boto3.client("sqs")
    message = until(lambda: sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20).get("Messages"))[0]
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return json.loads(message["Body"])


def left_in(url):
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    attributes = boto3.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return sum(int(value) for value in attributes.values())


def make_function(name, code=PRINT_EVENT):
    """ARN of a Python function with a role of its own."""
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    iam = boto3.client("iam")
    role = iam.create_role(
        RoleName=name + "-role",
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
    )["Role"]
    iam.attach_role_policy(
        RoleName=name + "-role", PolicyArn="arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
    )
    iam.get_waiter("role_exists").wait(RoleName=name + "-role")
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("app.py", code)
    functions = boto3.client("lambda")
    arn = functions.create_function(
        FunctionName=name,
        Runtime="python3.13",
        Handler="app.handler",
        Role=role["Arn"],
        Code={"ZipFile": package.getvalue()},
        Publish=False,
    )["FunctionArn"]
    functions.get_waiter("function_active_v2").wait(FunctionName=name)
    return arn


def printed_events(name, text):
    """The events that a function made of PRINT_EVENT has printed, once there is one with that text."""
    logs = boto3.client("logs")

    def look():
        try:
            pages = logs.get_paginator("filter_log_events").paginate(
                logGroupName="/aws/lambda/" + name, filterPattern='?"Records" ?"detail-type"'
            )
            messages = [event["message"] for page in pages for event in page["events"]]
        except logs.exceptions.ResourceNotFoundException:
            return []
        return any(text in message for message in messages) and [json.loads(message) for message in messages]

    return until(look)


def show(**result):
    print(json.dumps(result, default=str))
