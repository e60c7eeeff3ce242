"""The template deploys what the code is and needs: nothing more, nothing less."""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from aws_lambda_powertools import Logger

from haetae.config.profiles import PROFILES
from haetae.config.variables import SPELLINGS, VARIABLES
from haetae.market.candles import UNITS_MIN
from haetae.notify.text import Language
from haetae.wiring.environments.base import Environment
from haetae.wiring.environments.desk import DailyReportEnvironment, DeskEnvironment
from haetae.wiring.environments.notifier import NotifierEnvironment
from haetae.wiring.environments.trading import (
    KEYS,
    ApiEnvironment,
    KillswitchEnvironment,
    ParameterPath,
    RiskCheckEnvironment,
    TradingCycleEnvironment,
    TradingEnvironment,
)
from support.api import api_app
from support.calls import actions, client_calls, port_calls
from support.tapes import REPOSITORY

FUNCTIONS = REPOSITORY / "functions"
DOORS = sorted({path.parent.name for path in FUNCTIONS.glob("*/*.py")})
CALLED = {"api", "killswitch", "notifier"}  # by people, topics and alarms: nobody can miss them
SCHEDULED = sorted(set(DOORS) - CALLED)
OPEN = {"/healthz", "/health"}  # for container health checks, which have no key
API_GATEWAY_WAITS_S = 29
FOURTEEN_DAYS_S = 14 * 24 * 3_600
# a person's other names, and settings that are HAETAE_SET's in a stack
ALIASES = ({v.other for v in VARIABLES if v.other} | {v.name for v in VARIABLES if v.setting}) - {
    "HAETAE_MARKETS"
}
LIBRARYS = {"POWERTOOLS_LOG_LEVEL"}  # the logger's own
RUNTIMES = {"AWS_REGION", "AWS_ENDPOINT_URL"}  # set by Lambda, and by LocalStack
DEFAULTED = {"HAETAE_ACCOUNT"}  # one account a stack: the default serves
ENVIRONMENTS: dict[str, type[Environment]] = {
    e.door: e
    for e in (
        ApiEnvironment,
        DailyReportEnvironment,
        KillswitchEnvironment,
        NotifierEnvironment,
        RiskCheckEnvironment,
        TradingCycleEnvironment,
    )
}
PARAMETER = "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter"
PATH = "/haetae/main"  # of the Parameter Store
LOGS = {"logs:CreateLogStream", "logs:PutLogEvents"}
GIVEN = {
    "UpbitBaseUrl": "http://sandbox.example:8080",
    "UpbitAccessKey": "an-access-key",
    "UpbitSecretKey": "a-secret-key",
}

type Template = dict[str, Any]
type Resource = dict[str, Any]


class Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short forms: `!Ref x` is {"Ref": "x"}."""


def short_form(loader: Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    """Return a short form as the long one."""
    name = suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        text = loader.construct_scalar(node)
        return {name: text.split(".") if suffix == "GetAtt" else text}
    assert isinstance(node, yaml.SequenceNode), node
    return {name: loader.construct_sequence(node, deep=True)}


yaml.add_multi_constructor("!", short_form, Loader=Loader)


@cache
def parsed() -> Template:
    """Return the template as it is written."""
    found: Template = yaml.load((REPOSITORY / "template.yaml").read_text("utf-8"), Loader)
    return found


@pytest.fixture
def template() -> Template:
    """The template as CloudFormation reads it."""
    return parsed()


def of_type(template: Template, kind: str) -> dict[str, Resource]:
    """Return the properties of every resource of a type."""
    return {
        name: resource["Properties"]
        for name, resource in template["Resources"].items()
        if resource["Type"] == kind
    }


def serverless(template: Template) -> dict[str, Resource]:
    """Return the functions' properties by their folder."""
    found = of_type(template, "AWS::Serverless::Function")
    return {Path(p["CodeUri"]).name: p for p in found.values()}


