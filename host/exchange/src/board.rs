//! The calls that are here, for whoever asks, and what all calls of a plugin counted together.
//!
//! A call stands here from its claim to its record. Its task writes when its stage changes and never waits for a reader: a
//! reader copies the list under its lock, then looks at one call after another, each under that call's own lock.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use call::{JournalEntry, Ledger, State, Stats};
use parking_lot::Mutex;
use sandbox::SharedCall;
use tokio::sync::watch;

use crate::chat_board::{ChatBoard, ChatFacts, PostedChat};
use crate::clock::{now, since};
use crate::handover::{Given, GivenCalls};
use crate::mailbox::Post;

/// One call that is here, as seen from outside.
#[derive(Clone, Debug)]
pub struct CallView {
    /// The carrier's call id; the session's until the carrier has told it.
    pub id: String,
    /// The Telcoflow session; empty for a call that was taken over, whose session stays where it was.
    pub session_id: String,
    /// Whose it is.
    pub tenant: String,
    /// What handles it.
    pub plugin: String,
    /// Which version of that.
    pub version: String,
    /// How far the host is with it.
    pub stage: Stage,
    /// Where it stands for its handler. Pending until it has a voice.
    pub state: State,
    /// How long it has been here: since its claim.
    pub here: Duration,
    /// How long its voice socket has been open.
    pub age: Duration,
    /// Processor time of its handler.
    pub cpu: Duration,
    /// How long its handler was parked, since it or its tenant had used up its share of the processor.
    pub parked: Duration,
    /// Percent of a core that its handler may use, if that is limited.
    pub cpu_percent_max: Option<u32>,
    /// What became of its outgoing audio.
    pub ledger: Ledger,
    /// Its counters.
    pub stats: Stats,
}

/// How far the host is with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Its handler is made and its voice socket dialled.
    SettingUp,
    /// It waits for another host to take it.
    Held,
    /// Its voice socket is open.
    Talking,
}

impl Stage {
    /// For people and programs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SettingUp => "setting-up",
            Self::Held => "held",
            Self::Talking => "talking",
        }
    }
}

/// What all calls of one plugin counted, those that are over and those that are here.
#[derive(Clone, Debug, Default)]
pub struct PluginCounts {
    /// Calls that are here.
    pub calls: usize,
    /// Their audio and that of all before them.
    pub stats: Stats,
    /// Processor time of their handlers and of all before them.
    pub cpu: Duration,
    /// How long those were parked.
    pub parked: Duration,
}

/// All calls.
#[derive(Clone)]
pub(crate) struct Board(Arc<Inner>);

struct Inner {
    listed: Mutex<Listed>,
    /// How many calls are claimed and not yet over.
    attending: watch::Sender<usize>,
    keys: AtomicU64,
    /// The same of chats.
    chatting: watch::Sender<usize>,
    chats: Arc<ChatBoard>,
    /// Calls that were given away.
    given: GivenCalls,
    /// Calls whose fault policies do something for the callers while the host stops.
    helped: watch::Sender<usize>,
}

#[derive(Default)]
struct Listed {
    calls: HashMap<u64, Arc<Entry>>,
    /// What calls that are over had counted, by tenant and plugin: as many as there are plugins.
    past: HashMap<(String, String), Past>,
}

#[derive(Clone, Default)]
struct Past {
    stats: Stats,
    cpu_us: u64,
    parked_us: u64,
}

/// What is known of a call from its claim on.
pub(crate) struct Facts {
    pub(crate) session_id: String,
    pub(crate) tenant: String,
    pub(crate) plugin: String,
    pub(crate) version: String,
    pub(crate) cpu_percent_max: Option<u32>,
    pub(crate) mailbox: Post,
}

/// One call on the board.
pub(crate) struct Entry {
    facts: Facts,
    since: Instant,
    cpu_us: AtomicU64,
    parked_us: AtomicU64,
    progress: Mutex<Progress>,
}

struct Progress {
    id: String,
    version: String,
    stage: Stage,
    voice: Option<(SharedCall, Instant)>,
}

/// Counts a call in from its claim to its record.
pub(crate) struct Attending(watch::Sender<usize>);

impl Attending {
    fn begin(count: &watch::Sender<usize>) -> Self {
        count.send_modify(|calls| *calls += 1);
        Self(count.clone())
    }
}

impl Drop for Attending {
    fn drop(&mut self) {
        self.0.send_modify(|calls| *calls -= 1);
    }
}

/// A call's place on the board, which only its task holds. Taken down on drop.
pub(crate) struct Posted {
    board: Board,
    key: u64,
    entry: Arc<Entry>,
    helped: Option<Attending>,
}

