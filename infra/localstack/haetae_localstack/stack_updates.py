"""CloudFormation updates that update.

LocalStack creates and deletes well, but most of its resource types have no update: it logs that,
reports UPDATE_COMPLETE and changes nothing. It also replaces a resource (creates it anew, then
deletes the same name) where a create-only property merely refers to something that changed. Here:

- `UPDATES` has the update of each type this project's template needs;
- `AFTER_CREATE` adds what the create handlers leave out;
- any other update that LocalStack has not built fails, unless nothing differs;
- a resource is replaced when a create-only value is another one;
- a failed update leaves the stack's memory whole, where LocalStack forgets every resource it had
  not come to. What had changed by then stays changed: the next update starts from there.

Above 250 lines: one table of updates, and beside it the small function of each of its rows.
"""

import copy
import json
from collections.abc import Callable
from typing import Any

from localstack.runtime import hooks
from localstack.services.cloudformation.engine.v2.change_set_model import is_nothing
from localstack.services.cloudformation.engine.v2.change_set_model_executor import (
    ChangeSetModelExecutor,
)
from localstack.services.cloudformation.resource_provider import (
    OperationStatus,
    ProgressEvent,
    ResourceProvider,
    ResourceProviderExecutor,
    ResourceRequest,
    convert_payload,
)
from localstack.utils.patch import patch

Model = dict[str, Any]
Update = Callable[[ResourceProvider, ResourceRequest], None]


@hooks.on_infra_start()
def update_for_real() -> None:
    """Mend the engine, before the first stack."""
    patch(ResourceProviderExecutor.execute_action)(_execute_action)
    patch(ChangeSetModelExecutor._execute_resource_change)(_execute_resource_change)
    patch(ChangeSetModelExecutor.execute)(_execute)


def _execute_action(
    execute: Callable[..., ProgressEvent],
    executor: ResourceProviderExecutor,
    provider: ResourceProvider,
    payload: Any,
) -> ProgressEvent:
    request = convert_payload(executor.stack_name, executor.stack_id, payload)
    if payload["action"] in ("Modify", "Dynamic"):
        return _update(provider, request)
    event = execute(executor, provider, payload)
    after = AFTER_CREATE.get(payload["resourceType"])
    if payload["action"] == "Add" and event.status is OperationStatus.SUCCESS and after is not None:
        after(request.aws_client_factory, event.resource_model, {})
    return event


def _execute_resource_change(
    execute: Callable[..., None], executor: Any, name: str, before: Any, after: Any
) -> None:
    """Compare create-only values now that references are resolved."""
    made = executor._change_set.stack.resolved_resources.get(name, {})
    stands = "PhysicalResourceId" in made  # LocalStack remembers what it has removed, without one
    if is_nothing(before) and stands and made["Type"] == after.resource_type:
        before = after  # made by an update that failed later; what it is now comes from the stack
    if getattr(after, "requires_replacement", False) and hasattr(before, "properties"):
        provider = ResourceProviderExecutor.try_load_resource_provider(after.resource_type)
        old, new = before.properties.properties, after.properties.properties
        fixed = _names(provider, "createOnlyProperties")
        if all(old.get(key) == new.get(key) for key in fixed):
            after = copy.copy(after)
            after.requires_replacement = False
    execute(executor, name, before, after)


def _execute(execute: Callable[..., Any], executor: Any) -> Any:
    """Run a change set; after a failure the stack is what it was, but for what has succeeded."""
    change_set, stack = executor._change_set, executor._change_set.stack
    result = execute(executor)
    if result.failure_message and change_set.change_set_type == "UPDATE":
        done = {
            name: resource
            for name, resource in result.resources.items()
            if not resource.get("ResourceStatus", "").endswith("_FAILED")
        }
        result.resources.clear()
        result.resources.update({**stack.resolved_resources, **done})
        for name in ("template", "processed_template", "template_body", "resolved_parameters"):
            setattr(change_set, name, getattr(stack, name))
    return result


def _update(provider: ResourceProvider, request: ResourceRequest) -> ProgressEvent:
    """Update a resource; what raises fails the stack with its message."""
    model, before = request.desired_state, request.previous_state
    kinds = ("primaryIdentifier", "createOnlyProperties", "readOnlyProperties")
    for key in {key for kind in kinds for key in _names(provider, kind)} & before.keys():
        model.setdefault(key, before[key])  # names and ids that were generated
    update = UPDATES.get(request.resource_type)
    if update is not None:
        update(provider, request)
        return ProgressEvent(OperationStatus.SUCCESS, resource_model=model)
    try:
        return provider.update(request)
    except NotImplementedError:
        differing = sorted(key for key, value in model.items() if before.get(key) != value)
        if differing:
            raise NotImplementedError(
                f"{request.resource_type} has no update of {', '.join(differing)} in LocalStack: "
                "give the resource another logical id, or delete the stack and deploy it anew"
            ) from None
        return ProgressEvent(OperationStatus.SUCCESS, resource_model=before)


