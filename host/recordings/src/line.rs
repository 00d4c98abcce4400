//! From a call to a file: what waits, what is written, and how a recording ends.
//!
//! The call's side pushes and never waits. One thread of the pool at a time takes what is there and writes it. What does not fit
//! is left out of the file as a hole, so that everything behind it stays at its time.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use call::{Failure, RecordingFormat, RecordingSink, RecordingTrouble, Stored, code};
use parking_lot::Mutex;
use tokio::sync::oneshot;

use crate::folder::Folder;
use crate::limits::{HOST_QUEUE_BYTES_MAX, QUEUE_BYTES_MAX};
use crate::pool::in_time;
use crate::reference::Reference;
use crate::wav::{DATA_BYTES_MAX, WavFile};

/// Bytes that wait for the disk, of all recordings of a host.
pub(crate) type HostQueue = Arc<AtomicU64>;

/// The call's end of a recording.
pub(crate) struct Sink {
    line: Arc<Line>,
    /// Set when the call has it. Until then dropping it throws the recording away.
    claimed: bool,
    ended: bool,
}

/// What both ends share.
struct Line {
    folder: Arc<Folder>,
    reference: Reference,
    format: RecordingFormat,
    bytes_max: u64,
    state: Mutex<State>,
    /// Locked by the one thread that writes.
    file: Mutex<WavFile>,
}

#[derive(Default)]
struct State {
    pieces: VecDeque<Piece>,
    queued_bytes: u64,
    /// Bytes of the recording so far, what was left out included.
    taken_bytes: u64,
    left_out_bytes: u64,
    /// A thread is at it, or will be.
    scheduled: bool,
    /// Nothing more is recorded, and why.
    over: Option<Failure>,
    troubles: VecDeque<RecordingTrouble>,
    end: Option<End>,
}

enum Piece {
    Pcm(Vec<u8>),
    LeftOut(u64),
}

enum End {
    Keep(Option<oneshot::Sender<Result<(), Failure>>>),
    ThrowAway,
}

impl Sink {
    /// A recording whose file exists.
    pub(crate) fn new(folder: Arc<Folder>, reference: Reference, format: RecordingFormat, file: WavFile) -> Self {
        let limits = &folder.limits;
        let byte_rate = u64::from(format.sample_rate_hz) * frame_bytes(format);
        let bytes_max = limits.recording_bytes_max.min(limits.recording_s_max * byte_rate).min(DATA_BYTES_MAX);
        let (state, file) = (Mutex::default(), Mutex::new(file));
        let line = Line { folder, reference, format, bytes_max, state, file };
        Self { line: Arc::new(line), claimed: false, ended: false }
    }

    /// The call has it.
    pub(crate) fn claim(mut self) -> Self {
        self.claimed = true;
        self
    }

    fn end(&mut self, end: End) {
        if !std::mem::replace(&mut self.ended, true) {
            self.line.state.lock().end = Some(end);
            self.line.schedule();
        }
    }
}

impl RecordingSink for Sink {
    fn write(&mut self, pcm: Vec<u8>) {
        if self.line.push(pcm) {
            self.line.schedule();
        }
    }

    fn trouble(&mut self) -> Option<RecordingTrouble> {
        self.line.state.lock().troubles.pop_front()
    }

    fn finish(mut self: Box<Self>) -> Stored<()> {
        let (told, answer) = oneshot::channel();
        self.end(End::Keep(Some(told)));
        Box::pin(in_time(answer))
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.end(if self.claimed { End::Keep(None) } else { End::ThrowAway });
    }
}

impl Line {
    /// Queues PCM as far as limits allow. False: there is nothing to write.
    fn push(&self, mut pcm: Vec<u8>) -> bool {
        let mut state = self.state.lock();
        if state.over.is_some() || pcm.is_empty() {
            return false;
        }
        let frame = frame_bytes(self.format);
        let room = self.bytes_max.saturating_sub(state.taken_bytes);
        let bytes = (pcm.len() as u64).min(room) / frame * frame;
        if !self.folder.grow(&self.reference, bytes) {
            state.end_by_limit("this plugin's recordings have all the room that they may have: the recording ends");
            return false;
        }
        let cut = bytes < pcm.len() as u64;
        pcm.truncate(bytes as usize);
        state.taken_bytes += bytes;
        if cut {
            state.end_by_limit("the recording is as long as it may be: it ends");
        }
        if state.queued_bytes + bytes > QUEUE_BYTES_MAX || !self.reserve(bytes) {
            state.leave_out(bytes);
        } else {
            state.queued_bytes += bytes;
            state.pieces.push_back(Piece::Pcm(pcm));
        }
        true
    }

