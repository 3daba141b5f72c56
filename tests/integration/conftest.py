"""What the integration tests share: one front for the session, a fresh world for each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config

from front import Front
from front.seed import ADMIN_SECRET, REGION, World, admin_key, seed


@pytest.fixture(scope="session")
def front() -> Iterator[Front]:
    one = Front().start()
    yield one
    one.stop()


@pytest.fixture
def world(front: Front) -> Iterator[World]:
    yield seed(front)
    failures, front.server.failures = front.server.failures, []
    assert not failures, "the front itself failed"


@pytest.fixture
def client(front: Front) -> Callable[..., Any]:
    """boto3 clients of the front: client("ecs", account), as the account's admin unless keys are given."""

    def make(service: str, account: str = "", *, key: str = "", secret: str = ADMIN_SECRET, token: str | None = None,
             region: str = REGION, validate: bool = False) -> Any:
        config = Config(retries={"total_max_attempts": 1}, parameter_validation=validate, read_timeout=5)
        return boto3.client(service, region_name=region, endpoint_url=front.url, config=config,
                            aws_access_key_id=key or admin_key(account), aws_secret_access_key=secret,
                            aws_session_token=token)

    return make
