"""Every message in English."""

TEXTS: dict[str, str] = {
    "entry": "Bought {market}: {volume} at {price} KRW, {total} KRW, fee {fee} ({reason})",
    "exit": "Sold {market}: {volume} at {price} KRW, {total} KRW, fee {fee}, profit {pnl} KRW, "
    "{r} R ({reason})",
    "rail": "Rail fired: {rails}; equity {equity} KRW",
    "order_refused": "Upbit refused the {side} order in {market} ({reason}): {note} [{identifier}]",
    "order_unknown": "The fate of the {side} order in {market} ({reason}) is unknown and is being "
    "asked for: {note} [{identifier}]",
    "exchange": "Upbit gives no usable answer for {market}: {error}. No entries; exits are tried",
    "corrupt_state": "The stored state cannot be read and the bot has halted: {error}",
    "mismatch": "The books hold {booked} of {market}, the exchange {held}",
    "alarm": "Alarm {name} is {state}: {description}",
    "halt": "Mode is now {mode}, by {by}: {reason}",
    "kill": "Kill: acknowledged {acknowledged}, flat {flat}, revoked {revoked}, open orders "
    "{open_orders}, positions {positions}",
    "daily_report": "Yesterday: {entries} entries, {exits} exits ({wins} won), profit {pnl} KRW, "
    "{r} R, fees {fees} KRW; equity {equity} KRW, positions {positions}, mode {mode}",
}
