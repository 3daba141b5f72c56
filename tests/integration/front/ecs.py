"""Amazon ECS: which of its operations the front answers itself; the rest is moto's."""

from __future__ import annotations

from collections.abc import Callable

from .context import Context
from .moto_bridge import Moto
from .services import Services
from .tasks import Tasks
from .taskdefs import TaskDefinitions
from .wire import AwsError, Response, json_response

# Amazon ECS API Reference, "Request throttling": RegisterTaskDefinition, burst and sustained rate a second.
REGISTER_BURST = 20
REGISTER_RATE = 1.0


class Ecs:
    def __init__(self, moto: Moto) -> None:
        self._moto = moto
        self.task_definitions = TaskDefinitions(moto)
        self.services = Services(moto, self.task_definitions)
        self.tasks = Tasks()
        self.paced = False  # RegisterTaskDefinition is throttled as AWS does it
        self._tokens = float(REGISTER_BURST)
        self._refilled = 0.0
        self._handlers: dict[str, Callable[[Context], Response]] = {
            "RegisterTaskDefinition": self._register,
            "DescribeTaskDefinition": self.task_definitions.handle_describe,
            "DeregisterTaskDefinition": self.task_definitions.handle_deregister,
            "TagResource": self.task_definitions.handle_tag,
            "ListTagsForResource": self.task_definitions.handle_tags,
            "CreateService": self.services.handle_create,
            "DescribeServices": self.services.handle_describe,
            "UpdateService": self.services.handle_update,
            "ListTaskDefinitions": self.task_definitions.handle_list,
            "ListServiceDeployments": self.services.handle_list_deployments,
            "DescribeServiceDeployments": self.services.handle_describe_deployments,
            "DescribeServiceRevisions": self.services.handle_describe_revisions,
            "StopServiceDeployment": self.services.handle_stop_deployment,
            "ListTasks": self.tasks.handle_list,
            "DescribeTasks": self.tasks.handle_describe,
        }

    def reset(self) -> None:
        self.task_definitions.reset()
        self.services.reset()
        self.tasks.reset()
        self.paced = False
        self._tokens = float(REGISTER_BURST)

    def handle(self, context: Context) -> Response:
        handler = self._handlers.get(context.operation)
        if handler is not None:
            return handler(context)
        context.authorize(f"ecs:{context.operation}", "*")
        answer = self._moto.json("ecs", context.operation, context.request.body, context.who.account, context.region)
        return json_response(answer)

    def _register(self, context: Context) -> Response:
        if self.paced:
            now = context.now()
            self._tokens = min(REGISTER_BURST, self._tokens + max(0.0, now - self._refilled) * REGISTER_RATE)
            self._refilled = now
            if self._tokens < 1:
                raise AwsError("ThrottlingException", "Rate exceeded")
            self._tokens -= 1
        return self.task_definitions.handle_register(context)
