"""Refusals as Upbit words them, and the one exception that carries a refusal to the door.

ApiError            any refusal; the core turns it into an HTTP answer
├── exchange()      name is text            (Upbit docs: rest-api-guide)
└── quotation()     name is the HTTP status
"""

from math import ceil

from upbit_sandbox.base.wire import HTML_HEADERS, TEXT_HEADERS, Response, json_response

MESSAGES: dict[str, tuple[int, str]] = {
    "bad_request": (400, "잘못된 요청입니다."),
    "validation_error": (400, "{detail}"),
    "invalid_parameter": (400, "잘못된 파라미터입니다. {detail}"),
    "create_bid_error": (400, "주문 요청 정보가 올바르지 않습니다. {detail}"),
    "create_ask_error": (400, "주문 요청 정보가 올바르지 않습니다. {detail}"),
    "insufficient_funds_bid": (400, "주문가능한 금액({detail})이 부족합니다."),
    "insufficient_funds_ask": (400, "주문가능한 금액({detail})이 부족합니다."),
    "under_min_total_bid": (400, "최소주문금액 이상으로 주문해주세요. {detail}"),
    "under_min_total_ask": (400, "최소주문금액 이상으로 주문해주세요. {detail}"),
    "over_krw_funds_bid": (
        400,
        "최대 주문 가능 금액 1000000000 KRW 보다 작은 주문을 입력해 주세요.",
    ),
    "over_krw_funds_ask": (
        400,
        "최대 주문 가능 금액 1000000000 KRW 보다 작은 주문을 입력해 주세요.",
    ),
    "invalid_price_bid": (400, "주문가격 단위를 잘못 입력하셨습니다. 확인 후 시도해주세요."),
    "invalid_price_ask": (400, "주문가격 단위를 잘못 입력하셨습니다. 확인 후 시도해주세요."),
    "invalid_volume_bid": (400, "주문수량 단위를 잘못 입력하셨습니다. 확인 후 시도해주세요."),
    "invalid_volume_ask": (400, "주문수량 단위를 잘못 입력하셨습니다. 확인 후 시도해주세요."),
    "invalid_time_in_force": (400, "time_in_force 값이 올바르지 않습니다."),
    "invalid_post_only": (400, "post_only 주문 요청이 올바르지 않습니다. {detail}"),
    "QUERY_PARAMETER_NOT_SUPPORTED": (
        400,
        "이 API는 쿼리 파라미터 형식의 요청만 지원합니다. 요청 본문에 값을 포함할 수 없습니다.",
    ),
    "withdraw_address_not_registered": (400, "등록된 출금 주소가 아닙니다."),
    "duplicated_identifier": (400, "이미 사용된 identifier 입니다."),
    "notfoundmarket": (400, "다음 마켓에 없는 종목입니다: {detail}"),
    "no_authorization_token": (401, "인증 토큰이 없습니다."),
    "invalid_access_key": (401, "잘못된 엑세스 키입니다."),
    "jwt_verification": (401, "Failed to verify Jwt token."),
    "nonce_used": (401, "이미 사용된 nonce 값입니다."),
    "invalid_query_payload": (401, "Failed to verify the query of Jwt."),
    "expired_access_key": (401, "This key has expired."),  # what ccxt knows it by
    "no_authorization_ip": (401, "허용되지 않은 IP 주소입니다."),
    "out_of_scope": (403, "권한이 부족합니다."),
    "open_api_withdraw_locked": (403, "출금이 잠긴 엑세스 키입니다. 모바일 앱에서 해제해 주세요."),
    "market_offline": (403, "점검 중인 마켓입니다: {detail}"),
    "order_not_found": (404, "주문을 찾지 못했습니다."),
    "withdraw_not_found": (404, "출금 정보를 찾지 못했습니다."),
    "deposit_not_found": (404, "입금 정보를 찾지 못했습니다."),
    "currency_not_found": (404, "디지털 자산을 찾지 못했습니다: {detail}"),
    "pocket_not_found": (404, "포켓을 찾지 못했습니다."),
    "internal_server_error": (500, "서버에 오류가 발생했습니다. {detail}"),
}


class ApiError(Exception):
    """A refusal; `status` is HTTP, `name` is text (exchange) or the status (quotation)."""

    def __init__(self, status: int, name: str | int, message: str) -> None:
        """Keep the three parts of the refusal."""
        super().__init__(f"{status} {name}: {message}")
        self.status = status
        self.name = name
        self.message = message

    def response(self) -> Response:
        """Answer with Upbit's error body."""
        return json_response({"error": {"name": self.name, "message": self.message}}, self.status)


def exchange(name: str, detail: str = "") -> ApiError:
    """Make an exchange refusal by its documented name."""
    status, message = MESSAGES[name]
    return ApiError(status, name, message.format(detail=detail).strip())


def quotation(status: int, message: str) -> ApiError:
    """Make a quotation refusal, whose name is the status."""
    return ApiError(status, status, message)


def invalid_value() -> ApiError:
    """Refuse a quotation parameter that is out of range."""
    return quotation(400, "Invalid parameter. Check the given value!")


def wrong_type() -> ApiError:
    """Refuse a quotation parameter that cannot be read."""
    return quotation(400, "Type mismatch error. Check the parameters type!")


def missing_parameter() -> ApiError:
    """Refuse a quotation request without a required parameter."""
    return quotation(400, "Missing request parameter error. Check the required parameters!")


def unknown_code() -> ApiError:
    """Refuse an unknown or delisted market on the quotation side."""
    return quotation(404, "Code not found")


def unknown_path() -> ApiError:
    """Refuse a path that has no route (the live body of this case is not documented)."""
    return quotation(404, "no Route matched with those values")


def wrong_method() -> ApiError:
    """Refuse a method that the path has no route for (not documented either)."""
    return quotation(405, "Method Not Allowed")


def gateway(status: int, words: str) -> Response:
    """Answer with the page of a gateway that could not reach the exchange."""
    page = f"<html><head><title>{status} {words}</title></head><body>{words}</body></html>"
    return Response(status, page.encode(), HTML_HEADERS)


def too_many_requests(blocked_s: float = 0.0, *, form: str = "text") -> Response:
    """Refuse by rate: 429, or 418 for so many more seconds; `form` is "text" or "json".

    Upbit documents neither body, so that no client may assume JSON.
    """
    status, name, message = 429, "too_many_requests", "Too many API requests."
    if blocked_s:
        status, name = 418, "too_many_requests_blocked"
        message = f"Too many API requests. Blocked for {ceil(blocked_s)} seconds."
    if form == "json":
        return ApiError(status, name, message).response()
    return Response(status, message.encode(), TEXT_HEADERS)