def logical(template: Template, door: str) -> str:
    """Return the logical name of a door's function."""
    found = of_type(template, "AWS::Serverless::Function")
    (name,) = [n for n, p in found.items() if Path(p["CodeUri"]).name == door]
    return name


def events(template: Template) -> Iterator[tuple[str, str, Resource]]:
    """Walk (door, event type, event properties) of every function."""
    for door, properties in serverless(template).items():
        for event in properties["Events"].values():
            yield door, event["Type"], event["Properties"]


def granted(template: Template, door: str) -> dict[str, Any]:
    """Return what a door's own role allows: action → resource."""
    role = template["Resources"][serverless(template)[door]["Role"]["Fn::GetAtt"][0]]["Properties"]
    found: dict[str, Any] = {}
    for policy in role["Policies"]:
        for written in policy["PolicyDocument"]["Statement"]:
            statement = written["Fn::If"][1] if "Fn::If" in written else written
            assert statement["Effect"] == "Allow"
            wanted = statement["Action"]
            for name in wanted if isinstance(wanted, list) else [wanted]:
                assert name not in found
                found[name] = statement["Resource"]
    return found


def queue(template: Template, reference: dict[str, list[str]]) -> Resource:
    """Return the queue that an ARN is taken from."""
    name, attribute = reference["Fn::GetAtt"]
    assert attribute == "Arn"
    assert template["Resources"][name]["Type"] == "AWS::SQS::Queue"
    found: Resource = template["Resources"][name]["Properties"]
    return found


# Functions and files


def test_every_folder_is_deployed_and_everything_deployed_has_a_folder(template: Template) -> None:
    assert sorted(serverless(template)) == DOORS
    for door, properties in serverless(template).items():
        assert properties["CodeUri"] == f"functions/{door}/"
    assert template["Globals"]["Function"]["Handler"] == "handler.handler"
    handlers = {door: p["Handler"] for door, p in serverless(template).items() if "Handler" in p}
    assert handlers == {"api": "app.app"}
    for door in DOORS:
        module = handlers.get(door, "handler.handler").partition(".")[0]
        assert (FUNCTIONS / door / f"{module}.py").is_file()


def test_functions_are_short_and_small(template: Template) -> None:
    timeouts = {door: p["Timeout"] for door, p in serverless(template).items()}

    assert timeouts == {
        "api": 28,
        "daily_report": 30,
        "killswitch": 28,
        "notifier": 10,
        "risk_check": 20,
        "trading_cycle": 30,
    }
    for door, kind, _ in events(template):
        assert kind != "Api" or timeouts[door] < API_GATEWAY_WAITS_S
    assert template["Globals"]["Function"]["MemorySize"] == 512
    for properties in serverless(template).values():
        assert "ReservedConcurrentExecutions" not in properties


def test_layers_are_built_from_what_is_there(template: Template) -> None:
    layers = of_type(template, "AWS::Serverless::LayerVersion")
    wanted = template["Globals"]["Function"]["Layers"]

    assert [layer["Ref"] for layer in wanted] == list(layers)
    for name, properties in layers.items():
        makefile = (REPOSITORY / properties["ContentUri"] / "Makefile").read_text("utf-8")
        assert template["Resources"][name]["Metadata"]["BuildMethod"] == "makefile"
        assert f"\nbuild-{name}:\n" in makefile


def test_parameters_allow_what_the_settings_allow(template: Template) -> None:
    allowed = {n: p.get("AllowedValues") for n, p in template["Parameters"].items()}

    assert allowed["Profile"] == list(PROFILES)
    assert allowed["DecisionIntervalMinutes"] == [str(n) for n in UNITS_MIN]
    assert sorted(allowed["Language"]) == sorted(Language)
    assert allowed["Mode"] == ["paper"]
    assert tuple(allowed["LogLevel"]) == SPELLINGS["LOG_LEVEL"].allowed
    assert allowed["Clock"] == ["system", "exchange"]
    for clock in allowed["Clock"]:
        found = RiskCheckEnvironment.read(variables(template, "risk_check", Clock=clock))
        assert found.clock == clock
    assert allowed["Architecture"] == ["x86_64", "arm64"]


