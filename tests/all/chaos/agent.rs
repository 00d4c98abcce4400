//! A handler in native code that does anything at any moment, and keeps books of all that it is told.
//!
//! What it says is numbered, sample by sample, so that whoever hears it can tell what is missing. Its choices follow from the
//! number that was called, which carries the seed. What is wrong is written into its books for the test to read: a panic
//! here would only end one call.

use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::pin::Pin;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

use ::call::{CommandKind, Event, Failure, Ledger, State};
use fastrand::Rng;
use sandbox::{GuestEnd, SharedCall};

/// The most that one utterance takes, ms.
const UTTERANCE_MS_MAX: usize = 200;
/// It says nothing while more than so many samples wait: what goes missing at once stays under half a round of numbers.
const QUEUED_SAMPLES_MAX: u64 = 4_000;
/// Samples count from 1 to here and over; 0 is silence.
pub(crate) const SAMPLE_MAX: u64 = 32_000;

/// A command of this handler is answered within ten seconds and the five that a silent server gets, and a turn.
const ANSWER_MS_MAX: u64 = 15_100;

/// What became of one guest's call.
#[derive(Clone, Debug, Default)]
pub(crate) struct Books {
    /// What is wrong with what it was told.
    pub(crate) wrong: Vec<String>,
    /// Samples that `play` took.
    pub(crate) taken: u64,
    /// How often it dropped what was queued.
    pub(crate) clears: u32,
    /// What became of its audio, when it was told last.
    pub(crate) ledger: Ledger,
    /// Why its call ended, and how often that was told.
    pub(crate) ends: Vec<&'static str>,
    /// Everything that it was told but audio, in order.
    pub(crate) told: Vec<String>,
    commands: BTreeMap<u32, (&'static str, Instant)>,
    marks: HashMap<String, ()>,
}

/// Whose guest it was: the caller, the session or call, and which host.
type Key = (String, String, usize);
type Shelf = HashMap<Key, Vec<Books>>;

static BOOKS: LazyLock<Mutex<Shelf>> = LazyLock::new(Mutex::default);

/// The books of the guests that served this session of this caller in one host, in their order.
pub(crate) fn books(from: &str, session: &str, host: usize) -> Vec<Books> {
    let mut all = BOOKS.lock().unwrap_or_else(PoisonError::into_inner);
    all.remove(&(from.to_owned(), session.to_owned(), host)).unwrap_or_default()
}

/// How many guests of this caller left books that nobody has read.
pub(crate) fn unread(from: &str) -> usize {
    BOOKS.lock().unwrap_or_else(PoisonError::into_inner).keys().filter(|(whose, ..)| whose == from).count()
}

/// The handler in the first host.
pub(crate) fn handler(call: SharedCall) -> Pin<Box<dyn Future<Output = GuestEnd> + Send>> {
    handler_in(0, call)
}

/// The same in the second.
pub(crate) fn handler_beside(call: SharedCall) -> Pin<Box<dyn Future<Output = GuestEnd> + Send>> {
    handler_in(1, call)
}

fn handler_in(host: usize, call: SharedCall) -> Pin<Box<dyn Future<Output = GuestEnd> + Send>> {
    let (seed, key) = {
        let call = call.lock();
        let session = call.info().fields.iter().find(|(name, _)| name == "session_id").map(|(_, value)| value.clone());
        // A call that was taken over came without its session.
        let session = session.unwrap_or_else(|| call.info().id.clone());
        let digits = call.info().callee.bytes();
        let seed = digits.fold(0, |seed: u64, digit| seed.wrapping_mul(31).wrapping_add(digit.into()));
        (seed, (call.info().caller.clone(), session, host))
    };
    let mut agent =
        Agent { call, random: Rng::with_seed(seed), books: Some(Books::default()), key, next: 0, marks_set: 0 };
    Box::pin(async move { agent.serve().await })
}

struct Agent {
    call: SharedCall,
    random: Rng,
    books: Option<Books>,
    key: Key,
    /// Number of the next sample.
    next: u64,
    marks_set: u32,
}

/// A guest that is dropped leaves its books too.
impl Drop for Agent {
    fn drop(&mut self) {
        let mut all = BOOKS.lock().unwrap_or_else(PoisonError::into_inner);
        let books = self.books.take().unwrap_or_default();
        all.entry(std::mem::take(&mut self.key)).or_default().push(books);
    }
}

impl Agent {
    async fn serve(&mut self) -> GuestEnd {
        let first =
            if self.random.u8(0..8) == 0 { CommandKind::Connect { ring_time_s: 2 } } else { CommandKind::Answer };
        self.command(first);
        let talker = self.random.bool();
        let leaves = self.random.u8(0..12);
        let mut events = 0_u32;
        while let Some(event) = self.call.next().await {
            events += 1;
            self.read(&event);
            match event {
                Event::Audio { .. } if talker => self.say(1),
                Event::Audio { pcm, .. } => self.repeat(&pcm),
                _ => {}
            }
            match (leaves, events) {
                (0, 40..) => return GuestEnd::Returned,
                (1, 60..) => return GuestEnd::Failed(Failure::new("CHAOS", "it gives up")),
                _ => {}
            }
            if self.random.u8(0..16) == 0 {
                self.act();
            }
            self.check();
        }
        self.check();
        GuestEnd::Returned
    }

    fn books(&mut self) -> &mut Books {
        self.books.get_or_insert_default()
    }

