"""Which event each way of writing an object gives, and what lists and waiters make of the objects."""

import io
import json
import urllib.error
import urllib.request

import boto3
from botocore.config import Config
from common import CREATED, allow, make_queue, receive, refusal, show

BUCKET = "boto3-uploads"
s3 = boto3.client("s3")

s3.create_bucket(Bucket=BUCKET)
admit = lambda arn: allow("s3.amazonaws.com", "sqs:SendMessage", arn, "arn:aws:s3:::" + BUCKET)
url, arn = make_queue("boto3-uploads", admit)
every = ["s3:ObjectCreated:*", "s3:ObjectRemoved:*", "s3:ObjectTagging:*", "s3:ObjectAcl:Put"]
s3.put_bucket_notification_configuration(
    Bucket=BUCKET, NotificationConfiguration={"QueueConfigurations": [{"QueueArn": arn, "Events": every}]}
)
assert receive(url)["Event"] == "s3:TestEvent"


def record_of(write):
    write()
    (record,) = receive(url)["Records"]
    return {"name": record["eventName"], "object": record["s3"]["object"]}


def send_form(post, data):
    """Sends a presigned POST as a browser's form does. Status and body."""
    boundary = "form-boundary"
    parts = [
        '--%s\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (boundary, name, value)
        for name, value in post["fields"].items()
    ]
    file = '--%s\r\nContent-Disposition: form-data; name="file"; filename="f.txt"\r\n\r\n' % boundary
    body = ("".join(parts) + file).encode() + data + ("\r\n--%s--\r\n" % boundary).encode()
    headers = {"Content-Type": "multipart/form-data; boundary=" + boundary}
    try:
        with urllib.request.urlopen(urllib.request.Request(post["url"], body, headers)) as answer:
            return {"status": answer.status, "body": answer.read().decode()}
    except urllib.error.HTTPError as error:
        return {"status": error.code, "body": error.read().decode()}


def presigned_post(key, **arguments):
    client = boto3.client("s3", config=Config(signature_version="s3v4"))
    return client.generate_presigned_post(Bucket=BUCKET, Key=key, **arguments)


def presigned_put(key, data):
    url = s3.generate_presigned_url("put_object", Params={"Bucket": BUCKET, "Key": key})
    urllib.request.urlopen(urllib.request.Request(url, data, method="PUT")).close()


answers = {}


def post_form():
    # Conditions as the form has them: S3 refuses a form whose fields the policy does not name.
    post = presigned_post(
        "forms/${filename}",
        Fields={"success_action_status": "201"},
        Conditions=[{"success_action_status": "201"}, ["content-length-range", 1, 10]],
    )
    answers["tooLarge"] = send_form(post, b"x" * 11)
    answers["posted"] = send_form(post, b"form")


big = b"x" * (9 * 1024 * 1024)
records = {
    "put": record_of(lambda: s3.put_object(Bucket=BUCKET, Key="small", Body=b"small")),
    "fileobjSmall": record_of(lambda: s3.upload_fileobj(io.BytesIO(b"12"), BUCKET, "a/1")),
    "fileobjBig": record_of(lambda: s3.upload_fileobj(io.BytesIO(big), BUCKET, "big")),
    "copy": record_of(lambda: s3.copy({"Bucket": BUCKET, "Key": "small"}, BUCKET, "a/2")),
    "copyBig": record_of(lambda: s3.copy({"Bucket": BUCKET, "Key": "big"}, BUCKET, "big-2")),
    "post": record_of(post_form),
    "presignedPut": record_of(lambda: presigned_put("forms/put", b"put")),
    "tags": record_of(
        lambda: s3.put_object_tagging(Bucket=BUCKET, Key="small", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    ),
    "untag": record_of(lambda: s3.delete_object_tagging(Bucket=BUCKET, Key="small")),
    "delete": record_of(lambda: s3.delete_object(Bucket=BUCKET, Key="a/2")),
}
s3.get_waiter("object_exists").wait(Bucket=BUCKET, Key="big")
s3.get_waiter("object_not_exists").wait(Bucket=BUCKET, Key="a/2")
downloaded = io.BytesIO()
s3.download_fileobj(BUCKET, "big", downloaded)
pages = s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, PaginationConfig={"PageSize": 2})
show(
    records=records,
    answers=answers,
    sameBytes=downloaded.getvalue() == big,
    pages=[[entry["Key"] for entry in page["Contents"]] for page in pages],
    noSuchKey=refusal(s3.get_object, Bucket=BUCKET, Key="none"),
    noSuchBucket=refusal(s3.get_bucket_notification_configuration, Bucket="boto3-none"),
    headMissing=refusal(s3.head_object, Bucket=BUCKET, Key="none"),
    badFilter=refusal(
        s3.put_bucket_notification_configuration,
        Bucket=BUCKET,
        NotificationConfiguration={
            "QueueConfigurations": [
                {
                    "QueueArn": arn,
                    "Events": CREATED,
                    "Filter": {"Key": {"FilterRules": [{"Name": "infix", "Value": "x"}]}},
                }
            ]
        },
    ),
)
