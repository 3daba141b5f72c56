"""Amazon ECR: a registry per account and region, kept by moto; across accounts by the repository's policy.

moto's images all have the digest of the empty string unless they are pushed with one, are gone when their last tag
moves to another image, and are only there for callers of their own account; all of it is mended here.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .context import Context
from .iam import Principal, decide, principal_context
from .moto_bridge import Moto
from .wire import AwsError, Response, json_response

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"


@dataclass(frozen=True)
class Pushed:
    """An image that was pushed: its digest is the sha256 of `manifest`."""

    digest: str
    manifest: str
    media_type: str


class Ecr:
    def __init__(self, moto: Moto) -> None:
        self._moto = moto
        self._archived: set[str] = set()

    def reset(self) -> None:
        self._archived.clear()

    # What tests and the seed do.

    def create(self, account: str, region: str, repository: str) -> None:
        self._moto.json("ecr", "CreateRepository", {"repositoryName": repository}, account, region)

    def set_policy(self, account: str, region: str, repository: str, statements: list[dict[str, Any]] | None) -> None:
        """None takes the policy away."""
        name = {"repositoryName": repository}
        if statements is None:
            self._moto.json("ecr", "DeleteRepositoryPolicy", name, account, region)
            return
        text = json.dumps({"Version": "2012-10-17", "Statement": statements})
        self._moto.json("ecr", "SetRepositoryPolicy", {**name, "policyText": text}, account, region)

    def push(self, account: str, region: str, repository: str, tags: Sequence[str], content: str,
             platforms: Sequence[str] = (), pushed_at: float | None = None) -> Pushed:
        """Pushes an image made of `content`; with platforms ("linux/amd64") an index of one image each."""
        image = _index(content, platforms) if platforms else _manifest(content, "linux/amd64")
        for tag in tags:
            self._put(account, region, repository, image, tag)
        if not tags:
            self._put(account, region, repository, image, None)
        if pushed_at is not None:
            self._backend_image(account, region, repository, image.digest).image_pushed_at = pushed_at
        return image

    def archive(self, image: Pushed) -> None:
        self._archived.add(image.digest)

    def find_image(self, account: str, region: str, repository: str, digest: str | None, tag: str | None) -> tuple[str, str] | None:
        """(digest, media type) of the image, if there is one: what a service that pulls it finds."""
        wanted: dict[str, str | None] = {"imageDigest": digest} if digest else {"imageTag": tag}
        try:
            answer = self._moto.json("ecr", "BatchGetImage", {"repositoryName": repository, "imageIds": [wanted]}, account, region)
        except AwsError:
            return None
        if not answer["images"]:
            return None
        image = answer["images"][0]
        media_type = json.loads(image["imageManifest"])["mediaType"]
        return image["imageId"]["imageDigest"], media_type

    def admits(self, owner: str, region: str, repository: str, who: Principal, action: str) -> bool:
        """Whether the repository's policy lets a caller of another account do it."""
        return decide(self._policy(owner, region, repository), who, action, None, principal_context(who), identity=False) == "allow"

    def _put(self, account: str, region: str, repository: str, image: Pushed, tag: str | None) -> None:
        body = {"repositoryName": repository, "imageManifest": image.manifest, "imageDigest": image.digest,
                "imageManifestMediaType": image.media_type}
        self._release(account, region, repository, image, tag)
        self._moto.json("ecr", "PutImage", {**body, "imageTag": tag} if tag else body, account, region)

    @staticmethod
    def _release(account: str, region: str, repository: str, image: Pushed, tag: str | None) -> None:
        """The image that had the tag is without it from now on; moto would delete that image."""
        from moto.backends import get_backend

        found: Any = get_backend("ecr")[account][region].repositories.get(repository)
        for other in found.images if found and tag else ():
            if tag in other.image_tags and other.image_digest != image.digest:
                other.image_tags.remove(tag)
                other.image_tag = other.image_tags[-1] if other.image_tags else None

    @staticmethod
    def _backend_image(account: str, region: str, repository: str, digest: str) -> Any:
        from moto.backends import get_backend

        images = get_backend("ecr")[account][region].repositories[repository].images
        return next(image for image in images if image.image_digest == digest)

    # What the API does.

    def handle(self, context: Context) -> Response:
        body = context.body
        owner = body.get("registryId", context.who.account)
        if context.operation == "DescribeRepositories" and body.get("repositoryNames"):
            for name in body["repositoryNames"]:
                self._authorize(context, owner, name)
            return json_response(self._forward(context, owner))
        if "repositoryName" not in body:
            context.authorize(f"ecr:{context.operation}", "*")
            return json_response(self._forward(context, owner))
        self._authorize(context, owner, body["repositoryName"])
        if body.get("imageIds"):
            _check_image_ids(body)
        answer = self._forward(context, owner)
        if context.operation == "DescribeImages":
            for detail in answer["imageDetails"]:
                detail["imageStatus"] = "ARCHIVED" if detail["imageDigest"] in self._archived else "ACTIVE"
                detail["artifactMediaType"] = "application/vnd.oci.image.config.v1+json"
        if context.operation == "BatchGetImage":
            _name_requested_tags(body["imageIds"], answer["images"])
        return json_response(answer)

    def _forward(self, context: Context, owner: str) -> Any:
        return self._moto.json("ecr", context.operation, context.request.body, owner, context.region)

    def _authorize(self, context: Context, owner: str, repository: str) -> None:
        resource = f"arn:aws:ecr:{context.region}:{owner}:repository/{repository}"
        policy = self._policy(owner, context.region, repository)
        context.authorize(f"ecr:{context.operation}", resource, resource_policy=policy, owner=owner)

    def _policy(self, owner: str, region: str, repository: str) -> list[dict[str, Any]]:
        try:
            answer = self._moto.json("ecr", "GetRepositoryPolicy", {"repositoryName": repository}, owner, region)
        except AwsError as error:
            if error.code == "RepositoryPolicyNotFoundException":
                return []
            raise
        statements = json.loads(answer["policyText"])["Statement"]
        return statements if isinstance(statements, list) else [statements]


