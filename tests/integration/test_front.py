"""The front itself, with boto3 as the client: what AWS refuses it refuses, in AWS's words."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from http.client import HTTPConnection
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError, ConnectionClosedError, HTTPClientError

from front import Front, Gate, faults, round_trips
from front.seed import (
    ACCESS_KEY,
    CLUSTER,
    PROD,
    REGION,
    REGISTRY,
    REGISTRY_ROLE,
    REPOSITORY,
    SECRET_KEY,
    SERVICE,
    SESSION_TOKEN,
    STRANGER,
    World,
    organization_policy,
    principal_policy,
    task_definition_text,
)

Make = Callable[..., Any]


@pytest.fixture
def function(client: Make) -> Callable[[str], Any]:
    """boto3 clients with the credentials of slipway's function."""
    return lambda service, **more: client(service, key=ACCESS_KEY, secret=SECRET_KEY, token=SESSION_TOKEN, **more)


def refusal(action: Callable[..., Any], **arguments: Any) -> tuple[str, str, int]:
    with pytest.raises(ClientError) as caught:
        action(**arguments)
    response = caught.value.response
    return response["Error"]["Code"], response["Error"]["Message"], response["ResponseMetadata"]["HTTPStatusCode"]


def image_of(tag: str) -> dict[str, Any]:
    return {"registryId": REGISTRY, "repositoryName": REPOSITORY, "imageIds": [{"imageTag": tag}]}


# Signatures


def signed(service: str = "ecs", region: str = REGION, key: str = ACCESS_KEY, secret: str = SECRET_KEY,
           token: str | None = SESSION_TOKEN, target: str = "AmazonEC2ContainerServiceV20141113.DescribeTaskDefinition",
           content_type: str = "application/x-amz-json-1.1", body: bytes = b'{"taskDefinition":"x"}') -> dict[str, str]:
    """The headers of a request as botocore signs it."""
    request = AWSRequest("POST", "http://front/", data=body,
                         headers={"Content-Type": content_type, "X-Amz-Target": target, "Host": "front"})
    SigV4Auth(Credentials(key, secret, token), service, region).add_auth(request)
    return {**dict(request.headers.items()), "User-Agent": "test"}


def send(front: Front, headers: dict[str, str], body: bytes = b'{"taskDefinition":"x"}') -> tuple[int, str, str]:
    connection = HTTPConnection("127.0.0.1", front.server.port, timeout=5)
    connection.putrequest("POST", "/", skip_host=True, skip_accept_encoding=True)
    for name, value in {**headers, "Content-Length": str(len(body))}.items():
        connection.putheader(name, value)
    connection.endheaders(body)
    response = connection.getresponse()
    answer = json.loads(response.read())
    connection.close()
    return response.status, answer.get("__type", ""), answer.get("message", "")


def test_a_request_that_botocore_signs_is_let_in(front: Front, world: World) -> None:
    assert send(front, signed()) == (400, "ClientException", "Unable to describe task definition.")


@pytest.mark.parametrize("wrong, code, words", [
    ({"secret": "another"}, "InvalidSignatureException", "does not match the signature you provided"),
    ({"key": "ASIAUNKNOWN"}, "UnrecognizedClientException", "security token included in the request is invalid"),
    ({"token": None}, "UnrecognizedClientException", "security token included in the request is invalid"),
    ({"token": "another"}, "UnrecognizedClientException", "security token included in the request is invalid"),
    ({"service": "ecr"}, "InvalidSignatureException", "scoped to correct service: 'ecs'"),
    ({"region": "us-nowhere-1"}, "InvalidSignatureException", "scoped to a valid region"),
    ({"content_type": "application/json"}, "UnknownOperationException", "Content-Type"),
    ({"target": "AmazonEC2ContainerServiceV20141113.Describe"}, "UnknownOperationException", "no operation"),
])
def test_a_wrong_signature_scope_or_header_is_refused(front: Front, world: World, wrong: dict[str, Any], code: str,
                                                      words: str) -> None:
    status, got, message = send(front, signed(**wrong))
    assert (got, words in message) == (code, True), message
    assert status in (400, 404)


