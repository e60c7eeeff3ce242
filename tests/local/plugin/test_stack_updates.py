"""A stack update really changes what the template changes, and keeps what is stored."""

import copy
import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from local.plugin.server import Server, until

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}


def role(**properties: Any) -> dict[str, Any]:
    """Return a role that may read nothing."""
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {"AssumeRolePolicyDocument": TRUST, **properties},
    }


def function(code: str = "return 'old'", **properties: Any) -> dict[str, Any]:
    """Return a function of the role `Role`."""
    return {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Runtime": "python3.13",
            "Handler": "index.handler",
            "Role": {"Fn::GetAtt": ["Role", "Arn"]},
            "Code": {"ZipFile": f"import os\ndef handler(event, context):\n    {code}\n"},
            **properties,
        },
    }


class Stack:
    """One stack: `deploy` creates it, then updates it, by change sets as the SAM CLI does."""

    def __init__(self, server: Server) -> None:
        """Name a stack that is not there yet."""
        self.server = server
        self.client = server.client("cloudformation")
        self.name = f"s-{uuid.uuid4().hex[:8]}"
        self.exists = False

    def deploy(self, **resources: Any) -> str:
        """Make the stack be these resources; return its status."""
        changes, identity = self.changes(**resources)
        assert changes, "nothing would change"
        self.client.execute_change_set(ChangeSetName=identity)
        self.exists = True
        return until(self._settled)

    def changes(self, **resources: Any) -> tuple[list[str], str]:
        """Return the logical ids a change set would change, and its id."""
        made = self.client.create_change_set(
            StackName=self.name,
            ChangeSetName=f"c-{uuid.uuid4().hex[:8]}",
            ChangeSetType="UPDATE" if self.exists else "CREATE",
            Capabilities=["CAPABILITY_NAMED_IAM"],
            TemplateBody=json.dumps({"Resources": copy.deepcopy(resources)}),
        )["Id"]
        described = until(lambda: self._described(made))
        assert described is not None
        return [x["ResourceChange"]["LogicalResourceId"] for x in described["Changes"]], made

    def id(self, logical: str) -> str:
        """Return a resource's physical id."""
        found = self.client.describe_stack_resource(StackName=self.name, LogicalResourceId=logical)
        return str(found["StackResourceDetail"]["PhysicalResourceId"])

    def reasons(self) -> str:
        """Return what the events say."""
        events = self.client.describe_stack_events(StackName=self.name)["StackEvents"]
        return "\n".join(event.get("ResourceStatusReason", "") for event in events)

    def _described(self, change_set: str) -> dict[str, Any] | None:
        found = self.client.describe_change_set(ChangeSetName=change_set)
        return found if found["Status"] in ("CREATE_COMPLETE", "FAILED") else None

    def _settled(self) -> str:
        status = self.client.describe_stacks(StackName=self.name)["Stacks"][0]["StackStatus"]
        return "" if status.endswith("_IN_PROGRESS") else status


@pytest.fixture
def stack(server: Server) -> Iterator[Stack]:
    """A stack, deleted at the end."""
    made = Stack(server)
    yield made
    if made.exists:
        made.client.delete_stack(StackName=made.name)


def test_no_change_is_no_change(stack: Stack) -> None:
    resources = {"Role": role(), "Function": function()}
    assert stack.deploy(**resources) == "CREATE_COMPLETE"
    assert stack.changes(**resources)[0] == []


def test_a_function_changes_its_code_variables_and_timeout(stack: Stack) -> None:
    old = function("return os.environ.get('TABLE', 'none')", Timeout=7, MemorySize=256)
    stack.deploy(Role=role(), Function=old)
    functions, name = stack.server.client("lambda"), stack.id("Function")

    def result() -> Any:
        return json.loads(functions.invoke(FunctionName=name)["Payload"].read())

    assert result() == "none"
    variables = {"Environment": {"Variables": {"TABLE": "books"}}}
    new = function("return os.environ.get('TABLE', 'none')", **variables)
    assert stack.deploy(Role=role(), Function=new) == "UPDATE_COMPLETE"
    assert result() == "books"
    settings = functions.get_function_configuration(FunctionName=name)
    assert (settings["Timeout"], settings["MemorySize"]) == (3, 128)
    stack.deploy(Role=role(), Function=function("return 'new'"))
    assert result() == "new"
    settings = functions.get_function_configuration(FunctionName=name)
    assert settings["Environment"]["Variables"] == {}