    /// Something that a handler may do, legal or not.
    fn act(&mut self) {
        match self.random.u8(0..20) {
            0..4 => {
                let frames = self.random.usize(1..UTTERANCE_MS_MAX / 20);
                self.say(frames);
            }
            4..7 => self.mark(),
            7 => {
                self.books().clears += 1;
                self.call.lock().clear();
            }
            8 => self.call.lock().flush(),
            9..12 => {
                let ms = self.random.u64(0..300);
                // A refused timer is a full table: told at once, and nothing follows.
                let _ = self.call.lock().set_timer(Duration::from_millis(ms), false);
            }
            12 => {
                let samples = self.random.u64(0..8_000);
                self.call.lock().notify_below(samples);
            }
            13 => self.command(CommandKind::Connect { ring_time_s: 1 }),
            14 => self.command(CommandKind::Whisper),
            15 => self.command(CommandKind::Spy),
            16 => self.command(CommandKind::Barge),
            17 if self.random.u8(0..4) == 0 => self.command(CommandKind::Close),
            18 if self.random.u8(0..4) == 0 => self.command(CommandKind::Disconnect),
            _ => self.command(CommandKind::Answer),
        }
    }

    fn command(&mut self, kind: CommandKind) {
        let name = kind.name();
        let (accepted, now) = {
            let mut call = self.call.lock();
            (call.command(kind), call.now())
        };
        if let Ok(id) = accepted
            && self.books().commands.insert(id, (name, now)).is_some()
        {
            self.wrong(format!("two commands have the id {id}"));
        }
    }

    /// So many frames of 20 ms.
    fn say(&mut self, frames: usize) {
        let rate_hz = self.call.lock().info().sample_rate_hz as usize;
        self.play(rate_hz / 50 * frames);
    }

    /// As much as was heard.
    fn repeat(&mut self, pcm: &[u8]) {
        self.play(pcm.len() / 2);
    }

    fn play(&mut self, samples: usize) {
        if self.call.lock().position().queued > QUEUED_SAMPLES_MAX {
            return;
        }
        let numbered: Vec<i16> = (0..samples as u64).map(|index| sample(self.next + index)).collect();
        let played = self.call.lock().play_samples(&numbered);
        if played.is_ok() {
            self.next += samples as u64;
            self.books().taken += samples as u64;
        }
    }

    fn mark(&mut self) {
        self.marks_set += 1;
        let number = self.marks_set;
        let name = format!("{}-{number}", self.next);
        let set = self.call.lock().mark(&name);
        if set.is_ok() {
            self.books().marks.insert(name, ());
        }
    }

    fn read(&mut self, event: &Event) {
        if !self.books().ends.is_empty() {
            self.wrong(format!("{event:?} after the end"));
        }
        let told = match event {
            Event::Audio { .. } => return,
            Event::Outcome { command, name, result } => {
                let now = self.call.lock().now();
                match self.books().commands.remove(command) {
                    Some((open, at)) if open == *name => {
                        let took = now.saturating_duration_since(at);
                        if took > Duration::from_millis(ANSWER_MS_MAX) {
                            self.wrong(format!("{name} {command} took {took:?}"));
                        }
                    }
                    _ => self.wrong(format!("an outcome of nothing that is open: {name} {command}")),
                }
                format!("{name} {:?}", result.as_ref().map_err(|failure| failure.code.as_ref()).map(|_| ()))
            }
            Event::Mark { name, played } => {
                if self.books().marks.remove(name).is_none() {
                    self.wrong(format!("a mark that was not set, or was told before: {name}"));
                }
                format!("mark {name} {played}")
            }
            Event::Ended(reason) => {
                self.books().ends.push(reason.as_str());
                format!("ended {}", reason.as_str())
            }
            Event::Warning(failure) | Event::CallError(failure) => failure.code.to_string(),
            other => format!("{other:?}"),
        };
        self.books().told.push(told);
    }

    /// The ledger adds up at every moment, and after the end nothing is open.
    fn check(&mut self) {
        let (ledger, state) = {
            let call = self.call.lock();
            (call.position(), call.state())
        };
        let before = std::mem::replace(&mut self.books().ledger, ledger);
        let taken = self.books().taken;
        if ledger.sent + ledger.queued + ledger.dropped != taken {
            self.wrong(format!("{ledger:?} does not add up to {taken}"));
        }
        if ledger.heard > ledger.sent || ledger.heard < before.heard || ledger.sent < before.sent {
            self.wrong(format!("{ledger:?} after {before:?}"));
        }
        if state == State::Ended && ledger.queued > 0 {
            self.wrong(format!("{ledger:?} waits after the end"));
        }
        let books = self.books();
        let open = books.commands.len() + books.marks.len();
        if !books.ends.is_empty() && open > 0 {
            let left = format!("{:?} and {} marks are open after the end", books.commands, books.marks.len());
            self.wrong(left);
        }
    }

    fn wrong(&mut self, what: String) {
        self.books().wrong.push(what);
    }
}

/// The sample of this number.
fn sample(number: u64) -> i16 {
    (number % SAMPLE_MAX) as i16 + 1
}

/// Reads what came of numbered samples: how many there are, and how many are missing between them. `None`: out of order.
pub(crate) fn heard(raw: &[u8]) -> Option<(u64, u64)> {
    let samples = raw.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).filter(|sample| *sample != 0);
    let (mut count, mut missing, mut next) = (0, 0, 0_u64);
    for sample in samples {
        if sample < 1 {
            return None;
        }
        // A gap is shorter than a whole round of numbers, so that what stands behind it is told from what was before.
        let gap = (sample as u64 - 1 + SAMPLE_MAX - next % SAMPLE_MAX) % SAMPLE_MAX;
        if gap > SAMPLE_MAX / 2 {
            return None;
        }
        missing += gap;
        next += gap + 1;
        count += 1;
    }
    Some((count, missing))
}
