"""The one table of environment names: what each sets, or why it has no effect here.

The plan and the guide name some things differently; a variable has both spellings. What is not
built or not applicable stands here too, with its reason, so that nothing is accepted in silence.
`.env`, `.env.example` and every sentence about a variable read this table and no other.
"""

from typing import Final

from haetae.config.variable import Variable

OWN_EXCHANGE: Final = "the stack trades on paper, at a sandbox exchange with keys of its own"
OWN_STACK: Final = "the stack sets it itself"

TRADING: Final = (
    Variable(
        name="MODE",
        meaning="What orders are: paper, at a sandbox exchange.",
        example="paper",
        allowed=("paper",),
    ),
    Variable(
        name="HAETAE_PROFILE",
        meaning="The rails to start from: plan, conservative, balanced or aggressive.",
        parameter="Profile",
    ),
    Variable(
        name="HAETAE_MARKETS",
        other="TRADING_SYMBOL",
        meaning="The markets that are traded, separated by commas. A backtest trades its candles'.",
        setting="exchange.market",
        parameter="Markets",
    ),
    Variable(
        name="HAETAE_SET",
        meaning="Single settings as key=value,key=value; docs/settings.md lists them.",
        parameter="Settings",
    ),
    Variable(
        name="TRADING_MIN_ORDER_AMOUNT",
        meaning="The smallest order in won.",
        setting="trading.min_order_amount",
        parameter="Settings",
    ),
    Variable(
        name="TRADING_BUY_PERCENTAGE",
        meaning="The largest share of cash in one entry: 0.3 is 30 %.",
        setting="trading.buy_percentage",
        parameter="Settings",
    ),
    Variable(
        name="TRADING_SELL_PERCENTAGE",
        meaning="The share of a position that an exit signal sells: 1.0 is all.",
        setting="trading.sell_percentage",
        parameter="Settings",
    ),
    Variable(
        name="TZ",
        meaning="Where a day and a week begin: always in Seoul.",
        example="Asia/Seoul",
        allowed=("Asia/Seoul",),
        machine=True,
    ),
    Variable(
        name="HAETAE_LANGUAGE",
        meaning="The language of messages: ko or en.",
        allowed=("ko", "en"),
        parameter="Language",
    ),
)

SCHEDULE: Final = (
    Variable(
        name="SCHEDULER_ENABLED",
        meaning="Whether the schedules run: true, or false while you develop.",
        allowed=("true", "false"),
        parameter="Schedules",
    ),
    Variable(
        name="SCHEDULER_INTERVAL_MINUTES",
        meaning="The candle that decides, in minutes: 1, 3, 5, 10, 15, 30, 60 or 240.",
        setting="schedule.decision_interval_minutes",
        parameter="DecisionIntervalMinutes",
    ),
    Variable(
        name="LOG_LEVEL",
        meaning="What the functions log: DEBUG, INFO, WARNING or ERROR.",
        allowed=("DEBUG", "INFO", "WARNING", "ERROR"),
        parameter="LogLevel",
    ),
)

OPERATOR: Final = (
    Variable(
        name="UPBIT_ACCESS_KEY",
        other="UPBIT_API_KEY",
        meaning="The access key that the exchange issued.",
        not_on_stack=OWN_EXCHANGE,
        secret=True,
    ),
    Variable(
        name="UPBIT_SECRET_KEY",
        other="UPBIT_SECRET",
        meaning="The secret key that belongs to it.",
        not_on_stack=OWN_EXCHANGE,
        secret=True,
    ),
    Variable(
        name="HAETAE_SECRETS",
        meaning="Where these two are: env, or ssm:/path for SecureStrings of the Parameter Store.",
        not_on_stack=OWN_EXCHANGE,
    ),
    Variable(
        name="UPBIT_BASE_URL",
        meaning="The address of a sandbox exchange.",
        not_on_stack=OWN_EXCHANGE,
    ),
    Variable(
        name="HAETAE_ACCOUNT",
        meaning="The account in the table; main unless told.",
        not_on_stack=OWN_STACK,
    ),
    Variable(
        name="HAETAE_TABLE", meaning="The DynamoDB table with the books.", not_on_stack=OWN_STACK
    ),
    Variable(
        name="HAETAE_TOPIC_ARN", meaning="The SNS topic of the messages.", not_on_stack=OWN_STACK
    ),
    Variable(
        name="HAETAE_CLOCK",
        meaning="What is taken for now: system, or exchange for a sandbox's virtual clock.",
        allowed=("system", "exchange"),
        not_on_stack=OWN_STACK,
    ),
    Variable(
        name="AWS_ENDPOINT_URL",
        meaning="The address of a LocalStack; empty for AWS.",
        not_on_stack=OWN_STACK,
    ),
    Variable(
        name="AWS_REGION",
        meaning="The region; ap-northeast-2, Seoul, unless told.",
        not_on_stack=OWN_STACK,
    ),
)


def idle(reason: str, meanings: dict[str, str]) -> tuple[Variable, ...]:
    """Return variables that have no effect, for one reason; a secret's value is never shown."""
    return tuple(
        Variable(name=name, meaning=meaning, no_effect=reason, secret=True)
        for name, meaning in meanings.items()
    )


IDLE: Final = (
    *idle(
        "no Telegram channel is built; messages are lines of the notifier's log",
        {
            "TELEGRAM_ENABLED": "Whether messages go to Telegram.",
            "TELEGRAM_BOT_TOKEN": "The token of a Telegram bot.",
            "TELEGRAM_CHAT_ID": "The chat it writes to.",
        },
    ),
    *idle(
        "no Slack channel is built; messages are lines of the notifier's log",
        {"SLACK_WEBHOOK_URL": "The webhook of a Slack channel."},
    ),
    *idle(
        "there is no Sentry; errors are counted and alarmed in CloudWatch",
        {
            "SENTRY_ENABLED": "Whether errors go to Sentry.",
            "SENTRY_DSN": "The address of a Sentry project.",
        },
    ),
    *idle(
        "no AI adviser is built; the rules decide alone",
        {
            "OPENAI_API_KEY": "The key of an OpenAI account.",
            "OPENAI_MODEL": "The model that is asked.",
        },
    ),
    *idle(
        "there is no Postgres; the books are a DynamoDB table",
        {
            "PG_HOST": "The host of a Postgres server.",
            "PG_DB": "Its database.",
            "PG_USER": "Its user.",
            "PG_PASSWORD": "The user's password.",
            "DATABASE_URL": "All of these as one address.",
        },
    ),
    *idle(
        "there is no Redis; conditional writes to DynamoDB take its place",
        {"REDIS_URL": "The address of a Redis server."},
    ),
)

GROUPS: Final[dict[str, tuple[Variable, ...]]] = {
    "What is traded": TRADING,
    "When, and what is logged": SCHEDULE,
    "What `haetae kill`, `stop`, `halt` and `resume` reach; `make up` leaves these alone": OPERATOR,
    "What has no effect here; each says why as soon as it is set": IDLE,
}
VARIABLES: Final = tuple(variable for group in GROUPS.values() for variable in group)
SPELLINGS: Final = {name: variable for variable in VARIABLES for name in variable.spellings}
