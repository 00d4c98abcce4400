//! What became of the calls of a world, in all its hosts, and what must hold of each.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use ::call::{EndReason, Stats};
use exchange::CallRecord;
use sim::{CallReport, Milestone};
use switchhook_tests::world::World;

use super::agent::{self, Books};

/// A failed assertion names its case and how to repeat it.
macro_rules! holds {
    ($case:expr, $condition:expr, $($what:tt)+) => {
        if !$condition {
            let Case { seed, call } = $case;
            let what = format!($($what)+);
            panic!("{what}\nseed {seed}, call {call}: repeat with SWITCHHOOK_SEED={seed} cargo xtask test chaos::native_of_seed_{seed}");
        }
    };
}

pub(super) use holds;

#[derive(Clone, Copy)]
pub(super) struct Case {
    pub(super) seed: u64,
    pub(super) call: u64,
}

/// What the hosts wrote down, by what is known of a call and by the host.
pub(super) struct Written {
    pub(super) sessions: BTreeMap<(String, usize), Vec<CallRecord>>,
    /// Calls that were taken over came without their sessions.
    pub(super) moved: BTreeMap<(String, usize), Vec<CallRecord>>,
    hosts: usize,
}

/// A call as one host had it, and what its guest was told if it had one.
pub(super) struct Served {
    record: CallRecord,
    books: Option<Books>,
}

impl Written {
    pub(super) fn of(hosts: &mut [World]) -> Self {
        let mut written = Self { sessions: BTreeMap::new(), moved: BTreeMap::new(), hosts: hosts.len() };
        for (index, host) in hosts.iter_mut().enumerate() {
            while let Some(record) = host.try_record() {
                let (by, key) = match record.session_id.is_empty() {
                    true => (&mut written.moved, record.id.clone()),
                    false => (&mut written.sessions, record.session_id.clone()),
                };
                by.entry((key, index)).or_default().push(record);
            }
        }
        written
    }

    /// All that became of a session, with the books of its guests.
    pub(super) fn take(&mut self, case: Case, mine: &str, session: &str) -> Vec<Served> {
        let mut served = Vec::new();
        let mut gone = BTreeSet::new();
        for host in 0..self.hosts {
            let records = self.sessions.remove(&(session.to_owned(), host)).unwrap_or_default();
            gone.extend(records.iter().filter(|end| end.end == EndReason::HandedOver).map(|end| end.id.clone()));
            served.extend(pair(case, records, agent::books(mine, session, host)));
        }
        for (id, host) in gone.iter().flat_map(|id| (0..self.hosts).map(move |host| (id, host))) {
            let records = self.moved.remove(&(id.clone(), host)).unwrap_or_default();
            served.extend(pair(case, records, agent::books(mine, id, host)));
        }
        served
    }
}

/// The guests of one host and session, in their order.
fn pair(case: Case, records: Vec<CallRecord>, books: Vec<Books>) -> Vec<Served> {
    let talked = records.iter().filter(|record| record.stats.is_some()).count();
    holds!(case, talked == books.len(), "{} guests served {records:?}", books.len());
    let mut books = books.into_iter();
    let pair = |record: CallRecord| Served { books: record.stats.and_then(|_| books.next()), record };
    records.into_iter().map(pair).collect()
}