def test_keys_are_never_shown(template: Template) -> None:
    for name in ("UpbitAccessKey", "UpbitSecretKey"):
        assert template["Parameters"][name]["NoEcho"] is True
        assert template["Parameters"][name]["Default"] == ""
        assert name not in str(template["Outputs"])


def test_a_stack_without_keys_is_refused_before_it_is_made(template: Template) -> None:
    rule = template["Rules"]["KeysAreSomewhere"]

    assert rule["RuleCondition"] == {"Fn::Equals": [{"Ref": "SecretsPath"}, ""]}
    assert [assertion["Assert"] for assertion in rule["Assertions"]] == [
        {"Fn::Not": [{"Fn::Equals": [{"Ref": name}, ""]}]}
        for name in ("UpbitAccessKey", "UpbitSecretKey")
    ]


# Variables


class Recorded(dict[str, str]):
    """Variables that remember which of them were asked for."""

    def __init__(self, values: dict[str, str]) -> None:
        super().__init__(values)
        self.asked: set[str] = set()

    def get(self, name: str, default: Any = None) -> Any:
        """Look a variable up."""
        self.asked.add(name)
        return super().get(name, default)

    def __getitem__(self, name: str) -> str:
        self.asked.add(name)
        return super().__getitem__(name)


def value_of(template: Template, part: Any, values: dict[str, str]) -> str | None:
    """Return what a reference, substitution or choice comes to; None is no value."""
    if isinstance(part, str):
        return part
    if "Fn::If" in part:
        condition, then, other = part["Fn::If"]
        assert condition == "KeysAreParameters"
        return value_of(template, then if values["SecretsPath"] else other, values)
    if "Ref" in part:
        name = part["Ref"]
        return None if name == "AWS::NoValue" else values.get(name, f"the-{name}")
    text: str = part["Fn::Sub"]
    for name in template["Parameters"]:
        text = text.replace(f"${{{name}}}", values[name])
    assert "${" not in text
    return text


def variables(template: Template, door: str, /, **changed: str) -> Recorded:
    """Return a function's variables as the template sets them."""
    defaults = {n: str(p["Default"]) for n, p in template["Parameters"].items() if "Default" in p}
    values = defaults | GIVEN | changed
    common = template["Globals"]["Function"]["Environment"]["Variables"]
    own = serverless(template)[door]["Environment"]["Variables"]
    assert not common.keys() & own.keys()
    found = {name: value_of(template, part, values) for name, part in (common | own).items()}
    return Recorded({name: text for name, text in found.items() if text is not None})


def test_every_door_has_an_environment_of_its_own() -> None:
    assert sorted(ENVIRONMENTS) == DOORS


@pytest.mark.parametrize("path", ["", PATH])
@pytest.mark.parametrize("door", DOORS)
def test_a_function_has_exactly_the_variables_that_its_door_reads(
    door: str, path: str, template: Template
) -> None:
    found = variables(template, door, SecretsPath=path)

    ENVIRONMENTS[door].read(found)

    assert set(found) - LIBRARYS == found.asked - ALIASES - DEFAULTED - RUNTIMES
    assert set(template["Globals"]["Function"]["Environment"]["Variables"]) == LIBRARYS


@pytest.mark.parametrize("door", DOORS)
def test_an_environment_holds_what_the_code_of_its_door_uses(door: str) -> None:
    ports = {port for port, _method in port_calls(FUNCTIONS / door)}
    environment = ENVIRONMENTS[door]

    assert issubclass(environment, TradingEnvironment) == bool(ports & {"exchange", "clock"})
    assert issubclass(environment, DeskEnvironment) == bool(ports)
    fields = environment.__dataclass_fields__
    assert ("secrets" in fields) == ("exchange" in ports)


def test_the_template_puts_its_own_things_into_the_variables(template: Template) -> None:
    read = TradingCycleEnvironment.read(variables(template, "trading_cycle"))

    assert (read.table, read.topic_arn) == ("the-Table", "the-MessagesTopic")
    assert read.upbit_url == GIVEN["UpbitBaseUrl"]
    for language in Language:
        found = variables(template, "notifier", Language=language)
        assert NotifierEnvironment.read(found).language is language