impl Default for Board {
    fn default() -> Self {
        let listed = Mutex::default();
        let (attending, chatting, helped) = (watch::Sender::new(0), watch::Sender::new(0), watch::Sender::new(0));
        let (keys, given) = (AtomicU64::new(0), GivenCalls::default());
        Self(Arc::new(Inner { listed, attending, chatting, chats: Arc::default(), helped, keys, given }))
    }
}

impl Board {
    /// Puts a claimed call up.
    pub(crate) fn post(&self, facts: Facts) -> Posted {
        let id = facts.session_id.clone();
        self.enter(&mut self.0.listed.lock(), facts, id)
    }

    /// Puts up a call that was taken over, by the carrier's id; `None` when one of this id is here.
    pub(crate) fn post_taken(&self, facts: Facts, id: String) -> Option<Posted> {
        let mut listed = self.0.listed.lock();
        let here = listed.calls.values().any(|entry| entry.is_called(&id));
        (!here).then(|| self.enter(&mut listed, facts, id))
    }

    fn enter(&self, listed: &mut Listed, facts: Facts, id: String) -> Posted {
        let key = self.0.keys.fetch_add(1, Ordering::Relaxed);
        let version = facts.version.clone();
        let progress = Mutex::new(Progress { id, version, stage: Stage::SettingUp, voice: None });
        let (cpu_us, parked_us) = (AtomicU64::new(0), AtomicU64::new(0));
        let entry = Arc::new(Entry { facts, since: now(), cpu_us, parked_us, progress });
        listed.calls.insert(key, entry.clone());
        Posted { board: self.clone(), key, entry, helped: None }
    }

    /// Calls that were given away.
    pub(crate) fn given(&self) -> &GivenCalls {
        &self.0.given
    }

    /// Counts a claimed call in.
    pub(crate) fn attend(&self) -> Attending {
        Attending::begin(&self.0.attending)
    }

    /// Puts a claimed chat up, and counts it in.
    pub(crate) fn post_chat(&self, facts: ChatFacts) -> PostedChat {
        self.0.chats.post(facts, Attending::begin(&self.0.chatting))
    }

    /// The chats that are here.
    pub(crate) fn chats(&self) -> &ChatBoard {
        &self.0.chats
    }

    /// Waits until there is no chat.
    pub(crate) async fn until_no_chat(&self) {
        let mut chatting = self.0.chatting.subscribe();
        // The sender lives as long as the board, so the wait cannot fail.
        let _ = chatting.wait_for(|chats| *chats == 0).await;
    }

    /// Waits until no call has anything done for it by its fault policy, while the host stops.
    pub(crate) async fn until_none_helped(&self) {
        let mut helped = self.0.helped.subscribe();
        // The sender lives as long as the board, so the wait cannot fail.
        let _ = helped.wait_for(|calls| *calls == 0).await;
    }

    /// How many calls are claimed and not yet over.
    pub(crate) fn attending(&self) -> usize {
        *self.0.attending.borrow()
    }

    /// Waits until there is none.
    pub(crate) async fn until_empty(&self) {
        let mut attending = self.0.attending.subscribe();
        // The sender lives as long as the board, so the wait cannot fail.
        let _ = attending.wait_for(|calls| *calls == 0).await;
    }

    /// The entries as they stand, in no order.
    pub(crate) fn entries(&self) -> Vec<Arc<Entry>> {
        self.0.listed.lock().calls.values().cloned().collect()
    }

    /// What each plugin's calls counted, by tenant and plugin. It never goes back, whichever call ends meanwhile.
    pub(crate) fn counts(&self) -> HashMap<(String, String), PluginCounts> {
        let (past, entries) = {
            let listed = self.0.listed.lock();
            (listed.past.clone(), listed.calls.values().cloned().collect::<Vec<_>>())
        };
        let mut counts: HashMap<_, _> = past.into_iter().map(|(key, past)| (key, PluginCounts::from(past))).collect();
        for entry in entries {
            let key = (entry.facts.tenant.clone(), entry.facts.plugin.clone());
            let counts = counts.entry(key).or_default();
            counts.calls += 1;
            counts.stats += entry.stats();
            counts.cpu += entry.cpu();
            counts.parked += entry.parked();
        }
        counts
    }
}

impl Posted {
    /// The carrier has told the call's id.
    pub(crate) fn name(&self, id: &str) {
        id.clone_into(&mut self.entry.progress.lock().id);
    }

    /// It waits for another host.
    pub(crate) fn hold(&self) {
        self.entry.progress.lock().stage = Stage::Held;
    }

    /// It goes to another host: its id is not this entry's any more.
    pub(crate) fn give(&self, given: Given) {
        self.name(&given.session_id);
        self.board.given().note(given);
    }

