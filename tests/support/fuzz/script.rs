//! Text inputs read as scripts, a line a step: `!` and a letter is something that happens to the link, every other line is a
//! frame of the server. `$0` to `$9` in a frame stand for the ids that the link has sent, so that answers can be right.

/// Steps of one script; the rest is not looked at.
const STEPS_MAX: usize = 100;

/// A frame that ids made longer than this is left out, so that a length in an oddity has four digits at most.
const FRAME_BYTES_MAX: usize = 9_999;

/// One line.
pub(super) enum Step<'a> {
    /// `!`, a letter, and what stands behind it.
    Happens(u8, &'a [u8]),
    /// A frame, ids not yet put in.
    Frame(&'a [u8]),
}

pub(super) fn steps(input: &[u8]) -> impl Iterator<Item = Step<'_>> {
    input.split(|byte| *byte == b'\n').take(STEPS_MAX).map(|line| match line {
        [b'!', letter, rest @ ..] => Step::Happens(*letter, rest),
        frame => Step::Frame(frame),
    })
}

/// The frame with ids in the places of `$0` to `$9`.
pub(super) fn with_ids(frame: &[u8], ids: &[String]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(frame.len());
    let mut rest = frame;
    while let Some((first, after)) = rest.split_first() {
        let id = match after.first() {
            Some(digit) if *first == b'$' && digit.is_ascii_digit() => ids.get(usize::from(digit - b'0')),
            _ => None,
        };
        match id {
            Some(id) => {
                out.extend_from_slice(id.as_bytes());
                rest = &after[1..];
            }
            None => {
                out.push(*first);
                rest = after;
            }
        }
    }
    (out.len() <= FRAME_BYTES_MAX).then_some(out)
}

/// A decimal number, as far as it goes; 0 when there is none.
pub(super) fn number(text: &[u8]) -> u32 {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).take(6);
    digits.fold(0, |number, digit| number * 10 + u32::from(digit - b'0'))
}

/// What a log may show of a frame: no five digits in a row, and not much.
pub(super) fn assert_shows_nothing(text: &str) {
    let longest = text.split(|c: char| !c.is_ascii_digit()).map(str::len).max().unwrap_or(0);
    assert!(longest <= 4, "{longest} digits in a row are shown");
    assert!(text.len() <= 200, "{} bytes are shown", text.len());
    assert!(!text.chars().any(char::is_control), "control characters are shown: {text:?}");
}
