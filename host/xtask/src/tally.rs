//! Counting what the test runners say. Rust's own, libtest-mimic and doc-tests end with the same line.

use std::ops::AddAssign;

/// Tests that passed and failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
}

impl Tally {
    /// What one line of output adds: only a runner's closing line counts.
    pub(crate) fn of_line(line: &str) -> Self {
        let Some(result) = line.strip_prefix("test result: ") else {
            return Self::default();
        };
        let count = |word: &str| {
            result.split([';', '.']).find_map(|part| part.trim().strip_suffix(word)?.trim().parse().ok()).unwrap_or(0)
        };
        Self { passed: count("passed"), failed: count("failed") }
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closing_line_counts_and_nothing_else_does() {
        let ok = "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 3 filtered out; finished in 0.05s";
        assert_eq!(Tally::of_line(ok), Tally { passed: 12, failed: 0 });
        let failed =
            "test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.10s";
        assert_eq!(Tally::of_line(failed), Tally { passed: 3, failed: 2 });
        assert_eq!(Tally::of_line("test 5 passed; 7 failed ... ok"), Tally::default());
        assert_eq!(Tally::of_line(""), Tally::default());
    }
}
