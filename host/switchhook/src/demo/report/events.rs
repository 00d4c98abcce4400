//! What happened in a call, as numbered items that fit on the axis: a command and its outcome are one.

use std::time::Duration;

use call::Happening;

use super::axis::Axis;
use super::text::{self, escape};

/// Rows of numbers on the axis. What finds no place of its own stands on another in the last row.
const LANES_MAX: usize = 6;
/// The width of a number, and of the narrowest plot, in pixels: what decides whether two stand on each other.
const FLAG_PX: f64 = 24.0;
const PLOT_PX_MIN: f64 = 300.0;
/// A second has at least so many pixels: longer calls are scrolled.
pub const SECOND_PX_MIN: f64 = 9.0;

/// How an item looks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// A command that succeeded, or is under way.
    Command,
    /// A command that failed.
    Failure,
    /// A mark that was heard.
    Mark,
    /// A mark that was not.
    MissedMark,
    /// What was queued was dropped.
    Clear,
    /// A warning or a call error.
    Notice,
    /// The end.
    End,
}

impl Kind {
    /// Its class in the page.
    pub fn class(self) -> &'static str {
        match self {
            Kind::Command => "command",
            Kind::Failure => "failure",
            Kind::Mark => "mark",
            Kind::MissedMark => "missed-mark",
            Kind::Clear => "clear",
            Kind::Notice => "notice",
            Kind::End => "end",
        }
    }
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// When it began, counted from the placing of the call.
    pub from: Duration,
    /// When it was over: of commands alone.
    pub until: Option<Duration>,
    /// How it looks.
    pub kind: Kind,
    /// What it was, as HTML.
    pub html: String,
    /// Its row on the axis, from 0.
    pub lane: usize,
}

/// The items of a journal, in the order of their beginning.
pub fn items(journal: &[(Duration, Happening)], sample_rate_hz: u32, axis: Axis) -> Vec<Item> {
    let mut items: Vec<Item> = Vec::new();
    // For each item the command that it waits for.
    let mut open: Vec<(u32, usize)> = Vec::new();
    for (at, what) in journal {
        let (kind, html) = match what {
            Happening::Accepted { command, name } => {
                open.push((*command, items.len()));
                (Kind::Command, format!("<b>{}</b> is under way", escape(name)))
            }
            Happening::Outcome { command, name, failure } => {
                let (kind, went) = outcome(failure.as_deref());
                let began = open.iter().position(|(id, _)| id == command).map(|index| open.swap_remove(index).1);
                if let Some(item) = began.and_then(|index| items.get_mut(index)) {
                    let took = text::length(at.saturating_sub(item.from));
                    item.html = format!("<b>{}</b> {went} after {took}", escape(name));
                    item.until = Some(*at);
                    item.kind = kind;
                    continue;
                }
                (kind, format!("<b>{}</b> {went}", escape(name)))
            }
            Happening::Mark { name, played: true } => (Kind::Mark, format!("mark {} was heard", text::name(name))),
            Happening::Mark { name, played: false } => {
                (Kind::MissedMark, format!("mark {} was not heard", text::name(name)))
            }
            Happening::Cleared { dropped_samples } => {
                let ms = dropped_samples * 1_000 / u64::from(sample_rate_hz.max(1));
                (Kind::Clear, format!("<b>clear</b> dropped {ms} ms of audio"))
            }
            Happening::Warning { code } => (Kind::Notice, format!("warning {}", text::name(code))),
            Happening::CallError { code } => (Kind::Notice, format!("call error {}", text::name(code))),
            Happening::Fault { code, then } => {
                (Kind::Failure, format!("the handler failed with {}: <b>{}</b>", text::name(code), escape(then)))
            }
            Happening::Ended(reason) => (Kind::End, format!("<b>ended</b>: {}", escape(reason.as_str()))),
        };
        items.push(Item { from: *at, until: None, kind, html, lane: 0 });
    }
    place(&mut items, axis);
    items
}

