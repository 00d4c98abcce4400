//! Memory that a call's next turn will touch is asked for before the turn needs it.
//!
//! Between two frames of one call the thread serves hundreds of others, and the kernel their sockets. What belongs to the
//! call is out of the caches by then, and so are the page tables that say where it is: each page that is touched for the first
//! time costs a walk through them. Asked for at once, when the turn begins, the walks overlap, and the lines arrive while the
//! socket is read. Where things lie is known from the turn before. These are hints: one that is wrong costs a little time,
//! and nothing else.

use std::hint::black_box;
use std::ptr;

/// Pieces that a guest needs.
pub const NEAR_PIECES: usize = 6;
/// A page, in bytes.
const PAGE_BYTES: usize = 4_096;
/// What one fetch brings, in bytes.
const LINE_BYTES: usize = 64;

/// What the engine keeps in front of a guest's state and touches for each call into the host, in bytes.
const ENGINE_BYTES: usize = 1_024;
/// What compilers by LLVM put right below a program's data: its stack, which grows downwards. Bytes of its top.
const TOP_BYTES: usize = 256;
/// The pages of a guest's own memory, in bytes. Data begins with one.
const WASM_PAGE_BYTES: usize = 64 << 10;

/// A piece of memory: by its address, which may mean nothing any more when it is asked for. No longer than a page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Piece {
    at: usize,
    bytes: usize,
}

impl Piece {
    /// Where this value lies.
    pub fn of<T: ?Sized>(value: &T) -> Self {
        Self { at: ptr::from_ref(value).addr(), bytes: size_of_val(value).min(PAGE_BYTES) }
    }

    /// The page that whoever calls this has its stack on. What a handler has there while it waits, with the host's functions
    /// above it, is about as much.
    pub(crate) fn of_stack() -> Self {
        let mark = 0_u8;
        Self { at: black_box(ptr::from_ref(&mark)).addr() & !(PAGE_BYTES - 1), bytes: PAGE_BYTES }
    }

    /// So many bytes right before it.
    pub(crate) fn before(self, bytes: usize) -> Self {
        Self { at: self.at.saturating_sub(bytes), bytes: bytes.min(self.at) }
    }

    /// With so many bytes more on both sides.
    pub(crate) fn widened(self, bytes: usize) -> Self {
        Self { at: self.at.saturating_sub(bytes), bytes: self.bytes + 2 * bytes }
    }

    fn lines(self) -> impl Iterator<Item = usize> {
        let end = self.at.saturating_add(self.bytes);
        (self.at & !(LINE_BYTES - 1)..end).step_by(LINE_BYTES)
    }

    /// An address in each of its pages. There are two at most.
    fn pages(self) -> [usize; 2] {
        [self.at, self.at.saturating_add(self.bytes.saturating_sub(1))]
    }
}

/// What a guest needs when it has waited.
#[derive(Clone, Copy, Default)]
pub(crate) struct Near {
    /// Its stack on the host's side.
    pub(crate) stack: Piece,
    /// Its state in the host.
    pub(crate) state: Piece,
    /// What waits for it in the host.
    pub(crate) wait: Piece,
    /// What it played last: the next frame is likely to be put where that one was.
    pub(crate) played: Piece,
}

impl Near {
    pub(crate) fn pieces(self) -> [Piece; NEAR_PIECES] {
        let Self { stack, state, wait, played } = self;
        let data = Piece { at: played.at & !(WASM_PAGE_BYTES - 1), bytes: played.bytes };
        [stack, state, state.before(ENGINE_BYTES), wait, played, data.before(TOP_BYTES)]
    }
}

/// What will be needed, ready to be asked for. The first piece is there always.
#[derive(Debug)]
pub struct Ahead<const PIECES: usize> {
    pages: [[usize; 2]; PIECES],
    pieces: [Piece; PIECES],
}

impl<const PIECES: usize> From<[Piece; PIECES]> for Ahead<PIECES> {
    fn from(pieces: [Piece; PIECES]) -> Self {
        // A piece that is empty has no page, and to ask for one that nobody has takes as long as any.
        let pages = pieces.map(|piece| if piece.bytes > 0 { piece } else { pieces[0] }.pages());
        Self { pages, pieces }
    }
}

