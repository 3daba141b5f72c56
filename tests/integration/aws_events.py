"""The events that AWS itself sends to EventBridge, member for member as its guides show them, and SQS batches of them."""

from __future__ import annotations

import itertools
import json
from datetime import datetime, timedelta, timezone
from typing import Any

from front.ecr import OCI_INDEX, Pushed
from front.seed import DEV, REGION, REGISTRY, REPOSITORY

_numbers = itertools.count(1)
_BEGIN = datetime.now(timezone.utc).replace(microsecond=0) - timedelta(hours=1)


def aws_event(source: str, detail_type: str, account: str, detail: dict[str, Any], resources: list[str] | None = None,
              time: str | None = None, region: str = REGION) -> dict[str, Any]:
    """Each next one is a second later than the one before, unless it says otherwise."""
    number = next(_numbers)
    return {
        "version": "0", "id": f"13cde686-0000-4000-8000-{number:012d}", "detail-type": detail_type, "source": source,
        "account": account, "time": time or (_BEGIN + timedelta(seconds=number)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": region, "resources": resources or [], "detail": detail}


def push(image: Pushed | None, tag: str | None = "latest", repository: str = REPOSITORY, account: str = REGISTRY,
         region: str = REGION, time: str | None = None, **more: str) -> dict[str, Any]:
    """ECR Image Action, as the registry's account forwards it. Amazon ECR User Guide, "Amazon ECR events"."""
    detail = {"result": "SUCCESS", "repository-name": repository, "action-type": "PUSH",
              "image-digest": image.digest if image else "sha256:" + "0" * 64, "manifest-media-type": OCI_INDEX,
              "artifact-media-type": "application/vnd.oci.image.config.v1+json"}
    if tag is not None:
        detail["image-tag"] = tag
    return aws_event("aws.ecr", "ECR Image Action", account, {**detail, **more}, time=time, region=region)


def parameter(name: str, operation: str = "Update", account: str = DEV, time: str | None = None, **more: str) -> dict[str, Any]:
    """AWS Systems Manager User Guide, "Parameter Store events"."""
    arn = f"arn:aws:ssm:{REGION}:{account}:parameter{name}"
    detail = {"operation": operation, "name": name, "type": "SecureString", "description": "", **more}
    return aws_event("aws.ssm", "Parameter Store Change", account, detail, [arn], time)


def object_created(bucket: str, key: str, account: str = DEV, time: str | None = None) -> dict[str, Any]:
    """Amazon S3 User Guide, "EventBridge event message structure"."""
    detail = {"version": "0", "bucket": {"name": bucket}, "request-id": "N4N7GDK58NMKJ12R", "requester": account,
              "object": {"key": key, "size": 5, "etag": "b1946ac92492d2347c6235b4d2611184", "sequencer": "00617F08299329D189"},
              "source-ip-address": "192.0.2.3", "reason": "PutObject"}
    return aws_event("aws.s3", "Object Created", account, detail, [f"arn:aws:s3:::{bucket}"], time)


def object_written(bucket: str, key: str, account: str = DEV, time: str | None = None, call: str = "PutObject",
                   **more: str) -> dict[str, Any]:
    """The same by way of CloudTrail. AWS CloudTrail User Guide, "CloudTrail record contents"."""
    detail = {"eventVersion": "1.09", "eventSource": "s3.amazonaws.com", "eventName": call, "awsRegion": REGION,
              "eventTime": "2026-05-01T10:00:00Z", "userIdentity": {"type": "AssumedRole", "accountId": account},
              "requestParameters": {"bucketName": bucket, "key": key, "Host": f"{bucket}.s3.amazonaws.com"},
              "responseElements": {"x-amz-version-id": "1"}, "readOnly": False, "eventType": "AwsApiCall", **more}
    return aws_event("aws.s3", "AWS API Call via CloudTrail", account, detail, [], time)


def batch(events: list[Any]) -> dict[str, Any]:
    """An SQS batch as Lambda hands it over; a body that is a string is sent as it is."""
    return {"Records": [{
        "messageId": f"059f36b4-0000-4000-8000-{number:012d}", "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a",
        "body": one if isinstance(one, str) else json.dumps(one),
        "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "1545082649183", "SenderId": "AIDAIENQZJOLO23YVJ4VO",
                       "ApproximateFirstReceiveTimestamp": "1545082649185"},
        "messageAttributes": {}, "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3", "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:{REGION}:{DEV}:slipway-restarts", "awsRegion": REGION}
        for number, one in enumerate(events)]}


def message_id(number: int) -> str:
    return f"059f36b4-0000-4000-8000-{number:012d}"
