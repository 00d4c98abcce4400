//! Echo: answers and says back what it hears.

use switchhook_guest::{CallInfo, Event, Failure, call, code, events, play};

switchhook_guest::handler!(echo);

fn echo(_call: CallInfo) -> Result<(), Failure> {
    call::answer()?;
    for event in events() {
        let Event::Audio(frame) = event else { continue };
        // Single legs come on channels of their own beside the call's: to echo them too would double the voice.
        if frame.channel != 0 {
            continue;
        }
        match play(&frame.pcm) {
            // The carrier pulls slower than the caller speaks: what does not fit is dropped, and the rest stays in time.
            Err(failure) if failure.is(code::FULL) => {}
            // Commands are refused once the call is over, and `ended` follows.
            Err(failure) if failure.is(code::ENDED) || failure.is(code::NOT_NOW) => {}
            other => drop(other?),
        }
    }
    Ok(())
}
