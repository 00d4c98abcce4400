//! An event loop that hangs up when the last word was heard, and not before: a mark says when.

use switchhook_guest::{CallInfo, Event, Failure, audio, call, events, info, play_samples, playout};

switchhook_guest::handler!(handle);

fn handle(about: CallInfo) -> Result<(), Failure> {
    call::answer()?;
    for event in events() {
        match event {
            Event::Outcome(outcome) if outcome.name == "answer" => {
                outcome.value?;
                play_samples(&audio::tone(440.0, 0.3, about.audio.sample_rate_hz, 2_000))?;
                playout::mark("said")?;
            }
            // `played` is false for what was cleared before it was heard.
            Event::Mark(mark) if mark.name == "said" => {
                info!("heard: {}", mark.played);
                call::close()?;
            }
            _ => {}
        }
    }
    Ok(())
}
