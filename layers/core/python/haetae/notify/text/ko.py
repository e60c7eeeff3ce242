"""Every message in Korean."""

TEXTS: dict[str, str] = {
    "entry": "{market} 매수: {volume}개, 체결가 {price}원, 총 {total}원, 수수료 {fee}원 ({reason})",
    "exit": "{market} 매도: {volume}개, 체결가 {price}원, 총 {total}원, 수수료 {fee}원, "
    "손익 {pnl}원, {r} R ({reason})",
    "rail": "안전장치 발동: {rails}, 평가자산 {equity}원",
    "order_refused": "업비트가 {market} {side} 주문을 거부했습니다 ({reason}): {note} "
    "[{identifier}]",
    "order_unknown": "{market} {side} 주문의 처리 여부를 확인하고 있습니다 ({reason}): {note} "
    "[{identifier}]",
    "exchange": "업비트가 {market}에 대해 쓸 수 있는 응답을 주지 않습니다: {error}. "
    "신규 진입은 멈추고 청산은 계속 시도합니다",
    "corrupt_state": "저장된 상태를 읽을 수 없어 봇을 정지했습니다: {error}",
    "mismatch": "{market} 보유량 불일치: 장부 {booked}, 거래소 {held}",
    "alarm": "경보 {name} 상태 {state}: {description}",
    "halt": "모드가 {mode}(으)로 바뀌었습니다. 실행: {by}, 사유: {reason}",
    "kill": "긴급 정지: 차단 확인 {acknowledged}, 전량 청산 {flat}, 회수 {revoked}건, "
    "미체결 {open_orders}건, 남은 종목 {positions}",
    "daily_report": "어제: 진입 {entries}회, 청산 {exits}회(이익 {wins}회), 손익 {pnl}원, {r} R, "
    "수수료 {fees}원. 평가자산 {equity}원, 보유 {positions}종목, 모드 {mode}",
}
