//! What several modes need: getting through an answer, tones, and coming to the end.

use switchhook_guest::{CallInfo, CommandId, Event, Failure, call, events, next, play};

/// Answers and waits until that has succeeded. Frames that come before are let go.
pub(crate) fn answered() -> Result<(), Failure> {
    finished(call::answer()?).map(drop)
}

/// Waits for one command's outcome.
pub(crate) fn finished(command: CommandId) -> Result<Option<String>, Failure> {
    for event in events() {
        match event {
            Event::Outcome(outcome) if outcome.command == command => return outcome.value,
            _ => {}
        }
    }
    Err(Failure::new("NO_OUTCOME", format!("the call was over before the outcome of command {command}")))
}

/// Takes events until nothing comes any more.
pub(crate) fn until_the_end() {
    while next().is_some() {}
}

/// Echoes channel 0 until nothing comes any more; what is refused is let go.
pub(crate) fn echo_until_the_end() {
    for event in events() {
        echo(&event);
    }
}

/// Plays an audio event of channel 0 back.
pub(crate) fn echo(event: &Event) {
    if let Event::Audio(frame) = event
        && frame.channel == 0
    {
        drop(play(&frame.pcm));
    }
}

/// A tone of 440 Hz at a quarter of full scale.
pub(crate) fn tone(info: &CallInfo, millis: u32) -> Vec<i16> {
    let rate = info.audio.sample_rate_hz;
    let step = std::f32::consts::TAU * 440.0 / rate as f32;
    (0..rate * millis / 1000).map(|n| ((n as f32 * step).sin() * 8192.0) as i16).collect()
}

/// The code of a refusal, or `OK`.
pub(crate) fn code<T>(result: &Result<T, Failure>) -> &str {
    match result {
        Ok(_) => "OK",
        Err(failure) => &failure.code,
    }
}
