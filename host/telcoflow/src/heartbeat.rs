//! Pings and pongs of one socket. Rows `WS-5` and `V-18` of `PROTOCOL.md`.

use std::time::{Duration, Instant};

/// Pings at a fixed pause, and no second ping while a pong is owed.
pub(crate) struct Heartbeat {
    pause: Duration,
    patience: Duration,
    ping_at: Instant,
    pong_due: Option<Instant>,
}

/// What is due.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Beat {
    Nothing,
    Ping,
    /// The pong did not come in time.
    Dead,
}

impl Heartbeat {
    pub(crate) fn new(pause_s: u64, patience_s: u64, now: Instant) -> Self {
        let pause = Duration::from_secs(pause_s);
        Self { pause, patience: Duration::from_secs(patience_s), ping_at: now + pause, pong_due: None }
    }

    pub(crate) fn beat(&mut self, now: Instant) -> Beat {
        match self.pong_due {
            Some(due) if due <= now => Beat::Dead,
            None if self.ping_at <= now => {
                self.ping_at = now + self.pause;
                self.pong_due = Some(now + self.patience);
                Beat::Ping
            }
            _ => Beat::Nothing,
        }
    }

    pub(crate) fn pong(&mut self) {
        self.pong_due = None;
    }

    /// The next deadline, and whether it is a pong's.
    pub(crate) fn deadline(&self) -> (Instant, bool) {
        match self.pong_due {
            Some(due) => (due, true),
            None => (self.ping_at, false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ping_each_pause_while_pongs_come() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut heartbeat = Heartbeat::new(20, 20, start);
        assert_eq!(heartbeat.beat(at(19)), Beat::Nothing);
        assert_eq!(heartbeat.beat(at(20)), Beat::Ping);
        assert_eq!(heartbeat.deadline(), (at(40), true));
        heartbeat.pong();
        assert_eq!(heartbeat.deadline(), (at(40), false));
        assert_eq!(heartbeat.beat(at(40)), Beat::Ping);
        assert_eq!(heartbeat.beat(at(59)), Beat::Nothing);
        assert_eq!(heartbeat.beat(at(60)), Beat::Dead);
    }

    #[test]
    fn a_late_wake_up_pings_once() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut heartbeat = Heartbeat::new(30, 10, start);
        assert_eq!(heartbeat.beat(at(1000)), Beat::Ping);
        assert_eq!(heartbeat.beat(at(1000)), Beat::Nothing);
        assert_eq!(heartbeat.deadline(), (at(1010), true));
    }
}
