"""A picture uploaded to a bucket runs a function that prints the event."""

import sys

import boto3
from common import CREATED, make_function, printed_events, refusal, show

BUCKET, FUNCTION = "demo-02-events-lambda", "Demo-S3-boto3"
s3, functions, logs = boto3.client("s3"), boto3.client("lambda"), boto3.client("logs")

s3.create_bucket(Bucket=BUCKET)
s3.get_waiter("bucket_exists").wait(Bucket=BUCKET)
arn = make_function(FUNCTION)
configuration = {
    "LambdaFunctionConfigurations": [{"Id": "Invoke-Lambda-NewObjects", "LambdaFunctionArn": arn, "Events": CREATED}]
}
put = {"Bucket": BUCKET, "NotificationConfiguration": configuration}
refused = refusal(s3.put_bucket_notification_configuration, **put)
functions.add_permission(
    FunctionName=FUNCTION,
    StatementId="s3",
    Action="lambda:InvokeFunction",
    Principal="s3.amazonaws.com",
    SourceArn="arn:aws:s3:::" + BUCKET,
    SourceAccount="000000000000",
)
s3.put_bucket_notification_configuration(**put)
stored = s3.get_bucket_notification_configuration(Bucket=BUCKET)
stored.pop("ResponseMetadata")

with open(sys.argv[1], "rb") as picture:
    uploaded = s3.put_object(Bucket=BUCKET, Key="beach.jpeg", Body=picture, ContentType="image/jpeg")
events = printed_events(FUNCTION, "beach.jpeg")
streams = logs.describe_log_streams(logGroupName="/aws/lambda/" + FUNCTION)["logStreams"]
lines = logs.get_log_events(
    logGroupName="/aws/lambda/" + FUNCTION, logStreamName=streams[0]["logStreamName"], startFromHead=True
)["events"]
show(
    arn=arn,
    refused=refused,
    stored=stored,
    requestId=uploaded["ResponseMetadata"]["RequestId"],
    etag=uploaded["ETag"],
    events=events,
    lines=[line["message"] for line in lines],
)