/// What holds for every call, whatever happened to it. Announced anew it may have been taken more than once.
pub(super) fn check(case: Case, report: &CallReport, served: &[Served]) {
    let records = || served.iter().map(|served| &served.record).collect::<Vec<_>>();
    let pull = &report.pull;
    let unasked = (pull.overrun_bytes, pull.odd_frames, pull.stray_frames, report.bad_frames);
    holds!(case, unasked == (0, 0, 0, 0), "sent what nobody asked for: {report:?}");
    let claimed = report.timeline.at(Milestone::Claimed).is_some();
    holds!(case, claimed || served.is_empty(), "a record of a call that nobody claimed: {:?}", records());
    let talked = served.iter().filter(|served| served.books.is_some()).count();
    holds!(case, talked <= report.voice_sockets as usize, "more calls than sockets: {:?}", records());
    let mut sum = Stats::default();
    for served in served {
        served.check(case);
        let stats = served.record.stats.unwrap_or_default();
        sum.bytes_out += stats.bytes_out;
        sum.bytes_requested += stats.bytes_requested;
        sum.samples_in += stats.samples_in;
    }
    // What was on its way when a socket broke is missing at its receiver, and nothing was made up.
    holds!(case, sum.bytes_requested <= pull.bytes_requested, "{sum:?}, {pull:?}");
    holds!(case, sum.bytes_out >= pull.bytes_received, "{sum:?}, {pull:?}");
    holds!(case, sum.samples_in * 2 <= report.bytes_sent + 2, "{sum:?}, {} bytes sent", report.bytes_sent);
    let mut books = served.iter().filter_map(|served| served.books.as_ref());
    if let (Some(only), None) = (books.next(), books.next()) {
        check_heard(case, report, only);
    }
}

impl Served {
    pub(super) fn check(&self, case: Case) {
        match (&self.books, &self.record.stats) {
            (Some(books), Some(stats)) => check_guest(case, &self.record, stats, books),
            _ => {
                let early = [EndReason::SessionClosed, EndReason::VoiceUnreachable, EndReason::HandedOver];
                holds!(case, early.contains(&self.record.end), "{:?}", self.record);
            }
        }
    }
}

fn check_guest(case: Case, record: &CallRecord, stats: &Stats, books: &Books) {
    holds!(case, books.wrong.is_empty(), "{:#?}", books.wrong);
    let dropped_or_left = record.guest.as_ref().is_none_or(|end| end.is_fault()) || books.ends.is_empty();
    let ended_once = books.ends.as_slice() == [record.end.as_str()];
    holds!(case, ended_once || dropped_or_left, "told {:?} of {record:?}", books.ends);
    holds!(case, books.ends.len() <= 1, "ended {:?}", books.ends);
    holds!(case, stats.bytes_out <= stats.bytes_requested, "{stats:?}");
    let padded = stats.bytes_out / 2 - stats.padding_samples;
    holds!(case, padded >= books.ledger.sent && padded <= books.taken, "{stats:?}, {:?}", books.ledger);
    let ends = record.journal.iter().filter(|(_, what)| matches!(what, ::call::Happening::Ended(_))).count();
    holds!(case, ends == 1, "{ends} ends in the journal of {record:?}");
}

/// The caller's side has of the numbered samples a prefix, with gaps where something was taken back or a socket broke.
fn check_heard(case: Case, report: &CallReport, books: &Books) {
    let heard = agent::heard(&report.heard_raw);
    holds!(case, heard.is_some(), "what was said came out of order");
    let Some((count, missing)) = heard else { return };
    holds!(case, count + missing <= books.taken, "{count} heard and {missing} missing of {}", books.taken);
    let whole = books.clears == 0 && report.voice_sockets == 1;
    holds!(case, missing == 0 || !whole, "{missing} samples are missing, and nothing was cleared or cut");
    holds!(case, books.ledger.heard <= books.taken, "{:?}", books.ledger);
}

pub(super) fn hash(report: &CallReport, served: &[Served]) -> u64 {
    let mut hasher = DefaultHasher::new();
    report.transcript.lines().iter().for_each(|line| format!("{line:?}").hash(&mut hasher));
    format!("{:?} {:?} {:?}", report.outcome, report.timeline, report.pull).hash(&mut hasher);
    report.heard_raw.hash(&mut hasher);
    hash_of(served).hash(&mut hasher);
    hasher.finish()
}

pub(super) fn hash_of(served: &[Served]) -> u64 {
    let mut hasher = DefaultHasher::new();
    for Served { record, books } in served {
        let CallRecord { id, end, guest, trouble, setup, duration, stats, journal, .. } = record;
        format!("{id} {end:?} {guest:?} {trouble:?} {setup:?} {duration:?} {stats:?} {journal:?}").hash(&mut hasher);
        if let Some(books) = books {
            format!("{:?} {} {:?}", books.told, books.taken, books.ledger).hash(&mut hasher);
        }
    }
    hasher.finish()
}

pub(super) fn hash_text(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}