@pytest.mark.parametrize("door", sorted(set(DOORS) - {"notifier", "daily_report"}))
def test_no_key_is_in_the_variables_where_the_parameter_store_has_it(
    door: str, template: Template
) -> None:
    found = variables(template, door, SecretsPath=PATH)
    read = ENVIRONMENTS[door].read(found)

    assert isinstance(read, TradingEnvironment)
    assert read.secrets == ParameterPath(path=PATH)
    assert not set(KEYS) & set(found)
    assert not any(GIVEN[name] in found.values() for name in ("UpbitAccessKey", "UpbitSecretKey"))


@pytest.mark.parametrize("door", sorted(set(DOORS) - {"notifier"}))
@pytest.mark.parametrize("minutes", UNITS_MIN)
def test_the_interval_and_the_settings_reach_the_functions(
    minutes: int, door: str, template: Template
) -> None:
    found = variables(
        template,
        door,
        DecisionIntervalMinutes=str(minutes),
        Settings="risk.r_per_trade_bps=25",
        Markets="KRW-BTC,KRW-ETH",
        Profile="balanced",
    )
    environment = ENVIRONMENTS[door]
    assert issubclass(environment, DeskEnvironment)
    setup = environment.read(found).setup

    assert setup.interval_s == minutes * 60
    assert setup.rails.r_bps == 25
    assert setup.markets == ("KRW-BTC", "KRW-ETH")
    assert setup.profile == "balanced"


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("level", SPELLINGS["LOG_LEVEL"].allowed)
def test_the_log_level_reaches_the_functions_logger(
    level: str, door: str, template: Template, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in variables(template, door, LogLevel=level).items():
        monkeypatch.setenv(name, text)

    assert Logger(service=f"level-{level}").log_level == getattr(logging, level)


# Rights


@pytest.mark.parametrize("door", DOORS)
def test_a_function_may_do_exactly_what_its_code_calls(door: str, template: Template) -> None:
    needed = actions(FUNCTIONS / door)

    assert set(granted(template, door)) == needed | LOGS | {"sqs:SendMessage"}


def test_the_derived_actions_are_those_one_reads_in_the_code() -> None:
    writes = {f"dynamodb:{n}Item" for n in ("Put", "Update", "Delete", "ConditionCheck")}
    common = {"dynamodb:BatchGetItem", "sns:Publish"}
    keys = {"ssm:GetParameter"}

    assert actions(FUNCTIONS / "trading_cycle") == common | writes | keys
    assert actions(FUNCTIONS / "risk_check") == common | writes | keys
    assert actions(FUNCTIONS / "killswitch") == common | writes | keys
    # It halts the bot when the state cannot be read: that is the update.
    assert actions(FUNCTIONS / "daily_report") == common | {
        "dynamodb:Query",
        "dynamodb:UpdateItem",
    }
    # It reads, and it kills.
    assert actions(FUNCTIONS / "api") == common | writes | keys | {"dynamodb:Query"}
    assert actions(FUNCTIONS / "notifier") == set()


def test_calls_are_followed_through_the_use_cases() -> None:
    assert ("books", "trades") in port_calls(FUNCTIONS / "daily_report")
    assert ("books", "trades") in port_calls(FUNCTIONS / "api")
    assert ("books", "trades") not in port_calls(FUNCTIONS / "risk_check")
    assert ("books", "mark_sending") in port_calls(FUNCTIONS / "risk_check")
    assert ("books", "mark_sending") in port_calls(FUNCTIONS / "api")
    assert ("exchange", "balances") in port_calls(FUNCTIONS / "killswitch")
    assert ("clock", "now_s") in port_calls(FUNCTIONS / "api")
    assert {port for port, _ in port_calls(FUNCTIONS / "daily_report")} == {"books", "messages"}
    assert port_calls(FUNCTIONS / "notifier") == set()
    adapter = REPOSITORY / "layers/core/python/haetae/adapters/dynamodb/books.py"
    assert client_calls(adapter, "DynamoDbBooks", {"load"}) == {"batch_get_item"}
    secrets = REPOSITORY / "layers/core/python/haetae/adapters/secrets.py"
    assert client_calls(secrets, "ParameterSecrets", {"get"}) == {"get_parameter"}
    assert client_calls(adapter, "DynamoDbBooks", {"record"}) == {"transact_write_items", "Put"}


@pytest.mark.parametrize("door", DOORS)
def test_a_function_has_a_role_of_its_own_on_its_own_things(door: str, template: Template) -> None:
    name = logical(template, door).removesuffix("Function")
    function = serverless(template)[door]
    rights = granted(template, door)

    assert function["Role"] == {"Fn::GetAtt": [f"{name}Role", "Arn"]}
    assert "Policies" not in function
    assert "ManagedPolicyArns" not in template["Resources"][f"{name}Role"]["Properties"]
    for action, resource in rights.items():
        service = action.partition(":")[0]
        assert (
            resource
            == {
                "dynamodb": {"Fn::GetAtt": ["Table", "Arn"]},
                "sns": {"Ref": "MessagesTopic"},
                "sqs": {"Fn::GetAtt": [f"{name}DeadLetters", "Arn"]},
                "ssm": [{"Fn::Sub": f"{PARAMETER}${{SecretsPath}}/{key}"} for key in KEYS],
                "logs": {"Fn::GetAtt": [f"{name}Logs", "Arn"]},
            }[service]
        )


def test_the_keys_may_be_read_only_where_they_are_parameters(template: Template) -> None:
    condition = template["Conditions"]["KeysAreParameters"]
    chosen = [
        statement["Fn::If"]
        for properties in of_type(template, "AWS::IAM::Role").values()
        for policy in properties["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
        if "ssm:" in str(statement)
    ]

    assert condition == {"Fn::Not": [{"Fn::Equals": [{"Ref": "SecretsPath"}, ""]}]}
    assert len(chosen) == len([d for d in DOORS if "ssm:GetParameter" in granted(template, d)])
    for name, then, other in chosen:
        assert name == "KeysAreParameters"
        assert then["Action"] == "ssm:GetParameter"
        assert other == {"Ref": "AWS::NoValue"}


def test_no_right_is_a_wildcard(template: Template) -> None:
    for properties in of_type(template, "AWS::IAM::Role").values():
        for policy in properties["Policies"]:
            for statement in policy["PolicyDocument"]["Statement"]:
                assert "*" not in str(statement)


# Nothing is lost


@pytest.mark.parametrize("door", DOORS)
def test_a_failed_event_is_kept_for_fourteen_days(door: str, template: Template) -> None:
    function = serverless(template)[door]
    invoke = function["EventInvokeConfig"]
    failed = invoke["DestinationConfig"]["OnFailure"]

    assert failed["Type"] == "SQS"
    assert queue(template, failed["Destination"])["MessageRetentionPeriod"] == FOURTEEN_DAYS_S
    assert failed["Destination"] == granted(template, door)["sqs:SendMessage"]
    assert invoke["MaximumRetryAttempts"] <= 2
    assert 60 <= invoke["MaximumEventAgeInSeconds"] <= 3_600


def test_an_event_that_reaches_no_function_is_kept_too(template: Template) -> None:
    asynchronous = [(kind, p) for _door, kind, p in events(template) if kind != "Api"]
    targets = {
        "Schedule": lambda p: p["DeadLetterConfig"]["Arn"],
        "SNS": lambda p: p["RedrivePolicy"]["deadLetterTargetArn"],
    }

    assert sorted(kind for kind, _ in asynchronous) == sorted(
        ["SNS", "SNS", *["Schedule"] * len(SCHEDULED)]
    )
    for kind, properties in asynchronous:
        kept = queue(template, targets[kind](properties))
        assert kept["MessageRetentionPeriod"] == FOURTEEN_DAYS_S


def test_the_queue_lets_the_rules_and_the_topic_in(template: Template) -> None:
    policy = of_type(template, "AWS::SQS::QueuePolicy")["UndeliveredEventsPolicy"]
    statements = {s["Principal"]["Service"]: s for s in policy["PolicyDocument"]["Statement"]}
    prefix = "${AWS::StackName}-"
    rules = [p for _door, kind, p in events(template) if kind == "Schedule"]

    assert set(statements) == {"events.amazonaws.com", "sns.amazonaws.com"}
    allowed = statements["events.amazonaws.com"]["Condition"]["ArnLike"]["aws:SourceArn"]
    assert allowed["Fn::Sub"].endswith(f":rule/{prefix}*")
    assert all(rule["Name"]["Fn::Sub"].startswith(prefix) for rule in rules)
    topics = statements["sns.amazonaws.com"]["Condition"]["ArnEquals"]["aws:SourceArn"]
    heard = [p["Topic"] for _door, kind, p in events(template) if kind == "SNS"]
    assert sorted(map(str, topics)) == sorted(map(str, heard))
    for statement in statements.values():
        assert statement["Action"] == "sqs:SendMessage"
        assert "Condition" in statement


def test_every_queue_is_watched(template: Template) -> None:
    alarms = of_type(template, "AWS::CloudWatch::Alarm").values()
    watched = {
        p["Dimensions"][0]["Value"]["Fn::GetAtt"][0] for p in alarms if p["Namespace"] == "AWS/SQS"
    }

    assert watched == set(of_type(template, "AWS::SQS::Queue"))


@pytest.mark.parametrize("door", DOORS)
def test_errors_and_missed_runs_are_alarms(door: str, template: Template) -> None:
    name = {"Ref": logical(template, door)}
    alarms = {
        p["MetricName"]: p
        for p in of_type(template, "AWS::CloudWatch::Alarm").values()
        if p["Dimensions"][0]["Value"] == name
    }

    assert set(alarms) == ({"Errors", "Invocations"} if door in SCHEDULED else {"Errors"})
    for alarm in alarms.values():
        assert alarm["AlarmActions"] == [{"Ref": "MessagesTopic"}]
        assert alarm["Threshold"] == 1
        assert alarm["Statistic"] == "Sum"
    assert alarms["Errors"]["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"
    if door in SCHEDULED:
        assert alarms["Invocations"]["ComparisonOperator"] == "LessThanThreshold"
        assert alarms["Invocations"]["TreatMissingData"] == "breaching"


def test_logs_are_the_functions_own_and_end(template: Template) -> None:
    groups = of_type(template, "AWS::Logs::LogGroup")

    assert len(groups) == len(DOORS)
    for properties in serverless(template).values():
        group = groups[properties["LoggingConfig"]["LogGroup"]["Ref"]]
        assert group["RetentionInDays"] == {"Ref": "LogRetentionDays"}
        assert group["LogGroupName"]["Fn::Sub"] == (
            f"/aws/lambda/{properties['FunctionName']['Fn::Sub']}"
        )


def test_the_table_outlives_mistakes(template: Template) -> None:
    (table,) = of_type(template, "AWS::DynamoDB::Table").values()
    resource = template["Resources"]["Table"]

    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["KeySchema"] == [
        {"AttributeName": "pk", "KeyType": "HASH"},
        {"AttributeName": "sk", "KeyType": "RANGE"},
    ]
    assert {a["AttributeType"] for a in table["AttributeDefinitions"]} == {"S"}
    assert table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True
    ttl = table["TimeToLiveSpecification"]
    assert ttl == {"AttributeName": "expires_at", "Enabled": True}
    assert table["SSESpecification"]["SSEEnabled"] is True
    assert resource["DeletionPolicy"] == resource["UpdateReplacePolicy"] == "Retain"


# The kill switch's roads


def test_the_kill_switch_wants_a_key_and_hears_its_own_topic(template: Template) -> None:
    roads = {kind: p for door, kind, p in events(template) if door == "killswitch"}
    (api,) = of_type(template, "AWS::Serverless::Api").values()

    assert set(roads) == {"Api", "SNS"}
    assert (roads["Api"]["Path"], roads["Api"]["Method"]) == ("/killswitch", "POST")
    assert "Auth" not in roads["Api"]
    assert api["Auth"] == {"ApiKeyRequired": True}
    assert roads["SNS"]["Topic"] == {"Ref": "KillTopic"}
    plan_key = of_type(template, "AWS::ApiGateway::UsagePlanKey")["UsagePlanKey"]
    assert plan_key["KeyId"] == {"Ref": "ApiKey"}
    assert plan_key["UsagePlanId"] == {"Ref": "UsagePlan"}
    (plan,) = of_type(template, "AWS::ApiGateway::UsagePlan").values()
    assert plan["ApiStages"] == [{"ApiId": {"Ref": "Api"}, "Stage": api["StageName"]}]
    made = f"Api{api['StageName']}Stage"  # by the transform: a stage that is only named may be late
    assert template["Resources"]["UsagePlan"]["DependsOn"] == made


def test_no_message_and_no_alarm_of_ours_can_kill(template: Template) -> None:
    for properties in of_type(template, "AWS::CloudWatch::Alarm").values():
        assert {"Ref": "KillTopic"} not in properties["AlarmActions"]
    for door in DOORS:
        assert granted(template, door).get("sns:Publish") != {"Ref": "KillTopic"}


# The API


def test_the_routes_of_the_app_and_of_the_template_are_the_same(template: Template) -> None:
    written = {
        (p["Path"], p["Method"])
        for door, kind, p in events(template)
        if (door, kind) == ("api", "Api")
    }
    served = {(path, method) for path, methods in api_app().routes.items() for method in methods}

    assert written == served
    assert len(served) == 6


def test_every_route_wants_the_key_but_those_of_health_checks(template: Template) -> None:
    called = [p for _door, kind, p in events(template) if kind == "Api"]

    assert {p["RestApiId"]["Ref"] for p in called} == {"Api"}
    for properties in called:
        wanted = {"ApiKeyRequired": False} if properties["Path"] in OPEN else None
        assert properties.get("Auth") == wanted
    assert {p["Path"] for p in called if "Auth" in p} == OPEN


def test_calls_answered_with_an_error_are_an_alarm(template: Template) -> None:
    alarm = of_type(template, "AWS::CloudWatch::Alarm")["ApiServerErrorsAlarm"]
    (api,) = of_type(template, "AWS::Serverless::Api").values()

    assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/ApiGateway", "5XXError")
    assert alarm["Dimensions"] == [{"Name": "ApiName", "Value": api["Name"]}]
    assert alarm["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"
    assert alarm["AlarmActions"] == [{"Ref": "MessagesTopic"}]


def test_the_notifier_hears_the_messages(template: Template) -> None:
    roads = [(kind, p) for door, kind, p in events(template) if door == "notifier"]

    assert [(kind, p["Topic"]) for kind, p in roads] == [("SNS", {"Ref": "MessagesTopic"})]


def test_what_a_person_asks_for_next_is_told(template: Template) -> None:
    told = template["Outputs"]

    assert {"ApiUrl", "ApiKeyId", "TableName", "MessagesTopicArn", "KillTopicArn"} <= set(told)
    for door in DOORS:
        name = logical(template, door)
        assert told[f"{name}Name"]["Value"] == {"Ref": name}


# Schedules


def fires(expression: str, at: datetime) -> bool:
    """Tell whether a rule's cron expression fires in a minute (UTC).

    Of the language: `*`, `?`, a number, and start/step; day of month, month, day of week and
    year must be open.
    """
    assert expression.startswith("cron(")
    assert expression.endswith(")")
    minute, hour, *days = expression[5:-1].split(" ")
    assert days == ["*", "*", "?", "*"], expression
    return matches(minute, at.minute) and matches(hour, at.hour)


def matches(part: str, value: int) -> bool:
    """Tell whether a part of a cron expression holds for a minute or an hour."""
    if part == "*":
        return True
    start, slash, step = part.partition("/")
    if not slash:
        return value == int(start)
    return value >= int(start) and (value - int(start)) % int(step) == 0


def firing(expression: str, days: int = 2) -> list[int]:
    """Return the epoch seconds at which an expression fires in a few days."""
    begin = datetime(2025, 9, 7, tzinfo=UTC)
    minutes = (begin + timedelta(minutes=n) for n in range(days * 24 * 60))
    return [int(at.timestamp()) for at in minutes if fires(expression, at)]


def schedule(template: Template, door: str) -> Any:
    """Return a door's schedule as it is written."""
    (found,) = [p["Schedule"] for d, kind, p in events(template) if (d, kind) == (door, "Schedule")]
    return found


@pytest.mark.parametrize("minutes", UNITS_MIN)
def test_the_cycle_fires_exactly_when_a_candle_closes(minutes: int, template: Template) -> None:
    lookup = schedule(template, "trading_cycle")
    row = template["Mappings"]["DecisionInterval"][str(minutes)]
    times = firing(row["Cron"])

    assert lookup == {
        "Fn::FindInMap": ["DecisionInterval", {"Ref": "DecisionIntervalMinutes"}, "Cron"]
    }
    # Upbit's candles start on multiples of their unit, so the last one closes there.
    assert times == [t for t in range(times[0], times[-1] + 1, 60) if t % (minutes * 60) == 0]
    assert len(times) == 2 * 24 * 60 // minutes
    assert row["PeriodSeconds"] == minutes * 60


def test_the_map_has_every_interval_and_no_other(template: Template) -> None:
    assert list(template["Mappings"]["DecisionInterval"]) == [str(n) for n in UNITS_MIN]


def test_the_risk_check_fires_every_minute_and_the_report_at_nine_in_seoul(
    template: Template,
) -> None:
    seoul = timedelta(hours=9)
    reports = firing(schedule(template, "daily_report"))

    assert len(firing(schedule(template, "risk_check"))) == 2 * 24 * 60
    assert [(datetime.fromtimestamp(t, UTC) + seoul).time().isoformat() for t in reports] == [
        "09:00:00"
    ] * 2


def test_rules_can_be_switched_off_together_with_their_alarms(template: Template) -> None:
    rules = [p for _door, kind, p in events(template) if kind == "Schedule"]

    assert all(rule["State"] == {"Ref": "Schedules"} for rule in rules)
    for name, resource in template["Resources"].items():
        assert (resource.get("Condition") == "Scheduled") == name.endswith("MissedAlarm")


def test_a_missed_run_is_noticed_within_one_period(template: Template) -> None:
    alarms = of_type(template, "AWS::CloudWatch::Alarm")
    lookup = ["DecisionInterval", {"Ref": "DecisionIntervalMinutes"}]

    assert alarms["TradingCycleMissedAlarm"]["Period"] == {
        "Fn::FindInMap": [*lookup, "PeriodSeconds"]
    }
    assert alarms["RiskCheckMissedAlarm"]["Period"] == 60
    assert alarms["DailyReportMissedAlarm"]["Period"] == 24 * 3_600
    for row in template["Mappings"]["DecisionInterval"].values():
        assert row["MissedPeriods"] == (3 if row["PeriodSeconds"] == 60 else 1)


def test_cron_is_read_as_the_rules_read_it() -> None:
    noon = datetime(2025, 9, 7, 12, 5, tzinfo=UTC)

    assert fires("cron(5 12 * * ? *)", noon)
    assert fires("cron(0/5 * * * ? *)", noon)
    assert not fires("cron(0/10 * * * ? *)", noon)
    assert not fires("cron(5 0/5 * * ? *)", noon)
    with pytest.raises(AssertionError):
        fires("rate(1 minute)", noon)
    with pytest.raises(AssertionError):
        fires("cron(0 0 ? * MON *)", noon)
