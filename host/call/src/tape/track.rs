//! One side of a tape: stretches of audio with silence between them, of which the oldest is taken away.

use std::collections::VecDeque;

/// A stretch takes further audio up to this size, in bytes: fewer, larger pieces of memory.
const STRETCH_BYTES: usize = 16 * 1_024;

#[derive(Default)]
pub(crate) struct Track {
    /// Where what is still here starts, in samples since the recording began.
    start: u64,
    pending: u64,
    stretches: VecDeque<Stretch>,
}

/// Silence, then audio.
struct Stretch {
    gap: u64,
    pcm: Vec<u8>,
}

impl Track {
    /// True while there was neither audio nor silence.
    pub(crate) fn is_new(&self) -> bool {
        self.start == 0 && self.pending == 0
    }

    /// Where the next sample goes.
    pub(crate) fn end(&self) -> u64 {
        self.start + self.pending
    }

    /// Whether so much more silence and audio keeps what is pending within a limit, in samples.
    pub(crate) fn fits(&self, gap: u64, pcm: &[u8], samples_max: u64) -> bool {
        self.pending + gap + (pcm.len() / 2) as u64 <= samples_max
    }

    /// Where what was not taken starts.
    pub(crate) fn start(&self) -> u64 {
        self.start
    }

    /// Adds so many samples of silence, then audio.
    pub(crate) fn push(&mut self, gap: u64, pcm: &[u8]) {
        self.pending += gap + (pcm.len() / 2) as u64;
        match self.stretches.back_mut() {
            Some(last) if gap == 0 && last.pcm.len() + pcm.len() <= STRETCH_BYTES => last.pcm.extend_from_slice(pcm),
            _ => self.stretches.push_back(Stretch { gap, pcm: pcm.to_vec() }),
        }
    }

    /// Moves the end so many samples back: silence goes first, the latest before the earlier, then the oldest audio. Returns
    /// the samples of audio that are lost.
    pub(crate) fn shorten(&mut self, samples: u64) -> u64 {
        let mut left = samples.min(self.pending);
        for stretch in self.stretches.iter_mut().rev() {
            let gap = stretch.gap.min(left);
            stretch.gap -= gap;
            self.pending -= gap;
            left -= gap;
        }
        if left > 0 {
            self.drop_oldest(left, &mut []);
        }
        left
    }

    /// Forgets what lies behind a position.
    pub(crate) fn cut(&mut self, to: u64) {
        let mut left = self.end().saturating_sub(to).min(self.pending);
        self.pending -= left;
        while left > 0
            && let Some(last) = self.stretches.back_mut()
        {
            let audio = left.min((last.pcm.len() / 2) as u64);
            last.pcm.truncate(last.pcm.len() - 2 * audio as usize);
            let gap = last.gap.min(left - audio);
            last.gap -= gap;
            left -= audio + gap;
            if last.pcm.is_empty() && last.gap == 0 {
                self.stretches.pop_back();
            }
        }
    }

    /// Takes everything before a position, and silence where nothing came.
    pub(crate) fn take(&mut self, to: u64) -> Vec<u8> {
        let mut out = vec![0; 2 * to.saturating_sub(self.start) as usize];
        self.take_over(to, &mut out);
        out
    }

    /// Takes everything before a position, and lays it over `out`, which is just as long: where nothing came, `out` stays.
    pub(crate) fn take_over(&mut self, to: u64, out: &mut [u8]) {
        let wanted = to.saturating_sub(self.start);
        self.drop_oldest(wanted.min(self.pending), out);
        self.start += wanted;
    }

    /// Takes so many samples, at most what is pending, off the front, and lays them over `out` as far as that reaches.
    fn drop_oldest(&mut self, samples: u64, out: &mut [u8]) {
        let (mut left, mut at) = (samples, 0);
        self.pending -= samples;
        while left > 0
            && let Some(first) = self.stretches.front_mut()
        {
            let gap = first.gap.min(left);
            first.gap -= gap;
            let bytes = first.pcm.len().min(2 * (left - gap) as usize);
            left -= gap + (bytes / 2) as u64;
            at += 2 * gap as usize;
            if let Some(here) = out.get_mut(at..at + bytes) {
                here.copy_from_slice(&first.pcm[..bytes]);
            }
            at += bytes;
            if bytes == first.pcm.len() && first.gap == 0 {
                self.stretches.pop_front();
            } else {
                first.pcm.drain(..bytes);
            }
        }
    }
}