def _names(provider: ResourceProvider, kind: str) -> list[str]:
    """Return the top-level properties of one kind in a resource's schema."""
    paths = [path.removeprefix("/properties/") for path in provider.SCHEMA.get(kind, [])]
    return [path for path in paths if "/" not in path]


def _changed_keys(request: ResourceRequest) -> set[str]:
    model, before = request.desired_state, request.previous_state
    return {key for key in model.keys() | before.keys() if model.get(key) != before.get(key)}


def _refuse(request: ResourceRequest, *built: str) -> None:
    """Raise for a change of anything that is not built here."""
    if others := sorted(_changed_keys(request) - set(built)):
        raise NotImplementedError(
            f"{request.resource_type}: changing {', '.join(others)} is not built for LocalStack"
        )


def _patches(model: Model, before: Model, *keys: str) -> list[dict[str, str]]:
    """Return API Gateway's patch operations for the keys whose value is another one."""
    return [
        {"op": "replace", "path": f"/{key[0].lower()}{key[1:]}", "value": _text(model[key])}
        for key in keys
        if key in model and model[key] != before.get(key)
    ]


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


# One update a type


def _alarm(provider: ResourceProvider, request: ResourceRequest) -> None:
    provider.create(request)  # PutMetricAlarm overwrites


def _api_key(_provider: ResourceProvider, request: ResourceRequest) -> None:
    model, before = request.desired_state, request.previous_state
    _refuse(request, "Description", "Enabled")
    request.aws_client_factory.apigateway.update_api_key(
        apiKey=model["APIKeyId"], patchOperations=_patches(model, before, "Description", "Enabled")
    )


def _event_invoke_config(_provider: ResourceProvider, request: ResourceRequest) -> None:
    settings = {key: value for key, value in request.desired_state.items() if key != "Id"}
    request.aws_client_factory.lambda_.put_function_event_invoke_config(**settings)


def _function(provider: ResourceProvider, request: ResourceRequest) -> None:
    model, before = request.desired_state, request.previous_state
    for key in FUNCTION_DEFAULTS.keys() & before.keys() - model.keys():
        model[key] = copy.deepcopy(FUNCTION_DEFAULTS[key])
    provider.update(request)


def _log_group(_provider: ResourceProvider, request: ResourceRequest) -> None:
    _refuse(request, "RetentionInDays")
    _retention(request.aws_client_factory, request.desired_state, request.previous_state)


def _rest_api(_provider: ResourceProvider, request: ResourceRequest) -> None:
    model, before = request.desired_state, request.previous_state
    _refuse(request, "Body", "Description", "Name", "Parameters")
    api = request.aws_client_factory.apigateway
    if model.get("Body") != before.get("Body"):
        api.put_rest_api(
            restApiId=model["RestApiId"],
            mode="overwrite",
            parameters={"basepath": "ignore", **model.get("Parameters", {})},
            body=json.dumps(model["Body"]).encode(),
        )
    if operations := _patches(model, before, "Name", "Description"):
        api.update_rest_api(restApiId=model["RestApiId"], patchOperations=operations)


def _role(_provider: ResourceProvider, request: ResourceRequest) -> None:
    model, before = request.desired_state, request.previous_state
    _refuse(request, "AssumeRolePolicyDocument", "ManagedPolicyArns", "Policies")
    iam, role = request.aws_client_factory.iam, {"RoleName": model["RoleName"]}
    iam.update_assume_role_policy(
        **role, PolicyDocument=json.dumps(model["AssumeRolePolicyDocument"])
    )
    policies, old = (
        {policy["PolicyName"]: policy["PolicyDocument"] for policy in state.get("Policies", [])}
        for state in (model, before)
    )
    for name in old.keys() - policies.keys():
        iam.delete_role_policy(**role, PolicyName=name)
    for name, document in policies.items():
        iam.put_role_policy(**role, PolicyName=name, PolicyDocument=json.dumps(document))
    managed, gone = (set(state.get("ManagedPolicyArns", [])) for state in (model, before))
    for arn in gone - managed:
        iam.detach_role_policy(**role, PolicyArn=arn)
    for arn in managed - gone:
        iam.attach_role_policy(**role, PolicyArn=arn)


def _rule(provider: ResourceProvider, request: ResourceRequest) -> None:
    model, before = request.desired_state, request.previous_state
    model["Name"] = before["Id"].rpartition("|")[2]
    old, new = ({t["Id"] for t in state.get("Targets", [])} for state in (before, model))
    if gone := sorted(old - new):
        bus = {key: model[key] for key in ("EventBusName",) if key in model}
        request.aws_client_factory.events.remove_targets(Rule=model["Name"], Ids=gone, **bus)
    provider.create(request)  # PutRule and PutTargets overwrite


