"""The environment of each door: a class of its own with exactly the variables that it uses.

Environment
├── NotifierEnvironment
└── DeskEnvironment              an account, its books and its messages
    ├── DailyReportEnvironment
    └── TradingEnvironment       the exchange, its keys and the time as well
        ├── TradingCycleEnvironment
        ├── RiskCheckEnvironment
        ├── KillswitchEnvironment
        ├── ApiEnvironment
        └── OperatorEnvironment
"""
