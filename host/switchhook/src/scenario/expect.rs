//! What must hold: the data.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use sim::Party;

use super::Line;
use super::others::{Opened, Requested, Sent};

/// All that must hold in a call.
#[derive(Clone, Debug, Default)]
pub struct Expectations {
    /// The handler's commands in order, each `name` or `name CODE`, without clears.
    pub commands: Option<(Line, Vec<String>)>,
    /// Why the call ended, as the handler is told.
    pub end: Option<(Line, String)>,
    /// How the call ended for the caller, in the simulator's words.
    pub outcome: Option<(Line, String)>,
    /// How the handler ended. None: it returned, or never ran.
    pub handler: Option<(Line, String)>,
    /// What the message of its end contains.
    pub handler_says: Option<(Line, String)>,
    /// How often queued audio was taken back, at least and at the most.
    pub clears: Option<(Line, Range<u64>)>,
    /// How many files were recorded.
    pub recordings: Option<(Line, u64)>,
    /// Keys and values that the plugin remembers when the call is over.
    pub remembers: (Line, Vec<(String, String)>),
    /// Keys that it does not.
    pub forgets: Vec<(Line, String)>,
    /// Texts that stand in the log.
    pub log: Vec<(Line, String)>,
    /// Texts that do not.
    pub no_log: Vec<(Line, String)>,
    /// What was heard.
    pub heard: Vec<Heard>,
    /// Where it fell silent.
    pub silence: Vec<Silence>,
    /// What is in the recordings.
    pub recorded: Vec<Recorded>,
    /// What was sent over WebSockets.
    pub sent: Vec<Sent>,
    /// Which WebSockets were opened.
    pub opened: Vec<Opened>,
    /// What was asked over HTTP.
    pub requested: Vec<Requested>,
}

/// Something that a party hears, or not.
#[derive(Clone, Debug)]
pub struct Heard {
    /// Where it stands.
    pub line: Line,
    /// Who hears it.
    pub by: Party,
    /// Whether the other party's voice is in it.
    pub ear: bool,
    /// What.
    pub sound: Sound,
    /// How often. None: at least once.
    pub times: Option<u64>,
    /// Counted from the beginning of this step, not from that of hearing.
    pub after: Option<String>,
    /// Where, ms.
    pub place_ms: Range<u64>,
}

/// What is heard.
#[derive(Clone, Debug)]
pub enum Sound {
    /// A file, as likely as this.
    File {
        /// As it is named.
        name: PathBuf,
        /// At the rate at which sounds are looked for.
        samples: Arc<[i16]>,
        /// From 0 to 1.
        likeness_min: f64,
    },
    /// A tone that holds this share of all that is heard, in percent.
    Tone {
        /// Its pitch.
        hz: u32,
        /// Its share of the energy.
        share_percent_min: u32,
    },
    /// Anything of a level, dB below full scale.
    Level {
        /// At least.
        dbfs_min: Option<i64>,
        /// At the most.
        dbfs_max: Option<i64>,
    },
    /// What the caller said, as an echo.
    Echo,
}

/// It falls silent when a step begins to be heard.
#[derive(Clone, Debug)]
pub struct Silence {
    /// Where it stands.
    pub line: Line,
    /// Who hears it.
    pub by: Party,
    /// The step whose first loud sample counts.
    pub after: String,
    /// So much later at the most.
    pub within_ms: u64,
    /// For so long.
    pub for_ms: u64,
    /// What counts as silence.
    pub dbfs_max: i64,
}

/// What is in a recording.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// Where it stands.
    pub line: Line,
    /// What: a file's sound.
    pub sound: Sound,
    /// How often in all files. None: at least once.
    pub times: Option<u64>,
    /// Where in its file, ms.
    pub place_ms: Range<u64>,
}
