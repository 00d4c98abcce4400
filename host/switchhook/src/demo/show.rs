//! What a demonstration shows of each handler: who calls it, and who is called. One row a handler.

use std::path::Path;
use std::sync::Arc;

use sim::{Callee, CalleeAnswer, Caller, Step};

use super::caller;

/// What the caller of a voicemail says: speech, 8 kHz.
const MESSAGE: &[u8] = include_bytes!("../../../../plugins/prompts/caller-message.wav");
const MESSAGE_RATE_HZ: u32 = 8_000;

/// One kind of call.
#[derive(Clone, Copy, Debug)]
pub struct Show {
    /// The plugin, as its component's file is called.
    pub plugin: &'static str,
    /// What the caller does, in a sentence.
    pub about: &'static str,
    /// Whether the handler plays back what it hears, so that a round trip can be measured.
    pub echo: bool,
    /// Whether it may record.
    pub records: bool,
    /// What it is configured with.
    pub config: &'static [(&'static str, &'static str)],
    /// The caller of this number, who speaks for so many seconds where that is theirs to choose, at this sample rate; and
    /// the callee.
    pub caller: fn(usize, u32, u32) -> Caller,
}

/// What is shown unless a component is named: side by side, one after another when there are more calls.
pub const SHOWS: [Show; 3] = [
    Show {
        plugin: "echo",
        about: "The caller says tones and hears them come back.",
        echo: true,
        records: false,
        config: &[],
        caller: tones,
    },
    Show {
        plugin: "keypad-menu",
        about: "The caller presses 1 for a person. Nobody picks up, and a message says so.",
        echo: false,
        records: false,
        config: &[("ring_time_s", "3")],
        caller: menu,
    },
    Show {
        plugin: "voicemail",
        about: "The caller speaks into the greeting, which falls silent, then hears the message back.",
        echo: false,
        records: true,
        config: &[],
        caller: message,
    },
];

/// For a handler of which nothing is known.
const OTHER: Show =
    Show { plugin: "", about: "The caller says tones.", echo: false, records: false, config: &[], caller: tones };

/// What there is to show of a component.
pub fn of(component: &Path) -> Show {
    let name = component.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
    SHOWS.into_iter().find(|show| show.plugin == name).unwrap_or(OTHER)
}

fn tones(number: usize, seconds: u32, _sample_rate_hz: u32) -> Caller {
    caller::tones(number, seconds)
}

fn menu(_number: usize, _seconds: u32, _sample_rate_hz: u32) -> Caller {
    let script = vec![Step::WaitAnswered, Step::Wait { ms: 2_000 }, keys("1"), Step::Wait { ms: 30_000 }, Step::HangUp];
    Caller { callee: Callee { answer: CalleeAnswer::Never, ..Callee::default() }, ..Caller::new(script) }
}

fn message(_number: usize, _seconds: u32, sample_rate_hz: u32) -> Caller {
    // The call's rate is a multiple of the recording's: each sample as often as it takes.
    let times = (sample_rate_hz / MESSAGE_RATE_HZ) as usize;
    let words = audio::Wav::read(MESSAGE).map(|wav| wav.samples).unwrap_or_default();
    let words = words.into_iter().flat_map(|sample| std::iter::repeat_n(sample, times));
    Caller::new(vec![
        Step::WaitAnswered,
        Step::Silence { ms: 1_500 },
        Step::Say(Arc::from_iter(words)),
        keys("#"),
        Step::Wait { ms: 1_500 },
        keys("1"),
        Step::Wait { ms: 5_000 },
        Step::HangUp,
    ])
}

/// Keys as a person presses them.
fn keys(keys: &str) -> Step {
    Step::Keys { keys: keys.to_owned(), tone_ms: 120, pause_ms: 120 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_component_can_be_shown() {
        assert!(of(Path::new("plugins/echo.wasm")).echo);
        assert!(of(Path::new("voicemail.wasm")).records);
        for unknown in ["other.wasm", "", "/"] {
            assert!(!of(Path::new(unknown)).echo, "{unknown}");
        }
    }

    #[test]
    fn every_caller_hangs_up_in_the_end_and_says_something() {
        for show in SHOWS {
            let caller = (show.caller)(0, 2, 16_000);
            assert_eq!(caller.script.first(), Some(&Step::WaitAnswered), "{}", show.plugin);
            assert_eq!(caller.script.last(), Some(&Step::HangUp), "{}", show.plugin);
        }
        let said = message(0, 2, 16_000).script.into_iter().find_map(|step| match step {
            Step::Say(samples) => Some(samples),
            _ => None,
        });
        assert!(said.is_some_and(|samples| samples.len() > 16_000), "the recording can be read");
    }
}
