"""Frames at the edge of what the public SDK reads. `capture_frames.py` records what it makes of each."""

import json


def frame(kind, **fields):
    return json.dumps({"type": kind, **fields})


NOTIFY = {
    "sessionId": "s1",
    "channel": "TELCO",
    "remoteAddress": "+15550001111",
    "localAddress": "+15550002222",
    "activity": "RESUME",
    "createdAt": 1700000000,
}
ODD_VALUES = [None, True, 5, 1.5, "text", "", [], [1], {}, {"a": 1}]

MANAGER = [
    # What is missing is defaulted.
    *(frame("session.notify", **{k: v for k, v in NOTIFY.items() if k != left}) for left in NOTIFY),
    frame("session.notify"),
    frame("call.in"),
    frame("call.in", sessionId="s1", url="ws://h/v", token="t"),
    frame("session.closed"),
    frame("wa.msg.in"),
    frame("setup.done"),
    frame("response"),
    # What is unknown is kept.
    frame("session.notify", **NOTIFY | {"channel": "FAX", "activity": "SOMETHING_NEW"}),
    frame("session.closed", sessionId="s1", reason="SOMETHING_NEW"),
    frame("session.notify", **NOTIFY, later="more"),
    frame("a.type.of.tomorrow", sessionId="s1"),
    # What is of another type.
    *(frame("session.notify", **NOTIFY | {"sessionId": odd}) for odd in ODD_VALUES),
    *(frame("session.notify", **NOTIFY | {"activity": odd}) for odd in ODD_VALUES),
    *(frame("session.notify", **NOTIFY | {"createdAt": odd}) for odd in [*ODD_VALUES, "12", "12.0"]),
    *(frame("session.closed", sessionId="s1", reason=odd) for odd in ODD_VALUES),
    *(frame("call.in", sessionId="s1", token=odd) for odd in ODD_VALUES),
    *(frame("wa.msg.in", sessionId="s1", content=odd) for odd in ODD_VALUES),
    *(frame("setup.done", smWsId=odd) for odd in ODD_VALUES),
    *(frame("response", reqId="req-1", ok=odd, content=odd) for odd in ODD_VALUES),
    *(frame("response", reqId="req-1", ok=False, errorCode=odd) for odd in ODD_VALUES),
    *(frame("response", reqId=odd, ok=True) for odd in ODD_VALUES),
    frame("response", reqId="req-1"),
    # What is no frame.
    *(json.dumps(odd) for odd in ODD_VALUES),
    json.dumps({"data": {}}),
    *(json.dumps({"type": odd}) for odd in ODD_VALUES),
]

VOICE = [
    *(frame("buffer_request", data={"requested_bytes": odd}) for odd in ODD_VALUES),
    *(
        frame("buffer_request", data={"requested_bytes": number})
        for number in ["640", " 640 ", "+640", "1_000", "1__0", "_1", "6.4", -1, "-1", 640.9, 0]
    ),
    *(
        frame("buffer_request", data={"requested_bytes": 640, "prefer_audio_frame_bytes": odd})
        for odd in [*ODD_VALUES, "320", -320]
    ),
    *(
        frame("buffer_request", data={"requested_bytes": 640, "channelId": odd})
        for odd in [*ODD_VALUES, "1", -1, 300]
    ),
    frame("buffer_request", data={}),
    *(frame("buffer_request", data=odd) for odd in ODD_VALUES),
    frame("buffer_request"),
    *(frame("call_event", data={"event": odd}) for odd in ODD_VALUES),
    frame("call_event", data={"event": "call.terminated"}),
    frame("call_event", data={"event": "call.error"}),
    frame("call_event", data={"event": "call.error", "error_code": "TTS_SESSION_ERROR"}),
    frame("call_event", data={"event": "call.error", "error_code": 7, "error_message": None}),
    frame("call_event", data={}),
    *(frame("call_event", data=odd) for odd in ODD_VALUES),
    frame("call_event"),
    *(frame("command_response", data={"command_id": "c1", "success": odd}) for odd in ODD_VALUES),
    *(frame("command_response", data={"command_id": odd, "success": True}) for odd in ODD_VALUES),
    *(
        frame("command_response", data={"command_id": "c1", "success": True, "result": odd})
        for odd in ODD_VALUES
    ),
    *(
        frame("command_response", data={"command_id": "c1", "success": False, "error_code": odd})
        for odd in ODD_VALUES
    ),
    frame("command_response", data={"command_id": "c1"}),
    frame("command_response", data={"success": True}),
    frame("command_response"),
    frame("a_type_of_tomorrow", data={}),
    *(json.dumps(odd) for odd in ODD_VALUES),
    json.dumps({"data": {}}),
    *(json.dumps({"type": odd}) for odd in ODD_VALUES),
    "not json",
    "{",
    "",
]