    /// Takes room in the host's queue.
    fn reserve(&self, bytes: u64) -> bool {
        let fits = |queued: u64| queued.checked_add(bytes).filter(|queued| *queued <= HOST_QUEUE_BYTES_MAX);
        self.folder.queued.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits).is_ok()
    }

    /// Sees to it that a thread comes. Not to be called with a lock held: it may be this one.
    fn schedule(self: &Arc<Self>) {
        if !std::mem::replace(&mut self.state.lock().scheduled, true) {
            let line = self.clone();
            self.folder.pool.run(move || line.work());
        }
    }

    fn work(&self) {
        let mut file = self.file.lock();
        loop {
            let mut state = self.state.lock();
            let pieces = std::mem::take(&mut state.pieces);
            let failed = state.over.as_ref().is_some_and(|failure| failure.code == code::STORAGE);
            if pieces.is_empty() {
                let end = state.end.take();
                state.scheduled = false;
                drop(state);
                if let Some(end) = end {
                    self.end(end, &mut file);
                }
                return;
            }
            drop(state);
            let written = if failed { Ok(()) } else { write(&mut file, &pieces) };
            let bytes: u64 = pieces.iter().map(Piece::queued_bytes).sum();
            self.folder.queued.fetch_sub(bytes, Ordering::Relaxed);
            let mut state = self.state.lock();
            state.queued_bytes -= bytes;
            if let Err(error) = written {
                state.end_by_disk(&error);
            }
        }
    }

    fn end(&self, end: End, file: &mut WavFile) {
        match end {
            End::Keep(told) => {
                self.folder.ended(&self.reference, Some(file.told_bytes()));
                let state = self.state.lock();
                if state.left_out_bytes > 0 {
                    let bytes = state.left_out_bytes;
                    tracing::info!(reference = ?self.reference, bytes, "a recording has silence where the disk was slow");
                }
                let failed = state.over.clone().filter(|failure| failure.code == code::STORAGE);
                drop(state);
                if let Some(told) = told {
                    // A handler that is gone needs no answer.
                    let _ = told.send(failed.map_or(Ok(()), Err));
                }
            }
            End::ThrowAway => self.folder.throw_away(&self.reference),
        }
    }
}

impl State {
    fn end_by_limit(&mut self, message: &str) {
        self.end(Failure::new(code::FULL, message));
    }

    fn end_by_disk(&mut self, error: &io::Error) {
        let full = matches!(
            error.kind(),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge
        );
        let what = if full { "is full" } else { "failed" };
        // A limit that was reached before is the lesser reason.
        self.over = None;
        self.end(Failure::new(code::STORAGE, format!("the host's disk {what}: the recording ends ({error})")));
    }

    fn end(&mut self, failure: Failure) {
        if self.over.is_none() {
            self.troubles.push_back(RecordingTrouble { failure: failure.clone(), over: true });
            self.over = Some(failure);
        }
    }

    /// Silence in the place of what the disk is too slow for. Told once.
    fn leave_out(&mut self, bytes: u64) {
        if self.left_out_bytes == 0 {
            let failure = Failure::new(code::STORAGE, "the host's disk is slow: parts of the recording are silent");
            self.troubles.push_back(RecordingTrouble { failure, over: false });
        }
        self.left_out_bytes += bytes;
        match self.pieces.back_mut() {
            Some(Piece::LeftOut(before)) => *before += bytes,
            _ => self.pieces.push_back(Piece::LeftOut(bytes)),
        }
    }
}

impl Piece {
    fn queued_bytes(&self) -> u64 {
        match self {
            Piece::Pcm(pcm) => pcm.len() as u64,
            Piece::LeftOut(_) => 0,
        }
    }
}

fn write(file: &mut WavFile, pieces: &VecDeque<Piece>) -> io::Result<()> {
    for piece in pieces {
        match piece {
            Piece::Pcm(pcm) => file.append(pcm)?,
            Piece::LeftOut(bytes) => file.leave_out(*bytes),
        }
    }
    file.tell()
}

fn frame_bytes(format: RecordingFormat) -> u64 {
    u64::from(format.channels.max(1)) * 2
}