def test_a_header_changed_after_signing_is_refused(front: Front, world: World) -> None:
    headers = {**signed(), "X-Amz-Target": "AmazonEC2ContainerServiceV20141113.ListServices"}
    assert send(front, headers)[1] == "InvalidSignatureException"


def test_a_body_changed_after_signing_is_refused(front: Front, world: World) -> None:
    assert send(front, signed(), b'{"taskDefinition":"y"}')[1] == "InvalidSignatureException"


@pytest.mark.parametrize("header", ["x-amz-security-token", "x-amz-target", "content-type", "host"])
def test_what_must_be_signed_must_be_signed(front: Front, world: World, header: str) -> None:
    headers = signed()
    listed = headers["Authorization"].split("SignedHeaders=")[1].split(",")[0]
    fewer = ";".join(name for name in listed.split(";") if name != header)
    assert fewer != listed
    headers["Authorization"] = headers["Authorization"].replace(listed, fewer)
    code, message = send(front, headers)[1:]
    assert code == "InvalidSignatureException" and "must be a 'SignedHeader'" in message


def test_no_authorization_and_no_user_agent_are_refused(front: Front, world: World) -> None:
    headers = signed()
    assert send(front, {key: value for key, value in headers.items() if key != "User-Agent"})[2] == "User-Agent is missing"
    assert send(front, {"Host": "front"})[1] == "MissingAuthenticationTokenException"
    assert send(front, {**headers, "Authorization": "AWS4-HMAC-SHA256 nonsense"})[1] == "IncompleteSignatureException"


@pytest.mark.parametrize("ahead, words", [(301 + 5, "Signature expired"), (-301 - 5, "Signature not yet current")])
def test_a_clock_five_minutes_off_is_refused(front: Front, world: World, ahead: float, words: str) -> None:
    front.clock.ahead_seconds = ahead
    code, message = send(front, signed())[1:]
    assert code == "InvalidSignatureException" and words in message
    front.clock.ahead_seconds = ahead * 0.9
    assert send(front, signed())[1] == "ClientException"


def test_expired_credentials_have_their_own_code(front: Front, world: World, function: Make) -> None:
    front.iam.keys[ACCESS_KEY].expires_at = front.clock.now() - 1
    code, _, _ = refusal(function("ecs").describe_task_definition, taskDefinition=SERVICE)
    assert code == "ExpiredTokenException"
    code, _, status = refusal(function("sts").get_caller_identity)
    assert (code, status) == ("ExpiredToken", 403)


# Registry


def test_images_have_their_manifests_digest(world: World, function: Make) -> None:
    detail = function("ecr").describe_images(**image_of("git-abc123f"))["imageDetails"][0]
    assert detail["imageDigest"] == world.images["git-abc123f"].digest
    assert sorted(detail["imageTags"]) == ["git-abc123f", "latest"]
    image = function("ecr").batch_get_image(**image_of("git-abc123f"))["images"][0]
    assert image["imageManifest"] == world.images["git-abc123f"].manifest
    assert image["imageId"] == {"imageTag": "git-abc123f", "imageDigest": detail["imageDigest"]}


def test_a_tag_moves(world: World, function: Make) -> None:
    only = world.push("only", content="older")
    for tag in ("latest", "only"):
        moved = world.push(tag, content="newer")
        assert function("ecr").describe_images(**image_of(tag))["imageDetails"][0]["imageDigest"] == moved.digest
    by_digest = {**image_of("x"), "imageIds": [{"imageDigest": only.digest}]}
    left = function("ecr").describe_images(**by_digest)["imageDetails"][0]
    assert left["imageDigest"] == only.digest and not left.get("imageTags"), "it is there, without a tag"
    assert function("ecr").batch_get_image(**by_digest)["images"][0]["imageManifest"] == only.manifest


def test_missing_images_and_repositories(world: World, function: Make) -> None:
    ecr = function("ecr")
    assert refusal(ecr.describe_images, **image_of("nope"))[0] == "ImageNotFoundException"
    assert refusal(ecr.describe_images, **{**image_of("x"), "repositoryName": "myproject_none"})[0] == "RepositoryNotFoundException"
    assert ecr.batch_get_image(**image_of("nope"))["failures"][0]["failureCode"] == "ImageNotFound"