impl<const PIECES: usize> Ahead<PIECES> {
    /// Begins to fetch it, and waits for nothing.
    pub fn prefetch(&self) {
        // What costs a walk each goes first and close together, since a processor looks only so far ahead.
        self.pages.as_flattened().iter().copied().for_each(prefetch_line);
        for piece in self.pieces {
            piece.lines().for_each(prefetch_line);
        }
    }
}

#[cfg(target_arch = "x86_64")]
fn prefetch_line(address: usize) {
    use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
    // SAFETY: a prefetch is a hint that reads nothing: it may name any address, whether or not there is memory. SSE, which it
    // is a part of, is a part of x86-64.
    #[allow(unsafe_code, reason = "the only way to say it; it has no effect but on time")]
    unsafe {
        _mm_prefetch::<_MM_HINT_T0>(ptr::without_provenance(address));
    }
}

/// Elsewhere the standard library has no stable word for it.
#[cfg(not(target_arch = "x86_64"))]
fn prefetch_line(_address: usize) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_is_asked_for_by_its_lines_and_its_pages() {
        let piece = Piece { at: 2 * PAGE_BYTES - 100, bytes: 130 };
        assert_eq!(piece.lines().collect::<Vec<_>>(), [8_064, 8_128, 8_192]);
        assert_eq!(piece.pages(), [8_092, 8_221]);
        let piece = Piece { at: PAGE_BYTES, bytes: PAGE_BYTES };
        assert_eq!(piece.lines().count(), 64);
        assert_eq!(piece.pages(), [PAGE_BYTES, 2 * PAGE_BYTES - 1]);
        assert_eq!(piece.before(80), Piece { at: 4_016, bytes: 80 });
        let none = Piece::default();
        assert_eq!((none.lines().count(), none.pages()), (0, [0, 0]));
        assert_eq!(none.before(80), none);
    }

    #[test]
    fn a_value_counts_up_to_a_page() {
        let values = [0_u64; 1_024];
        let at = ptr::from_ref(&values).addr();
        assert_eq!(Piece::of(&values[..2]), Piece { at, bytes: 16 });
        assert_eq!(Piece::of(&values), Piece { at, bytes: PAGE_BYTES });
    }

    #[test]
    fn a_stack_is_the_page_of_what_its_caller_has_on_it() {
        let (stack, mark) = (Piece::of_stack(), 0_u8);
        assert_eq!(stack.at % PAGE_BYTES, 0);
        let mark = black_box(ptr::from_ref(&mark)).addr();
        assert!(mark.abs_diff(stack.at) < 2 * PAGE_BYTES, "{mark:x} is not near {stack:?}");
    }

    #[test]
    fn an_empty_piece_asks_for_a_page_that_is_asked_for_anyway() {
        let first = Piece { at: PAGE_BYTES, bytes: 10 };
        let ahead = Ahead::from([first, Piece::default()]);
        assert_eq!(ahead.pages, [[4_096, 4_105]; 2]);
        assert_eq!(ahead.pieces, [first, Piece::default()]);
    }

    #[test]
    fn a_guest_needs_what_lies_around_what_is_known_of_it() {
        let piece = |at| Piece { at, bytes: 640 };
        let near = Near {
            stack: piece(1 << 20),
            state: piece(2 << 20),
            wait: piece(3 << 20),
            played: piece((4 << 20) + 70_000),
        };
        let [stack, state, engine, wait, played, top] = near.pieces();
        assert_eq!([stack, state, wait, played], [near.stack, near.state, near.wait, near.played]);
        assert_eq!((engine.at + engine.bytes, engine.bytes), (2 << 20, ENGINE_BYTES));
        assert_eq!((top.at + top.bytes, top.bytes), ((4 << 20) + (64 << 10), TOP_BYTES));
        assert_eq!(Near::default().pieces(), [Piece::default(); NEAR_PIECES]);
        assert_eq!(piece(PAGE_BYTES).widened(64), Piece { at: 4_032, bytes: 768 });
    }

    #[test]
    fn what_is_asked_for_may_be_gone_or_never_have_been() {
        let elsewhere = std::thread::spawn(Piece::of_stack).join().expect("it does not panic");
        let last = Piece { at: usize::MAX - 10, bytes: PAGE_BYTES };
        Ahead::from([Piece::default(), elsewhere, last, Piece { at: 1, bytes: PAGE_BYTES }]).prefetch();
    }
}