fn outcome(failure: Option<&str>) -> (Kind, String) {
    match failure {
        None => (Kind::Command, "succeeded".to_owned()),
        Some(code) => (Kind::Failure, format!("failed with {}", text::name(code))),
    }
}

/// Gives each item the first row in which it stands on nobody.
fn place(items: &mut [Item], axis: Axis) {
    let flag = FLAG_PX / PLOT_PX_MIN.max(axis.span_s() * SECOND_PX_MIN);
    let mut taken_until: Vec<f64> = Vec::new();
    for item in items {
        // A number at the very end is drawn to the left of its time.
        let from = axis.share(item.from).min(1.0 - flag);
        let until = item.until.map_or(0.0, |until| axis.share(until)).max(from + flag);
        item.lane = match taken_until.iter().position(|taken| *taken <= from) {
            Some(lane) => lane,
            None if taken_until.len() < LANES_MAX => {
                taken_until.push(0.0);
                taken_until.len() - 1
            }
            None => LANES_MAX - 1,
        };
        taken_until[item.lane] = taken_until[item.lane].max(until);
    }
}

#[cfg(test)]
mod tests {
    use call::EndReason;

    use super::*;

    const S: Duration = Duration::from_secs(1);

    fn mark(name: &str) -> Happening {
        Happening::Mark { name: name.into(), played: true }
    }

    #[test]
    fn a_command_and_its_outcome_are_one_item() {
        let journal = [
            (S, Happening::Accepted { command: 1, name: "connect" }),
            (S * 2, Happening::Cleared { dropped_samples: 4_000 }),
            (S * 4, Happening::Outcome { command: 1, name: "connect", failure: Some("CALL_UNANSWERED".into()) }),
            (S * 5, Happening::Accepted { command: 2, name: "close" }),
            (S * 5, Happening::Outcome { command: 7, name: "answer", failure: None }),
            (S * 9, Happening::Ended(EndReason::VoiceLost)),
        ];
        let items = items(&journal, 8_000, Axis::new(S * 9));
        let told: Vec<(Kind, Option<Duration>, &str)> =
            items.iter().map(|item| (item.kind, item.until, item.html.as_str())).collect();
        let expected = [
            (Kind::Failure, Some(S * 4), "<b>connect</b> failed with <bdi>CALL_UNANSWERED</bdi> after 3.00 s"),
            (Kind::Clear, None, "<b>clear</b> dropped 500 ms of audio"),
            (Kind::Command, None, "<b>close</b> is under way"),
            (Kind::Command, None, "<b>answer</b> succeeded"),
            (Kind::End, None, "<b>ended</b>: voice-lost"),
        ];
        assert_eq!(told, expected);
        assert_eq!(items.iter().map(|item| item.lane).collect::<Vec<_>>(), [0, 1, 0, 1, 0]);
    }

    #[test]
    fn names_of_handlers_and_carriers_are_escaped() {
        let journal = [
            (S, mark("<img src=x>")),
            (S, Happening::Warning { code: "<a>".into() }),
            (S, Happening::Outcome { command: 1, name: "answer", failure: Some("\"'&<".into()) }),
        ];
        for item in items(&journal, 8_000, Axis::new(S)) {
            let plain = item.html.replace("<bdi>", "").replace("</bdi>", "").replace("<b>", "").replace("</b>", "");
            assert!(!plain.contains(['<', '>', '"', '\'']), "{}", item.html);
        }
    }

    #[test]
    fn any_number_of_items_stands_in_a_few_rows() {
        let journal: Vec<(Duration, Happening)> = (0..256).map(|_| (S, mark("m"))).collect();
        let items = items(&journal, 0, Axis::new(S * 2));
        assert_eq!(items.len(), 256);
        assert_eq!(items.iter().map(|item| item.lane).max(), Some(LANES_MAX - 1));
        assert!((0..LANES_MAX).all(|lane| items[lane].lane == lane));
    }
}
