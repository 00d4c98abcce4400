//! What a call counted.

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
