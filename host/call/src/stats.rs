//! What a call counted.

use std::ops::AddAssign;

/// Counters of one call, from its start. Samples and bytes are of all channels together.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Stats {
    /// Audio frames that arrived while the call lived.
    pub frames_in: u64,
    /// Samples in them.
    pub samples_in: u64,
    /// Frames on more unknown channels than are heard: dropped.
    pub frames_unheard: u64,
    /// Samples that the inbox dropped because the handler was late, or the channels too many.
    pub samples_lost: u64,
    /// Odd last bytes of arriving frames that were dropped: half a sample each.
    pub odd_bytes: u64,
    /// Audio frames that left.
    pub frames_out: u64,
    /// Bytes in them, padding included.
    pub bytes_out: u64,
    /// Bytes that the carrier asked for.
    pub bytes_requested: u64,
    /// Bytes of credit that went unused: over the limits of outstanding credit, the odd last byte of a request, or
    /// asked for after the end.
    pub credit_dropped: u64,
    /// Samples of silence that completed the last frame of an utterance.
    pub padding_samples: u64,
    /// The most bytes that waited for the carrier.
    pub playout_bytes_peak: u64,
    /// Commands of the handler that were accepted.
    pub commands: u64,
    /// Interrupts that failed.
    pub interrupts_failed: u64,
    /// Outcomes that named nothing open: late, repeated or unknown.
    pub outcomes_ignored: u64,
    /// Details of outcomes that were too long to keep.
    pub details_dropped: u64,
    /// Warnings and call errors that were counted into one that waited already.
    pub notices_coalesced: u64,
    /// Warnings and call errors that were dropped because too many different ones waited.
    pub notices_dropped: u64,
    /// Samples that are missing in recordings: they came too late, or too far ahead.
    pub tape_lost: u64,
    /// Keys that were dropped because too many waited.
    pub keys_dropped: u64,
    /// What arrived from the carrier after the end (audio frames, keys, errors) and was ignored.
    pub late: u64,
}

/// Of two calls together; the peak is the higher one.
impl AddAssign for Stats {
    fn add_assign(&mut self, other: Self) {
        let Self {
            frames_in,
            samples_in,
            samples_lost,
            odd_bytes,
            frames_out,
            bytes_out,
            bytes_requested,
            credit_dropped,
            padding_samples,
            playout_bytes_peak,
            commands,
            interrupts_failed,
            outcomes_ignored,
            details_dropped,
            notices_coalesced,
            notices_dropped,
            tape_lost,
            keys_dropped,
            late,
            frames_unheard,
        } = other;
        self.frames_in += frames_in;
        self.samples_in += samples_in;
        self.samples_lost += samples_lost;
        self.odd_bytes += odd_bytes;
        self.frames_out += frames_out;
        self.bytes_out += bytes_out;
        self.bytes_requested += bytes_requested;
        self.credit_dropped += credit_dropped;
        self.padding_samples += padding_samples;
        self.playout_bytes_peak = self.playout_bytes_peak.max(playout_bytes_peak);
        self.commands += commands;
        self.interrupts_failed += interrupts_failed;
        self.outcomes_ignored += outcomes_ignored;
        self.details_dropped += details_dropped;
        self.notices_coalesced += notices_coalesced;
        self.notices_dropped += notices_dropped;
        self.tape_lost += tape_lost;
        self.keys_dropped += keys_dropped;
        self.late += late;
        self.frames_unheard += frames_unheard;
    }
}
