"""Amazon S3: GetObject, in path style, of objects that tests put there; who may read them is decided here.

S3 does not tell who may not list a bucket whether an object is there. Its errors are an <Error> of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import unquote
from xml.sax.saxutils import escape

from .context import Context
from .wire import AwsError, Request, Response


@dataclass
class Bucket:
    account: str
    region: str
    objects: dict[str, bytes] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)  # customer managed keys, by object


class S3:
    def __init__(self) -> None:
        self._buckets: dict[str, Bucket] = {}

    def reset(self) -> None:
        self._buckets.clear()

    def create(self, account: str, region: str, bucket: str) -> None:
        self._buckets.setdefault(bucket, Bucket(account, region))

    def put(self, account: str, region: str, bucket: str, key: str, body: bytes | str, kms_key: str = "") -> None:
        """With `kms_key`, its ARN, whoever reads the object must be allowed to decrypt with that."""
        self.create(account, region, bucket)
        self._buckets[bucket].objects[key] = body.encode() if isinstance(body, str) else body
        self._buckets[bucket].keys[key] = kms_key

    def handle(self, context: Context) -> Response:
        request = context.request
        if request.header("x-amz-content-sha256") is None:
            raise AwsError("InvalidRequest", "Missing required header for this request: x-amz-content-sha256")
        name, _, key = request.path.removeprefix("/").partition("/")
        name, key = unquote(name, errors="strict"), unquote(key, errors="strict")
        bucket = self._buckets.get(name)
        if bucket is None:
            raise AwsError("NoSuchBucket", "The specified bucket does not exist", 404)
        if bucket.region != context.region:
            raise AwsError("PermanentRedirect", "The bucket you are attempting to access must be addressed using the "
                           "specified endpoint. Please send all future requests to this endpoint.", 301)
        arn = f"arn:aws:s3:::{name}/{key}"
        context.authorize("s3:GetObject", arn, None, None, bucket.account)
        if key not in bucket.objects:
            context.authorize("s3:ListBucket", f"arn:aws:s3:::{name}", None, None, bucket.account)
            raise AwsError("NoSuchKey", "The specified key does not exist.", 404)
        if bucket.keys[key]:
            context.authorize("kms:Decrypt", bucket.keys[key], {
                "kms:viaservice": f"s3.{context.region}.amazonaws.com", "kms:encryptioncontext:aws:s3:arn": arn})
        return Response(200, bucket.objects[key], "application/octet-stream")


def operation_of(request: Request) -> str:
    _, _, key = request.path.removeprefix("/").partition("/")
    if request.method != "GET" or not key or request.query:
        raise AwsError("NotImplemented", "A header you provided implies functionality that is not implemented", 501)
    return "GetObject"


def error(one: AwsError, identifier: str) -> Response:
    status = 403 if one.query_code != one.code else one.status
    body = (f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{escape(one.query_code)}</Code>'
            f"<Message>{escape(one.message)}</Message><RequestId>{identifier}</RequestId><HostId>h</HostId></Error>")
    return Response(status, body.encode(), "application/xml")