@pytest.mark.parametrize("arguments", [{"imageIds": [{"imageTag": "latest"}], "maxResults": 10}, {"imageIds": [{}]},
                                       {"imageIds": []}, {"unknown": 1}, {"registryId": "1"}])
def test_wrong_parameters_of_describe_images(world: World, function: Make, arguments: dict[str, Any]) -> None:
    body = json.dumps({"registryId": REGISTRY, "repositoryName": REPOSITORY, **arguments}).encode()
    headers = signed("ecr", target="AmazonEC2ContainerRegistry_V20150921.DescribeImages", body=body)
    assert send(world.front, headers, body)[1] == "InvalidParameterException"


POLICIES: list[tuple[str, list[dict[str, Any]] | None, str]] = [
    ("none", None, "no resource-based policy allows"),
    ("organization", organization_policy(), ""),
    ("another organization", organization_policy("o-other00000"), "no resource-based policy allows"),
    ("account root", principal_policy(f"arn:aws:iam::{PROD}:root"), ""),
    ("account id", principal_policy(PROD), ""),
    ("role", principal_policy(f"arn:aws:iam::{PROD}:role/myproject_slipway_prod"), ""),
    ("another role", principal_policy(f"arn:aws:iam::{PROD}:role/other"), "no resource-based policy allows"),
    ("another account", principal_policy(f"arn:aws:iam::{STRANGER}:root"), "no resource-based policy allows"),
    ("pull only", [{**principal_policy(PROD)[0], "Action": "ecr:BatchGetImage"}], "no resource-based policy allows"),
    ("any action", [{**principal_policy(PROD)[0], "Action": "ecr:*"}], ""),
    ("deny", principal_policy(PROD) + [{"Effect": "Deny", "Principal": "*", "Action": "ecr:Describe*"}],
     "with an explicit deny in a resource-based policy"),
    ("deny all but another", organization_policy() + [
        {"Effect": "Deny", "NotPrincipal": {"AWS": f"arn:aws:iam::{PROD}:role/other"}, "Action": "ecr:*"}],
     "with an explicit deny in a resource-based policy"),
    ("deny all but us", organization_policy() + [
        {"Effect": "Deny", "NotPrincipal": {"AWS": f"arn:aws:iam::{PROD}:role/myproject_slipway_prod"}, "Action": "*"}], ""),
]


@pytest.mark.parametrize("policy, words", [row[1:] for row in POLICIES], ids=[row[0] for row in POLICIES])
def test_across_accounts_the_repository_policy_decides(world: World, function: Make, policy: list[dict[str, Any]] | None,
                                                       words: str) -> None:
    world.front.ecr.set_policy(REGISTRY, REGION, REPOSITORY, policy)
    if not words:
        assert function("ecr").describe_images(**image_of("latest"))["imageDetails"]
        return
    code, message, status = refusal(function("ecr").describe_images, **image_of("latest"))
    assert (code, status) == ("AccessDeniedException", 400)
    assert words in message
    assert f"User: arn:aws:sts::{PROD}:assumed-role/myproject_slipway_prod/slipway is not authorized to perform: " \
           f"ecr:DescribeImages on resource: arn:aws:ecr:us-east-1:{REGISTRY}:repository/{REPOSITORY}" in message


def test_the_identity_policy_must_allow_it_too(world: World, function: Make) -> None:
    world.function_role.policy = [one for one in world.function_role.policy if "ecr:DescribeImages" not in one["Action"]]
    code, message, _ = refusal(function("ecr").describe_images, **image_of("latest"))
    assert code == "AccessDeniedException" and "because no identity-based policy allows the ecr:DescribeImages" in message