def test_an_invoke_config_changes_and_stays_when_only_its_function_does(stack: Stack) -> None:
    def config(attempts: int) -> dict[str, Any]:
        return {
            "Type": "AWS::Lambda::EventInvokeConfig",
            "Properties": {
                "FunctionName": {"Ref": "Function"},
                "Qualifier": "$LATEST",
                "MaximumRetryAttempts": attempts,
            },
        }

    functions = stack.server.client("lambda")

    def attempts() -> int:
        found = functions.get_function_event_invoke_config(FunctionName=stack.id("Function"))
        return int(found["MaximumRetryAttempts"])

    stack.deploy(Role=role(), Function=function(), Config=config(2))
    assert attempts() == 2
    status = stack.deploy(Role=role(), Function=function(), Config=config(0))
    assert (status, attempts()) == ("UPDATE_COMPLETE", 0)
    changed = function("return 'new'")
    assert stack.deploy(Role=role(), Function=changed, Config=config(0)) == "UPDATE_COMPLETE"
    assert attempts() == 0


def test_a_role_changes_its_policies(stack: Stack) -> None:
    def policy(name: str, action: str) -> dict[str, Any]:
        statement = {"Effect": "Allow", "Action": action, "Resource": "*"}
        return {
            "PolicyName": name,
            "PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        }

    def actions() -> dict[str, str]:
        name, iam = stack.id("Role"), stack.server.client("iam")
        return {
            kept: iam.get_role_policy(RoleName=name, PolicyName=kept)["PolicyDocument"][
                "Statement"
            ][0]["Action"]
            for kept in iam.list_role_policies(RoleName=name)["PolicyNames"]
        }

    stack.deploy(Role=role(Policies=[policy("a", "sqs:SendMessage"), policy("b", "sns:Publish")]))
    identity = stack.id("Role")
    new = role(Policies=[policy("a", "dynamodb:Query"), policy("c", "sns:Publish")])
    assert stack.deploy(Role=new) == "UPDATE_COMPLETE"
    assert actions() == {"a": "dynamodb:Query", "c": "sns:Publish"}
    assert stack.id("Role") == identity


def test_a_rule_changes_its_state_schedule_and_targets(stack: Stack) -> None:
    queue = {"Type": "AWS::SQS::Queue"}

    def rule(schedule: str, state: str, *targets: str) -> dict[str, Any]:
        arn = {"Fn::GetAtt": ["Queue", "Arn"]}
        return {
            "Type": "AWS::Events::Rule",
            "Properties": {
                "ScheduleExpression": schedule,
                "State": state,
                "Targets": [{"Id": target, "Arn": arn} for target in targets],
            },
        }

    events = stack.server.client("events")
    stack.deploy(Queue=queue, Rule=rule("cron(0 0 1 1 ? *)", "ENABLED", "a", "b"))
    name = stack.id("Rule")
    new = rule("cron(0 0 2 1 ? *)", "DISABLED", "b")
    assert stack.deploy(Queue=queue, Rule=new) == "UPDATE_COMPLETE"
    assert stack.id("Rule") == name
    found = events.describe_rule(Name=name)
    assert (found["State"], found["ScheduleExpression"]) == ("DISABLED", "cron(0 0 2 1 ? *)")
    assert [x["Id"] for x in events.list_targets_by_rule(Rule=name)["Targets"]] == ["b"]
    assert len(events.list_rules(NamePrefix=stack.name)["Rules"]) == 1


def test_a_table_changes_its_recovery_and_expiry_and_keeps_its_items(stack: Stack) -> None:
    def table(**properties: Any) -> dict[str, Any]:
        return {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {
                "BillingMode": "PAY_PER_REQUEST",
                "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
                "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
                "SSESpecification": {"SSEEnabled": True},
                **properties,
            },
        }

    recovery = {"PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True}}
    expiry = {"TimeToLiveSpecification": {"AttributeName": "expires_at", "Enabled": True}}
    dynamodb = stack.server.client("dynamodb")

    def state() -> tuple[str, str]:
        backups = dynamodb.describe_continuous_backups(TableName=stack.id("Table"))
        ttl = dynamodb.describe_time_to_live(TableName=stack.id("Table"))
        return (
            backups["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"][
                "PointInTimeRecoveryStatus"
            ],
            ttl["TimeToLiveDescription"]["TimeToLiveStatus"],
        )

    stack.deploy(Table=table(**recovery))
    assert state() == ("ENABLED", "DISABLED")
    name = stack.id("Table")
    dynamodb.put_item(TableName=name, Item={"pk": {"S": "kept"}})
    assert stack.deploy(Table=table(**expiry)) == "UPDATE_COMPLETE"
    assert (stack.id("Table"), state()) == (name, ("DISABLED", "ENABLED"))
    assert dynamodb.scan(TableName=name)["Items"] == [{"pk": {"S": "kept"}}]
    assert stack.deploy(Table=table(**recovery)) == "UPDATE_COMPLETE"
    assert state() == ("ENABLED", "DISABLED")


def test_what_is_not_built_fails_and_the_next_update_mends_it(stack: Stack) -> None:
    keys = {"KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}]}
    properties = {
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        **keys,
    }

    def table(**more: Any) -> dict[str, Any]:
        return {"Type": "AWS::DynamoDB::Table", "Properties": {**properties, **more}}

    def group(days: int) -> dict[str, Any]:
        return {"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": days}}

    made = {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": f"{stack.name}-made"}}
    stack.deploy(A=group(1), Table=table(), Z=group(1))
    names = [stack.id(x) for x in ("A", "Table", "Z")]
    index = {"IndexName": "i", "Projection": {"ProjectionType": "ALL"}, **keys}
    wished = table(GlobalSecondaryIndexes=[index])
    assert stack.deploy(A=group(3), B=made, Table=wished, Z=group(3)).endswith(
        ("FAILED", "ROLLBACK_COMPLETE")
    )
    assert "changing GlobalSecondaryIndexes is not built" in stack.reasons()
    recovery = {"PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True}}
    mended = {"A": group(5), "B": made, "Table": table(**recovery), "Z": group(5)}
    assert stack.deploy(**mended) == "UPDATE_COMPLETE", stack.reasons()
    assert [stack.id(x) for x in ("A", "Table", "Z")] == names
    logs = stack.server.client("logs")
    for name in (names[0], names[2]):
        (found,) = logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
        assert found["retentionInDays"] == 5
    assert stack.changes(**mended)[0] == []


def test_a_resource_that_was_removed_is_made_anew_when_it_comes_back(stack: Stack) -> None:
    """As layers do: forward, one release back, forward again."""
    logs = stack.server.client("logs")

    def group(of: str) -> dict[str, Any]:
        named = {"LogGroupName": f"{stack.name}-{of}"}
        return {of: {"Type": "AWS::Logs::LogGroup", "Properties": named}}

    stack.deploy(**group("A"))
    for of in ("B", "A", "B"):
        assert stack.deploy(**group(of)) == "UPDATE_COMPLETE", stack.reasons()
        found = logs.describe_log_groups(logGroupNamePrefix=stack.name)["logGroups"]
        assert [one["logGroupName"] for one in found] == [f"{stack.name}-{of}"]


def test_an_update_that_nobody_built_fails(stack: Stack) -> None:
    def key(description: str) -> dict[str, Any]:
        policy = {"Version": "2012-10-17", "Statement": []}
        return {
            "Type": "AWS::KMS::Key",
            "Properties": {"Description": description, "KeyPolicy": policy},
        }

    stack.deploy(Key=key("old"))
    assert stack.deploy(Key=key("new")).endswith(("FAILED", "ROLLBACK_COMPLETE"))
    assert "AWS::KMS::Key has no update of Description" in stack.reasons()


def test_a_topic_keeps_its_name_and_its_subscription_when_its_title_changes(stack: Stack) -> None:
    sns = stack.server.client("sns")

    def resources(title: str, raw: bool) -> dict[str, Any]:
        return {
            "Queue": {"Type": "AWS::SQS::Queue"},
            "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": title}},
            "Subscription": {
                "Type": "AWS::SNS::Subscription",
                "Properties": {
                    "TopicArn": {"Ref": "Topic"},
                    "Protocol": "sqs",
                    "Endpoint": {"Fn::GetAtt": ["Queue", "Arn"]},
                    "RawMessageDelivery": raw,
                },
            },
        }

    stack.deploy(**resources("old", raw=False))
    topic = stack.id("Topic")
    assert stack.deploy(**resources("new", raw=True)) == "UPDATE_COMPLETE"
    assert stack.id("Topic") == topic
    assert sns.get_topic_attributes(TopicArn=topic)["Attributes"]["DisplayName"] == "new"
    (found,) = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    settings = sns.get_subscription_attributes(SubscriptionArn=found["SubscriptionArn"])
    assert settings["Attributes"]["RawMessageDelivery"] == "true"


def test_a_queue_changes_its_retention_and_policy(stack: Stack) -> None:
    sqs = stack.server.client("sqs")

    def resources(seconds: int, action: str) -> dict[str, Any]:
        statement = {"Effect": "Allow", "Principal": "*", "Action": action, "Resource": "*"}
        return {
            "Queue": {
                "Type": "AWS::SQS::Queue",
                "Properties": {"MessageRetentionPeriod": seconds},
            },
            "Policy": {
                "Type": "AWS::SQS::QueuePolicy",
                "Properties": {
                    "Queues": [{"Ref": "Queue"}],
                    "PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]},
                },
            },
        }

    stack.deploy(**resources(3600, "sqs:SendMessage"))
    queue = stack.id("Queue")
    sqs.send_message(QueueUrl=queue, MessageBody="kept")
    assert stack.deploy(**resources(7200, "sqs:ReceiveMessage")) == "UPDATE_COMPLETE"
    assert stack.id("Queue") == queue
    found = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
    assert found["MessageRetentionPeriod"] == "7200"
    assert json.loads(found["Policy"])["Statement"][0]["Action"] == "sqs:ReceiveMessage"
    assert sqs.receive_message(QueueUrl=queue)["Messages"][0]["Body"] == "kept"


def test_an_alarm_changes_its_threshold(stack: Stack) -> None:
    def alarm(threshold: int, **properties: Any) -> dict[str, Any]:
        return {
            "Type": "AWS::CloudWatch::Alarm",
            "Properties": {
                "Namespace": "AWS/SQS",
                "MetricName": "ApproximateNumberOfMessagesVisible",
                "Statistic": "Maximum",
                "Period": 60,
                "EvaluationPeriods": 1,
                "Threshold": threshold,
                "ComparisonOperator": "GreaterThanOrEqualToThreshold",
                **properties,
            },
        }

    stack.deploy(Alarm=alarm(1, AlarmDescription="old"))
    name = stack.id("Alarm")
    assert stack.deploy(Alarm=alarm(5)) == "UPDATE_COMPLETE"
    assert stack.id("Alarm") == name
    cloudwatch = stack.server.client("cloudwatch")
    (found,) = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    assert (found["Threshold"], found.get("AlarmDescription", "")) == (5.0, "")


def test_a_log_group_has_and_changes_its_retention(stack: Stack) -> None:
    def group(**properties: Any) -> dict[str, Any]:
        return {"Type": "AWS::Logs::LogGroup", "Properties": properties}

    def retention() -> int | None:
        logs = stack.server.client("logs")
        (found,) = logs.describe_log_groups(logGroupNamePrefix=stack.id("Group"))["logGroups"]
        days: int | None = found.get("retentionInDays")
        return days

    stack.deploy(Group=group(RetentionInDays=30))
    assert retention() == 30
    assert stack.deploy(Group=group(RetentionInDays=7)) == "UPDATE_COMPLETE"
    assert retention() == 7
    assert stack.deploy(Group=group()) == "UPDATE_COMPLETE"
    assert retention() is None


def test_an_api_changes_its_routes_stage_key_and_plan(stack: Stack) -> None:
    def route(answer: str) -> dict[str, Any]:
        return {
            "get": {
                "security": [{"key": []}],
                "responses": {"200": {"description": "ok"}},
                "x-amazon-apigateway-integration": {
                    "type": "mock",
                    "requestTemplates": {"application/json": '{"statusCode": 200}'},
                    "responses": {
                        "default": {
                            "statusCode": "200",
                            "responseTemplates": {"application/json": json.dumps(answer)},
                        }
                    },
                },
            }
        }

    def resources(paths: dict[str, Any], deployment: str, rate: int, burst: int) -> dict[str, Any]:
        scheme = {"type": "apiKey", "name": "x-api-key", "in": "header"}
        return {
            "Api": {
                "Type": "AWS::ApiGateway::RestApi",
                "Properties": {
                    "Name": stack.name,
                    "Body": {
                        "openapi": "3.0.1",
                        "info": {"title": stack.name, "version": "1"},
                        "paths": paths,
                        "components": {"securitySchemes": {"key": scheme}},
                    },
                },
            },
            deployment: {
                "Type": "AWS::ApiGateway::Deployment",
                "Properties": {"RestApiId": {"Ref": "Api"}},
            },
            "Stage": {
                "Type": "AWS::ApiGateway::Stage",
                "Properties": {
                    "RestApiId": {"Ref": "Api"},
                    "DeploymentId": {"Ref": deployment},
                    "StageName": "v1",
                    "MethodSettings": [
                        {"ResourcePath": "/*", "HttpMethod": "*", "ThrottlingRateLimit": rate}
                    ],
                },
            },
            "Key": {
                "Type": "AWS::ApiGateway::ApiKey",
                "Properties": {"Enabled": True, "Description": f"key {rate}"},
            },
            "Plan": {
                "Type": "AWS::ApiGateway::UsagePlan",
                "Properties": {
                    "ApiStages": [{"ApiId": {"Ref": "Api"}, "Stage": {"Ref": "Stage"}}],
                    "Throttle": {"RateLimit": rate, "BurstLimit": burst},
                },
            },
            "PlanKey": {
                "Type": "AWS::ApiGateway::UsagePlanKey",
                "Properties": {
                    "KeyId": {"Ref": "Key"},
                    "KeyType": "API_KEY",
                    "UsagePlanId": {"Ref": "Plan"},
                },
            },
        }

    gateway = stack.server.client("apigateway")

    def get(path: str, *, with_key: bool = True) -> tuple[int, str]:
        key = gateway.get_api_key(apiKey=stack.id("Key"), includeValue=True)["value"]
        return stack.server.get(
            f"/restapis/{stack.id('Api')}/v1/_user_request_{path}",
            {"x-api-key": key} if with_key else {},
        )

    def limits() -> tuple[float, float, str]:
        stage = gateway.get_stage(restApiId=stack.id("Api"), stageName="v1")
        plan = gateway.get_usage_plan(usagePlanId=stack.id("Plan"))
        key = gateway.get_api_key(apiKey=stack.id("Key"))
        assert plan["apiStages"] == [{"apiId": stack.id("Api"), "stage": "v1"}]
        throttle = stage["methodSettings"]["*/*"]["throttlingRateLimit"]
        return throttle, plan["throttle"]["rateLimit"], key["description"]

    stack.deploy(**resources({"/a": route("old")}, "First", 5, 10))
    assert get("/a") == (200, '"old"')
    assert get("/a", with_key=False)[0] == 403
    assert get("/b")[0] in (403, 404)
    assert limits() == (5.0, 5.0, "key 5")
    identity = [stack.id(x) for x in ("Api", "Key", "Plan")]
    new = resources({"/a": route("new"), "/b": route("b")}, "Second", 7, 14)
    assert stack.deploy(**new) == "UPDATE_COMPLETE"
    assert [stack.id(x) for x in ("Api", "Key", "Plan")] == identity
    assert get("/a") == (200, '"new"')
    assert get("/b") == (200, '"b"')
    assert get("/b", with_key=False)[0] == 403
    assert limits() == (7.0, 7.0, "key 7")
