//! What time it is, by the clocks that a guest has.

use std::time::{Duration, Instant, SystemTime};

use switchhook_guest::{Event, Failure, call, info, timers};

use crate::support::until_the_end;

/// Logs the calendar, and how much time a timer of five seconds took.
pub(crate) fn read() -> Result<(), Failure> {
    let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    info!("it is {}", since_1970.as_secs());
    let began = Instant::now();
    call::answer()?;
    timers::after(Duration::from_secs(5))?;
    for event in switchhook_guest::events() {
        if let Event::Timer(_) = event {
            info!("{} ms have passed", began.elapsed().as_millis());
            break;
        }
    }
    until_the_end();
    Ok(())
}