def _check_image_ids(body: dict[str, Any]) -> None:
    for beside in ("maxResults", "nextToken"):
        if beside in body:
            raise AwsError("InvalidParameterException", f"Invalid parameter at '{beside}' failed to satisfy constraint: "
                                                        "'must not be set when imageIds is set'")
    if any(not image for image in body["imageIds"]):
        raise AwsError("InvalidParameterException", "Invalid parameter at 'imageIds' failed to satisfy constraint: "
                                                    "'an image needs a tag or a digest'")


def _name_requested_tags(asked: list[dict[str, str]], images: list[dict[str, Any]]) -> None:
    # moto names the image's last tag; AWS the one that was asked for.
    for wanted, image in zip(asked, images):
        image["imageId"].pop("imageTag", None)
        if "imageTag" in wanted:
            image["imageId"]["imageTag"] = wanted["imageTag"]


def digest_of(text: str) -> str:
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def _manifest(content: str, platform: str) -> Pushed:
    config = digest_of(f"config of {content} for {platform}")
    layer = digest_of(f"layer of {content} for {platform}")
    text = json.dumps({
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": config, "size": 1470},
        "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": layer, "size": 3208942}],
    }, indent=2)
    return Pushed(digest_of(text), text, OCI_MANIFEST)


def _index(content: str, platforms: Sequence[str]) -> Pushed:
    entries = []
    for platform in platforms:
        os, architecture, *variant = platform.split("/")
        image = _manifest(content, platform)
        described = {"architecture": architecture, "os": os, **({"variant": variant[0]} if variant else {})}
        entries.append({"mediaType": OCI_MANIFEST, "digest": image.digest, "size": len(image.manifest),
                        "platform": described})
    # buildx adds an attestation of its own for no platform at all.
    attestation = _manifest(content, "unknown/unknown")
    entries.append({"mediaType": OCI_MANIFEST, "digest": attestation.digest, "size": len(attestation.manifest),
                    "annotations": {"vnd.docker.reference.type": "attestation-manifest"},
                    "platform": {"architecture": "unknown", "os": "unknown"}})
    text = json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries}, indent=2)
    return Pushed(digest_of(text), text, OCI_INDEX)
