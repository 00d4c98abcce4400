//! The virtual clock of a test: time passes at once, and all that is due meanwhile happens in its order.

use std::time::Duration;

use tokio::time::interval;

/// Lets so much time pass.
pub async fn pass(time: Duration) {
    let mut clock = interval(time);
    clock.tick().await;
    clock.tick().await;
}

/// Waits until it holds, with a look once a millisecond.
pub async fn until(holds: impl Fn() -> bool) {
    let mut clock = interval(Duration::from_millis(1));
    while !holds() {
        clock.tick().await;
    }
}
