//! Answers and says back what it hears.

use switchhook_guest::{CallInfo, Event, Failure, call, events, play};

switchhook_guest::handler!(handle);

fn handle(_call: CallInfo) -> Result<(), Failure> {
    call::answer()?;
    for event in events() {
        if let Event::Audio(frame) = event {
            // Refused once the call is over, and when too much waits: then this frame is dropped.
            let _ = play(&frame.pcm);
        }
    }
    Ok(())
}