def _stage(_provider: ResourceProvider, request: ResourceRequest) -> None:
    model, before = request.desired_state, request.previous_state
    _refuse(request, "DeploymentId", "Description", "MethodSettings", "TracingEnabled", "Variables")
    operations = _patches(model, before, "DeploymentId", "Description", "TracingEnabled")
    new, old = model.get("Variables", {}), before.get("Variables", {})
    operations += [
        {"op": "replace", "path": f"/variables/{key}", "value": value} for key, value in new.items()
    ]
    operations += [{"op": "remove", "path": f"/variables/{key}"} for key in old.keys() - new.keys()]
    _patch_stage(request.aws_client_factory, model, operations)
    _method_settings(request.aws_client_factory, model, before)


def _table(_provider: ResourceProvider, request: ResourceRequest) -> None:
    model, before = request.desired_state, request.previous_state
    # the create handler renames a key inside SSESpecification; at rest nothing is encrypted here
    built = ("PointInTimeRecoverySpecification", "SSESpecification", "TimeToLiveSpecification")
    _refuse(request, *built)
    new, old = model.get("TimeToLiveSpecification"), before.get("TimeToLiveSpecification")
    if new != old:
        request.aws_client_factory.dynamodb.update_time_to_live(
            TableName=model["TableName"], TimeToLiveSpecification=new or {**old, "Enabled": False}
        )
    _point_in_time_recovery(request.aws_client_factory, model, before)


# What the create handlers leave out, and updates change


def _retention(clients: Any, model: Model, before: Model) -> None:
    name = {"logGroupName": model["LogGroupName"]}
    if "RetentionInDays" in model:
        clients.logs.put_retention_policy(**name, retentionInDays=int(model["RetentionInDays"]))
    elif "RetentionInDays" in before:
        clients.logs.delete_retention_policy(**name)


def _point_in_time_recovery(clients: Any, model: Model, before: Model) -> None:
    key = "PointInTimeRecoverySpecification"
    if key in model or key in before:
        clients.dynamodb.update_continuous_backups(
            TableName=model["TableName"],
            PointInTimeRecoverySpecification=model.get(key, {"PointInTimeRecoveryEnabled": False}),
        )


def _method_settings(clients: Any, model: Model, before: Model) -> None:
    settings = model.get("MethodSettings", [])
    operations = [
        {"op": "replace", "path": f"{_method(setting)}/{path}", "value": _text(setting[key])}
        for setting in settings
        for key, path in METHOD_SETTINGS.items()
        if key in setting
    ]
    gone = {_method(setting) for setting in before.get("MethodSettings", [])}
    gone -= {_method(setting) for setting in settings}
    operations += [{"op": "remove", "path": path} for path in sorted(gone)]
    _patch_stage(clients, model, operations)


def _method(setting: Model) -> str:
    path = setting["ResourcePath"].lstrip("/").replace("/", "~1")
    return f"/{path}/{setting['HttpMethod']}"


def _patch_stage(clients: Any, model: Model, operations: list[dict[str, str]]) -> None:
    if operations:
        clients.apigateway.update_stage(
            restApiId=model["RestApiId"], stageName=model["StageName"], patchOperations=operations
        )


METHOD_SETTINGS = {
    "CachingEnabled": "caching/enabled",
    "DataTraceEnabled": "logging/dataTrace",
    "LoggingLevel": "logging/loglevel",
    "MetricsEnabled": "metrics/enabled",
    "ThrottlingBurstLimit": "throttling/burstLimit",
    "ThrottlingRateLimit": "throttling/rateLimit",
}

FUNCTION_DEFAULTS: Model = {
    "Description": "",
    "Environment": {"Variables": {}},
    "Layers": [],
    "MemorySize": 128,
    "Timeout": 3,
}

UPDATES: dict[str, Update] = {
    "AWS::ApiGateway::ApiKey": _api_key,
    "AWS::ApiGateway::RestApi": _rest_api,
    "AWS::ApiGateway::Stage": _stage,
    "AWS::CloudWatch::Alarm": _alarm,
    "AWS::DynamoDB::Table": _table,
    "AWS::Events::Rule": _rule,
    "AWS::IAM::Role": _role,
    "AWS::Lambda::EventInvokeConfig": _event_invoke_config,
    "AWS::Lambda::Function": _function,
    "AWS::Logs::LogGroup": _log_group,
}

AFTER_CREATE: dict[str, Callable[[Any, Model, Model], None]] = {
    "AWS::ApiGateway::Stage": _method_settings,
    "AWS::DynamoDB::Table": _point_in_time_recovery,
    "AWS::Logs::LogGroup": _retention,
}