def test_a_policy_element_that_is_not_understood_is_no_pass(world: World, function: Make) -> None:
    policy = [{**organization_policy()[0], "Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}}]
    world.front.ecr.set_policy(REGISTRY, REGION, REPOSITORY, policy)
    with pytest.raises((HTTPClientError, ConnectionClosedError)):
        function("ecr").describe_images(**image_of("latest"))
    assert "IpAddress" in str(world.front.server.failures.pop())


@pytest.mark.parametrize("condition, allowed", [
    ({"ForAllValues:StringLike": {"aws:TagKeys": "slipway:*"}}, True),
    ({"ForAllValues:StringLike": {"aws:TagKeys": ["slipway:a*", "slipway:c*"]}}, True),
    ({"ForAllValues:StringEquals": {"aws:TagKeys": ["slipway:completed"]}}, False),
    ({"ForAnyValue:StringEquals": {"aws:TagKeys": "slipway:completed"}}, True),
    ({"ForAnyValue:StringEquals": {"aws:TagKeys": "other"}}, False),
    ({"StringEquals": {"aws:RequestTag/slipway:completed": "1"}}, True),
    ({"StringEquals": {"aws:RequestTag/slipway:completed": "2"}}, False),
    ({"ForAllValues:StringEquals": {"aws:CalledVia": "x"}}, True),
    ({"ForAnyValue:StringEquals": {"aws:CalledVia": "x"}}, False),
])
def test_conditions_on_several_values(world: World, function: Make, condition: dict[str, Any], allowed: bool) -> None:
    world.function_role.policy = [{"Effect": "Allow", "Action": "ecs:TagResource", "Resource": "*", "Condition": condition}]
    tags = [{"key": "slipway:completed", "value": "1"}, {"key": "slipway:age", "value": ""}]
    arn = world.revisions()[0].arn
    if allowed:
        function("ecs").tag_resource(resourceArn=arn, tags=tags)
        assert world.revisions()[0].tag("slipway:completed") == "1"
    else:
        assert refusal(function("ecs").tag_resource, resourceArn=arn, tags=tags)[0] == "AccessDeniedException"


# Roles


def test_assume_role_needs_trust_and_permission(world: World, function: Make, client: Make) -> None:
    sts = function("sts")
    got = sts.assume_role(RoleArn=REGISTRY_ROLE, RoleSessionName="slipway")["Credentials"]
    registry = client("ecr", key=got["AccessKeyId"], secret=got["SecretAccessKey"], token=got["SessionToken"])
    world.front.ecr.set_policy(REGISTRY, REGION, REPOSITORY, None)
    assert registry.describe_images(repositoryName=REPOSITORY, imageIds=[{"imageTag": "latest"}])["imageDetails"]
    world.front.clock.ahead_seconds = 3601
    assert refusal(client("sts", PROD).assume_role, RoleArn=REGISTRY_ROLE, RoleSessionName="x1")[2] == 403
    world.front.clock.ahead_seconds = 0
    for arguments in ({"RoleArn": f"arn:aws:iam::{REGISTRY}:role/none", "RoleSessionName": "slipway"},
                      {"RoleArn": f"arn:aws:iam::{STRANGER}:role/none", "RoleSessionName": "slipway"}):
        code, message, status = refusal(sts.assume_role, **arguments)
        assert (code, status) == ("AccessDenied", 403) and "is not authorized to perform: sts:AssumeRole" in message
    assert refusal(sts.assume_role, RoleArn=REGISTRY_ROLE, RoleSessionName="a b")[0] == "ValidationError"
    assert refusal(sts.assume_role, RoleArn=REGISTRY_ROLE, RoleSessionName="ab", DurationSeconds=7200)[0] == "ValidationError"


def test_assumed_credentials_expire(world: World, function: Make, client: Make) -> None:
    got = function("sts").assume_role(RoleArn=REGISTRY_ROLE, RoleSessionName="slipway", DurationSeconds=900)["Credentials"]
    world.front.iam.keys[got["AccessKeyId"]].expires_at = world.front.clock.now() - 1
    registry = client("ecr", key=got["AccessKeyId"], secret=got["SecretAccessKey"], token=got["SessionToken"])
    assert refusal(registry.describe_images, repositoryName=REPOSITORY)[0] == "ExpiredTokenException"


def test_an_external_id_is_compared(world: World, function: Make) -> None:
    role = world.front.iam.roles[REGISTRY_ROLE]
    role.trust = [{**role.trust[0], "Condition": {"StringEquals": {"sts:ExternalId": "secret-word"}}}]
    sts = function("sts")
    assert refusal(sts.assume_role, RoleArn=REGISTRY_ROLE, RoleSessionName="ab")[0] == "AccessDenied"
    assert sts.assume_role(RoleArn=REGISTRY_ROLE, RoleSessionName="ab", ExternalId="secret-word")["Credentials"]


def test_passing_a_role_needs_permission(world: World, function: Make) -> None:
    register = json.loads(task_definition_text())
    world.function_role.policy = [one for one in world.function_role.policy if one["Action"] != "iam:PassRole"]
    code, message, _ = refusal(function("ecs").register_task_definition, **register)
    assert code == "AccessDeniedException"
    assert f"iam:PassRole on resource: arn:aws:iam::{PROD}:role/myproject_task_prod because no identity-based policy" in message
    assert len(world.revisions()) == 1


def test_tags_on_create_need_permission(world: World, function: Make) -> None:
    world.function_role.policy = [one for one in world.function_role.policy if one["Action"] != "ecs:TagResource"]
    code, message, _ = refusal(function("ecs").register_task_definition, **json.loads(task_definition_text()))
    assert code == "AccessDeniedException" and "to perform: ecs:TagResource" in message


# Task definitions


def post(world: World, operation: str, body: str) -> tuple[int, str, str]:
    data = body.encode()
    headers = signed(target=f"AmazonEC2ContainerServiceV20141113.{operation}", body=data)
    return send(world.front, headers, data)


@pytest.mark.parametrize("member, value", [
    ("taskDefinitionArn", "arn:aws:ecs:us-east-1:222222222222:task-definition/x:1"), ("revision", 1), ("status", "ACTIVE"),
    ("requiresAttributes", []), ("compatibilities", ["EC2"]), ("registeredAt", 1.7e9), ("registeredBy", "me"),
    ("deregisteredAt", 1.7e9), ("deleteRequestedAt", 1.7e9), ("somethingNew", 1)])
def test_read_only_and_unknown_members_are_refused(world: World, member: str, value: object) -> None:
    code, message = post(world, "RegisterTaskDefinition", task_definition_text(**{member: value}))[1:]
    assert code == "InvalidParameterException" and member in message
    assert len(world.revisions()) == 1


@pytest.mark.parametrize("tags, code", [
    ([], "ClientException"),
    ([{"key": "aws:cloudformation:stack-name", "value": "x"}], "InvalidParameterException"),
    ([{"key": "AWS:x", "value": "x"}], "InvalidParameterException"),
    ([{"key": "a", "value": "x"}, {"key": "a", "value": "y"}], "InvalidParameterException"),
    ([{"key": f"k{n}", "value": ""} for n in range(51)], "InvalidParameterException"),
    ([{"key": "a", "value": "x" * 257}], "InvalidParameterException"),
    ([{"key": "a", "value": "semi;colon"}], "InvalidParameterException"),
])
def test_tags_that_aws_refuses(world: World, tags: list[dict[str, str]], code: str) -> None:
    got, message = post(world, "RegisterTaskDefinition", task_definition_text(tags=tags))[1:]
    assert got == code, message
    if not tags:
        assert message == "Tags can not be empty."


@pytest.mark.parametrize("body, code", [
    ("{", "SerializationException"), ("[]", "SerializationException"), ('{"family":"a","family":"b"}', "SerializationException"),
    ('{"family":1,"containerDefinitions":[]}', "SerializationException"), ('{"family":"a"}', "InvalidParameterException"),
    ('{"family":"a","containerDefinitions":[]}', "ClientException"),
    ('{"family":"a","containerDefinitions":[{"name":"x","image":"y"}]}', "ClientException"),
    (json.dumps({"family": "a", "containerDefinitions": [
        {"name": "x", "image": "y", "memory": 4, "command": ["x" * 70000]}]}), "ClientException"),
])
def test_bodies_that_aws_refuses(world: World, body: str, code: str) -> None:
    assert post(world, "RegisterTaskDefinition", body)[1] == code


def test_a_definition_is_described_as_it_was_registered(world: World, function: Make) -> None:
    odd = ('{"family":"odd", "future" :{"n":9007199254740993,"f":1.50e1,"t":"\\u00fc\\/"},\n"containerDefinitions":[ '
           '{"name":"a","image":"b","memory":4,"newThing":[ ],"cpu":0 } ],"tags":[{"key":"k","value":""}]}')
    world.front.ecs.task_definitions.future_members = frozenset({"future", "newThing"})
    assert post(world, "RegisterTaskDefinition", odd)[0] == 200
    function("ecs").describe_task_definition(taskDefinition="odd", include=["TAGS"])
    text = world.front.calls.of("DescribeTaskDefinition")[-1].response.decode()
    for part in ('{"n":9007199254740993,"f":1.50e1,"t":"\\u00fc\\/"}',
                 '[ {"name":"a","image":"b","memory":4,"newThing":[ ],"cpu":0 } ]', '"tags":[{"key":"k","value":""}]'):
        assert part in text
    assert '"registeredAt":1.' in text and "E9" in text
    assert {"revision", "status", "compatibilities", "requiresAttributes", "registeredBy"} <= set(json.loads(text)["taskDefinition"])


def test_the_newest_active_revision_is_the_families(world: World, function: Make) -> None:
    world.register(task_definition_text())
    newest = world.register(task_definition_text())
    ecs = function("ecs")
    assert ecs.describe_task_definition(taskDefinition=SERVICE)["taskDefinition"]["revision"] == 3
    world.front.ecs.task_definitions.deregister(newest, PROD, REGION, 1.0)
    assert ecs.describe_task_definition(taskDefinition=SERVICE)["taskDefinition"]["revision"] == 2
    assert ecs.describe_task_definition(taskDefinition=f"{SERVICE}:3")["taskDefinition"]["status"] == "INACTIVE"
    for name in ("none", f"{SERVICE}:9", f"arn:aws:ecs:us-east-1:{REGISTRY}:task-definition/{SERVICE}:1"):
        assert refusal(ecs.describe_task_definition, taskDefinition=name)[1] == "Unable to describe task definition."


# Services


def update(world: World, **more: Any) -> tuple[int, str, str]:
    return post(world, "UpdateService", json.dumps({"cluster": CLUSTER, "service": SERVICE, **more}))


def test_a_service_rolls_to_a_new_revision_once(world: World) -> None:
    definition = world.register(task_definition_text())
    first = world.service().primary
    assert update(world, taskDefinition=f"{SERVICE}:2")[0] == 200
    service = world.service()
    assert service.primary.task_definition == definition.arn and service.primary.id != first.id
    assert [one.status for one in service.deployments] == ["PRIMARY", "ACTIVE"]
    assert len(service.primary.id) == len("ecs-svc/") + 19
    rolled = service.primary.id
    assert update(world, taskDefinition=definition.arn)[0] == 200
    assert world.service().primary.id == rolled
    assert update(world, forceNewDeployment=True)[0] == 200
    assert world.service().primary.id != rolled
    world.service().complete()
    assert [one.rollout_state for one in world.service().deployments] == ["COMPLETED"]


@pytest.mark.parametrize("changes, code, words", [
    ({"taskDefinition": "none:1"}, "ClientException", "TaskDefinition not found."),
    ({"taskDefinition": f"{SERVICE}:9"}, "ClientException", "TaskDefinition not found."),
    ({"service": "none"}, "ServiceNotFoundException", "Service not found."),
    ({"cluster": "none"}, "ClusterNotFoundException", "Cluster not found."),
    ({"wrong": 1}, "InvalidParameterException", "wrong"),
])
def test_updates_that_aws_refuses(world: World, changes: dict[str, Any], code: str, words: str) -> None:
    world.function_role.policy = [{"Effect": "Allow", "Action": "*", "Resource": "*"}]
    got, message = update(world, **changes)[1:]
    assert got == code and words in message


def test_an_inactive_revision_or_service_takes_no_update(world: World) -> None:
    gone = world.register(task_definition_text())
    world.front.ecs.task_definitions.deregister(gone, PROD, REGION, 1.0)
    assert update(world, taskDefinition=gone.arn)[1:] == ("ClientException", "TaskDefinition is inactive")
    world.service().status = "DRAINING"
    assert update(world)[1:] == ("ServiceNotActiveException", "Service was not ACTIVE.")


@pytest.mark.parametrize("controller", ["CODE_DEPLOY", "EXTERNAL"])
def test_other_controllers_take_no_deployment(world: World, controller: str) -> None:
    world.service().controller = controller
    assert "Unable to update task definition on services" in update(world, taskDefinition=f"{SERVICE}:1")[2]
    assert "Cannot force a new deployment on services" in update(world, forceNewDeployment=True)[2]
    assert update(world, desiredCount=3)[0] == 200


def test_describe_services(world: World, function: Make) -> None:
    answer = function("ecs").describe_services(cluster=CLUSTER, services=[SERVICE, "none"])
    assert [one["serviceName"] for one in answer["services"]] == [SERVICE]
    assert [one["reason"] for one in answer["failures"]] == ["MISSING"]
    assert "deploymentController" not in answer["services"][0]
    names = json.dumps({"cluster": CLUSTER, "services": [f"s{n}" for n in range(11)]})
    assert post(world, "DescribeServices", names)[1] == "InvalidParameterException"
    world.function_role.policy = [{"Effect": "Allow", "Action": "*", "Resource": "*"}]
    assert post(world, "DescribeServices", '{"cluster":"none","services":["a"]}')[1] == "ClusterNotFoundException"


def test_registrations_are_paced_as_aws_does(world: World) -> None:
    world.front.ecs.paced = True
    answers = [post(world, "RegisterTaskDefinition", task_definition_text())[1] for _ in range(23)]
    assert answers[:20] == [""] * 20
    assert "ThrottlingException" in answers[20:]


# Faults


@pytest.mark.parametrize("fault, code, carried_out", [
    (faults.throttle(), "ThrottlingException", False),
    (faults.unavailable(), "ServerException", False),
    (faults.unavailable(after=True), "ServerException", True),
    (faults.html(), "500", False),
    (faults.html(after=True), "500", True),
    (faults.reset(), None, False),
    (faults.reset(after=True), None, True),
    (faults.truncate(), None, True),
])
def test_a_fault_strikes_the_nth_call(world: World, function: Make, fault: faults.Fault, code: str | None,
                                      carried_out: bool) -> None:
    world.front.rules.add(fault, "ecs:Register*", nth=2)
    ecs, body = function("ecs"), json.loads(task_definition_text())
    ecs.register_task_definition(**body)
    if code is not None:
        assert refusal(ecs.register_task_definition, **body)[0] == code
    else:
        with pytest.raises((ConnectionClosedError, HTTPClientError)):
            ecs.register_task_definition(**body)
    assert len(world.revisions()) == (3 if carried_out else 2)
    ecs.register_task_definition(**body)
    assert world.front.calls.of("RegisterTaskDefinition")[1].fault == fault.name


def test_garbage_is_no_json(world: World, function: Make) -> None:
    world.front.rules.add(faults.garbage(), "ecs:Register*")
    function("ecs").register_task_definition(**json.loads(task_definition_text()))
    call = world.front.calls.of("RegisterTaskDefinition")[0]
    assert call.status == 200 and len(world.revisions()) == 2
    with pytest.raises(ValueError):
        json.loads(call.response)


def test_a_stall_ends_with_the_test(world: World, function: Make) -> None:
    stop = threading.Event()
    world.front.rules.add(faults.stall(stop), "ecs:*")
    threading.Timer(0.1, stop.set).start()
    with pytest.raises((ConnectionClosedError, HTTPClientError)):
        function("ecs").describe_task_definition(taskDefinition=SERVICE)


def test_a_held_call_waits_for_the_gate(world: World, function: Make) -> None:
    gate = Gate()
    world.front.rules.add(faults.hold(gate), "ecs:Register*")
    done = threading.Event()

    def register() -> None:
        function("ecs").register_task_definition(**json.loads(task_definition_text()))
        done.set()

    threading.Thread(target=register).start()
    gate.wait_for_arrival()
    assert len(world.revisions()) == 1 and not done.is_set()
    function("ecs").describe_task_definition(taskDefinition=SERVICE)  # others pass
    gate.open()
    assert done.wait(5) and len(world.revisions()) == 2


def test_actions_run_around_a_call(world: World, function: Make) -> None:
    seen: list[str] = []
    world.front.rules.add(faults.run(lambda: seen.append("before"), after=False))
    world.front.rules.add(faults.run(lambda: seen.append("after")))
    world.front.rules.add(faults.run_delivered(lambda: seen.append("delivered")))
    function("ecs").describe_task_definition(taskDefinition=SERVICE)
    time.sleep(0.05)
    assert seen == ["before", "after", "delivered"]


# The log and the connections


def test_the_log_tells_who_did_what(world: World, function: Make) -> None:
    refusal(function("ecr").describe_images, **image_of("nope"))
    call = list(world.front.calls)[-1]
    assert (call.name, call.account, call.status, call.error) == ("ecr:DescribeImages", PROD, 400, "ImageNotFoundException")
    assert call.role.endswith("role/myproject_slipway_prod") and call.body["repositoryName"] == REPOSITORY
    assert call.region == REGION and call.access_key == ACCESS_KEY and "Botocore" in call.user_agent


def test_connections_are_kept_and_counted(world: World, function: Make) -> None:
    before = world.front.counters.connections
    ecs = function("ecs")
    for _ in range(5):
        ecs.describe_task_definition(taskDefinition=SERVICE)
    assert world.front.counters.connections == before + 1
    assert len({call.connection for call in world.front.calls}) == 1


def test_round_trips_are_the_longest_chain(world: World, function: Make) -> None:
    world.front.delay_seconds = 0.5  # threads of a busy machine begin late
    clients = [function("ecs") for _ in range(4)]
    for _ in range(2):
        threads = [threading.Thread(target=one.describe_task_definition, kwargs={"taskDefinition": SERVICE}) for one in clients]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(world.front.calls) == 8 and round_trips(world.front.calls) == 2


def test_tls_handshakes_are_counted(tmp_path: Any) -> None:
    import ssl
    import urllib.request

    front = Front(tls_folder=str(tmp_path)).start()
    context = ssl.create_default_context(cafile=front.ca_path)
    for _ in range(2):
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(front.url, data=b"", context=context, timeout=5)
    assert (front.counters.handshakes, front.counters.requests) == (2, 2)
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(front.url, data=b"", timeout=5)
    front.stop()


def test_answers_are_compressed_on_demand(world: World, function: Make) -> None:
    world.front.gzip = True
    assert function("ecs").describe_task_definition(taskDefinition=SERVICE)["taskDefinition"]["revision"] == 1


def test_each_account_has_a_registry_of_its_own(world: World, client: Make) -> None:
    with pytest.raises(ClientError, match="RepositoryNotFound"):
        client("ecr", PROD).describe_images(repositoryName=REPOSITORY)
    assert client("ecr", REGISTRY).describe_images(repositoryName=REPOSITORY)["imageDetails"]
    with pytest.raises(ClientError, match="no resource-based policy"):
        client("ecr", STRANGER).describe_images(registryId=REGISTRY, repositoryName=REPOSITORY)


def test_what_the_front_leaves_alone_is_motos(world: World, client: Make) -> None:
    assert client("ecs", PROD).list_task_definitions(familyPrefix=SERVICE)["taskDefinitionArns"]
    ssm = client("ssm", PROD)
    ssm.put_parameter(Name="/x", Value="y", Type="String")
    assert ssm.get_parameter(Name="/x")["Parameter"]["Value"] == "y"
    assert refusal(ssm.get_parameter, Name="/none")[0] == "ParameterNotFound"
