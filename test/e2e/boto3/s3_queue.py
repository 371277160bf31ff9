"""S3 -> SQS: refused without a policy of the queue, then delivered, test event first."""

import boto3
from common import CREATED, allow, left_in, make_queue, receive, refusal, show

BUCKET = "boto3-to-queue"
s3, sqs = boto3.client("s3"), boto3.client("sqs")

s3.create_bucket(Bucket=BUCKET)
url, arn = make_queue("boto3-plain")
configuration = {"QueueConfigurations": [{"Id": "new", "QueueArn": arn, "Events": CREATED}]}
put = {"Bucket": BUCKET, "NotificationConfiguration": configuration}
refused = refusal(s3.put_bucket_notification_configuration, **put)
missing = refusal(
    s3.put_bucket_notification_configuration,
    Bucket=BUCKET,
    NotificationConfiguration={"QueueConfigurations": [{"QueueArn": arn + "-none", "Events": CREATED}]},
)
policy = allow("s3.amazonaws.com", "sqs:SendMessage", arn, "arn:aws:s3:::" + BUCKET)
sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
s3.put_bucket_notification_configuration(**put)
test_event = receive(url)
s3.put_object(Bucket=BUCKET, Key="in/ä b+c.txt", Body=b"hello")
event = receive(url)
show(arn=arn, refused=refused, missing=missing, testEvent=test_event, event=event, left=left_in(url))
