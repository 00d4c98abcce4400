"""Counts the calls of each number for thirty days. Needs the grant ``key_value``."""

import logging

from switchhook_guest import Call, audio, store

MONTH_S = 30 * 24 * 3_600


async def handle(call: Call) -> None:
    await call.answer()
    count = counted(f"calls/{call.info.caller}")
    logging.info("this is call %d of this number", count)
    await call.say(audio.tone(440 if count == 1 else 880, 0.3, call.sample_rate_hz, 500))
    await call.close()


def counted(key: str) -> int:
    """Two calls of one number at once come to two: what came between is seen, and the change is made anew."""
    while True:
        before = store.text(key)
        count = int(before or 0) + 1
        if store.compare_and_set(key, before, str(count), ttl_s=MONTH_S):
            return count