    /// It did not go after all.
    pub(crate) fn keep(&self, id: &str) {
        self.board.given().forget(&self.entry.facts.session_id);
        self.name(id);
    }

    /// Its hold is over.
    pub(crate) fn dial(&self) {
        self.entry.progress.lock().stage = Stage::SettingUp;
    }

    /// The voice socket is open.
    pub(crate) fn talk(&self, call: &SharedCall) {
        let mut progress = self.entry.progress.lock();
        progress.stage = Stage::Talking;
        progress.voice = Some((call.clone(), now()));
    }

    pub(crate) fn view(&self) -> CallView {
        self.entry.view()
    }

    pub(crate) fn bill(&self, cpu: Duration) {
        self.entry.cpu_us.store(us(cpu), Ordering::Relaxed);
    }

    pub(crate) fn park(&self, parked: Duration) {
        self.entry.parked_us.store(us(parked), Ordering::Relaxed);
    }

    /// Something is done for its caller while the host stops, until it is over.
    pub(crate) fn help(&mut self) {
        self.helped.get_or_insert_with(|| Attending::begin(&self.board.0.helped));
    }

    /// Another version serves it.
    pub(crate) fn serve_by(&self, version: &str) {
        version.clone_into(&mut self.entry.progress.lock().version);
    }
}

impl Drop for Posted {
    fn drop(&mut self) {
        let (facts, stats) = (&self.entry.facts, self.entry.stats());
        let mut listed = self.board.0.listed.lock();
        listed.calls.remove(&self.key);
        let past = listed.past.entry((facts.tenant.clone(), facts.plugin.clone())).or_default();
        past.stats += stats;
        past.cpu_us = past.cpu_us.saturating_add(self.entry.cpu_us.load(Ordering::Relaxed));
        past.parked_us = past.parked_us.saturating_add(self.entry.parked_us.load(Ordering::Relaxed));
    }
}

impl Entry {
    /// Whether a person who says this id means this call.
    pub(crate) fn is_called(&self, id: &str) -> bool {
        !id.is_empty() && (self.facts.session_id == id || self.progress.lock().id == id)
    }

    /// Whose it is.
    pub(crate) fn tenant(&self) -> &str {
        &self.facts.tenant
    }

    pub(crate) fn mailbox(&self) -> &Post {
        &self.facts.mailbox
    }

    /// What happened in it so far, each with how long after its voice socket was open; and how much was left out.
    pub(crate) fn journal(&self) -> (Vec<(Duration, call::Happening)>, u64) {
        let Some((call, began)) = self.voice() else { return (Vec::new(), 0) };
        let call = call.lock();
        let told = |entry: &JournalEntry| (entry.at.saturating_duration_since(began), entry.what.clone());
        (call.journal().entries().iter().map(told).collect(), call.journal().left_out())
    }

    pub(crate) fn view(&self) -> CallView {
        let (id, version, stage) = {
            let progress = self.progress.lock();
            (progress.id.clone(), progress.version.clone(), progress.stage)
        };
        let voice = self.voice().map(|(call, began)| {
            let call = call.lock();
            (call.state(), call.now().saturating_duration_since(began), call.position(), call.stats())
        });
        let (state, age, ledger, stats) =
            voice.unwrap_or((State::Pending, Duration::ZERO, Ledger::default(), Stats::default()));
        let Facts { session_id, tenant, plugin, cpu_percent_max, .. } = &self.facts;
        CallView {
            id,
            session_id: session_id.clone(),
            tenant: tenant.clone(),
            plugin: plugin.clone(),
            version,
            stage,
            state,
            here: since(self.since),
            age,
            cpu: self.cpu(),
            parked: self.parked(),
            cpu_percent_max: *cpu_percent_max,
            ledger,
            stats,
        }
    }

    fn voice(&self) -> Option<(SharedCall, Instant)> {
        self.progress.lock().voice.clone()
    }

    fn stats(&self) -> Stats {
        self.voice().map_or_else(Stats::default, |(call, _)| call.lock().stats())
    }

    fn cpu(&self) -> Duration {
        Duration::from_micros(self.cpu_us.load(Ordering::Relaxed))
    }

    fn parked(&self) -> Duration {
        Duration::from_micros(self.parked_us.load(Ordering::Relaxed))
    }
}

fn us(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

impl From<Past> for PluginCounts {
    fn from(past: Past) -> Self {
        let (cpu, parked) = (Duration::from_micros(past.cpu_us), Duration::from_micros(past.parked_us));
        Self { calls: 0, stats: past.stats, cpu, parked }
    }
}
