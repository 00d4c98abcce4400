//! What must be refused, and with which code.

use switchhook_guest::recording::Side;
use switchhook_guest::{
    CallInfo, Failure, Payload, call, calls, config, http, info, key_value, play, playout, recording, timers, warn,
    websocket,
};

use crate::support::{answered, code, tone, until_the_end};

/// Calls everything that needs a grant. Logs `not-granted ok`, or a warning for each function that answered otherwise.
pub(crate) fn not_granted() -> Result<(), Failure> {
    let answers = [
        ("recording.start", recording::start(Side::Both).map(drop)),
        ("recording.stop", recording::stop()),
        ("recording.play", recording::play("none")),
        ("recording.delete", recording::delete("none")),
        ("websocket.open", websocket::open("wss://example.com/", &[]).map(drop)),
        ("http.request", http::request("GET", "https://example.com/", &[], &[]).map(drop)),
        ("key-value.get", key_value::get("key").map(drop)),
        ("key-value.set", key_value::set("key", b"value", None)),
        ("key-value.delete", key_value::delete("key")),
        ("key-value.compare-and-set", key_value::compare_and_set("key", None, b"value", None).map(drop)),
        ("calls.place", calls::place("+15550100", "echo").map(drop)),
        ("calls.begin-chat", calls::begin_chat("+15550100", "echo").map(drop)),
    ];
    let mut wrong = 0;
    for (function, answer) in &answers {
        if code(answer) != "NOT_GRANTED" {
            wrong += 1;
            warn!("not-granted {function} answered {}", code(answer));
        }
    }
    // No socket can exist, so this has nothing to name: some refusal, but never taken.
    if websocket::send(1, &Payload::Text("text".to_owned())).is_ok() {
        wrong += 1;
        warn!("not-granted websocket.send answered OK");
    }
    websocket::close(1, 1000, "bye");
    http::cancel(1);
    if wrong == 0 {
        info!("not-granted ok");
    }
    answered()?;
    until_the_end();
    Ok(())
}

/// Wrong states and bad arguments, each logged as `odd MOMENT FUNCTION CODE`. Some of it is legal (`OK`): a test
/// compares the whole list.
pub(crate) fn odd_play(call_info: &CallInfo) -> Result<(), Failure> {
    let frame = tone(call_info, 20);
    let bytes: Vec<u8> = frame.iter().flat_map(|sample| sample.to_le_bytes()).collect();

    let odd = |function: &str, code: &str| info!("odd pending {function} {code}");
    odd("play", code(&play(&bytes)));
    odd("whisper", code(&call::whisper()));
    odd("barge", code(&call::barge()));
    odd("spy", code(&call::spy()));
    odd("connect-0", code(&call::connect(0)));
    odd("connect-121", code(&call::connect(121)));
    odd("transfer", code(&call::transfer("+15550100", 5)));
    odd("send-digits", code(&call::send_digits("12#")));
    odd("mark-129-bytes", code(&playout::mark(&"m".repeat(129))));
    odd("timer-every-0", code(&timers::every(std::time::Duration::ZERO)));
    timers::cancel(u32::MAX);

    answered()?;
    let odd = |function: &str, code: &str| info!("odd answered {function} {code}");
    odd("answer", code(&call::answer()));
    odd("whisper", code(&call::whisper()));
    odd("play-odd", code(&play(&bytes[..bytes.len() - 1])));
    odd("play-one-byte", code(&play(&bytes[..1])));
    odd("play-nothing", code(&play(&[])));
    odd("play", code(&play(&bytes)));
    odd("play-600000-bytes", code(&play(&vec![0; 600_000])));
    odd("play-600000-bytes-more", code(&play(&vec![0; 600_000])));
    playout::clear();
    odd("play-after-clear", code(&play(&bytes)));
    odd("mark-no-name", code(&playout::mark("")));
    odd("mark-128-bytes", code(&playout::mark(&"m".repeat(128))));
    odd("send-digits-none", code(&call::send_digits("")));
    playout::notify_below(u64::MAX);
    playout::notify_below(0);

    until_the_end();
    let odd = |function: &str, code: &str| info!("odd ended {function} {code}");
    odd("answer", code(&call::answer()));
    odd("close", code(&call::close()));
    odd("disconnect", code(&call::disconnect()));
    odd("play", code(&play(&bytes)));
    odd("mark", code(&playout::mark("late")));
    odd("timer", code(&timers::after(std::time::Duration::from_millis(1))));
    playout::flush();
    playout::clear();
    info!("odd state {}", call::state());
    Ok(())
}

/// Gives up by the `ENDED` of a command that comes too late.
pub(crate) fn late() -> Result<(), Failure> {
    answered()?;
    until_the_end();
    call::close().map(drop)
}

/// One play of `bytes` (16 MiB): more than any playout holds. Logs `huge-play CODE`.
pub(crate) fn huge_play() -> Result<(), Failure> {
    answered()?;
    let bytes = config::parse("bytes").unwrap_or(16 << 20);
    info!("huge-play {}", code(&play(&vec![0; bytes])));
    until_the_end();
    Ok(())
}
