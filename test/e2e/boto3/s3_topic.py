"""S3 -> SNS -> SQS (as it comes, raw, and by a filter policy on the body) and -> Lambda."""

import boto3
from common import ACCOUNT, CREATED, allow, left_in, make_function, make_queue, printed_events, receive, refusal, show

BUCKET = "boto3-to-topic"
s3, sns, sqs, functions = (boto3.client(name) for name in ("s3", "sns", "sqs", "lambda"))

s3.create_bucket(Bucket=BUCKET)
topic = sns.create_topic(Name="boto3-news")["TopicArn"]
configuration = {"TopicConfigurations": [{"Id": "new", "TopicArn": topic, "Events": CREATED}]}
put = {"Bucket": BUCKET, "NotificationConfiguration": configuration}
# The policy that a new topic has admits its owner only.
refused = refusal(s3.put_bucket_notification_configuration, **put)
policy = allow("s3.amazonaws.com", "sns:Publish", topic, "arn:aws:s3:::" + BUCKET)
sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)

admit = lambda arn: allow("sns.amazonaws.com", "sqs:SendMessage", arn, topic)
plain, raw, filtered = (make_queue("boto3-" + name, admit) for name in ("wrapped", "raw", "filtered"))
shut = make_queue("boto3-shut")
sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=plain[1])
sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=raw[1], Attributes={"RawMessageDelivery": "true"})
sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=shut[1], Attributes={"RawMessageDelivery": "true"})
subscription = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=filtered[1], ReturnSubscriptionArn=True)["SubscriptionArn"]
sns.set_subscription_attributes(
    SubscriptionArn=subscription, AttributeName="FilterPolicyScope", AttributeValue="MessageBody"
)
sns.set_subscription_attributes(
    SubscriptionArn=subscription,
    AttributeName="FilterPolicy",
    AttributeValue='{"Records":{"s3":{"object":{"key":[{"prefix":"wanted/"}]}}}}',
)
function = make_function("boto3-reader")
functions.add_permission(
    FunctionName="boto3-reader",
    StatementId="sns",
    Action="lambda:InvokeFunction",
    Principal="sns.amazonaws.com",
    SourceArn=topic,
)
sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=function)
subscriptions = [
    subscription["Protocol"]
    for page in sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=topic)
    for subscription in page["Subscriptions"]
]

s3.put_bucket_notification_configuration(**put)
test_event = receive(plain[0])
raw_test_event = receive(raw[0])
s3.put_object(Bucket=BUCKET, Key="other/1.txt", Body=b"1")
wrapped, bare = receive(plain[0]), receive(raw[0])
invoked = printed_events("boto3-reader", "other/1.txt")
# A queue that does not admit the topic gets nothing; once it does, it gets what comes from then on.
sqs.set_queue_attributes(QueueUrl=shut[0], Attributes={"Policy": admit(shut[1])})
s3.put_object(Bucket=BUCKET, Key="wanted/2.txt", Body=b"2")
show(
    topic=topic,
    account=ACCOUNT,
    refused=refused,
    subscriptions=sorted(subscriptions),
    testEvent=test_event,
    rawTestEvent=raw_test_event,
    wrapped=wrapped,
    raw=bare,
    invoked=invoked,
    filtered=receive(filtered[0]),
    filteredLeft=left_in(filtered[0]),
    afterwards=receive(shut[0]),
    shutLeft=left_in(shut[0]),
)
