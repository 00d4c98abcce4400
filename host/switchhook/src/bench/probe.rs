//! What the kernel knows of a process: processor time, private memory, context switches.

use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

/// One look at a process.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sample {
    /// Processor time of all threads that live.
    pub(super) cpu: Duration,
    /// Pages that are this process's alone and were written (`Private_Dirty`), bytes.
    pub(super) private_bytes: u64,
    /// Voluntary and involuntary, of all threads that live.
    pub(super) context_switches: u64,
}

/// Looks at a process.
pub(super) fn look(pid: u32) -> io::Result<Sample> {
    let mut sample = Sample { private_bytes: private_bytes(pid)?, ..Sample::default() };
    for thread in fs::read_dir(format!("/proc/{pid}/task"))? {
        let folder = thread?.path();
        // A thread may end while it is being looked at.
        if let (Some(cpu), Some(switches)) = (cpu(&folder), context_switches(&folder)) {
            sample.cpu += cpu;
            sample.context_switches += switches;
        }
    }
    Ok(sample)
}

fn private_bytes(pid: u32) -> io::Result<u64> {
    let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))?;
    let kilobytes = number_after(&rollup, "Private_Dirty:").unwrap_or_default();
    Ok(kilobytes * 1_024)
}

/// Nanoseconds on a processor are the first number of `schedstat`.
fn cpu(folder: &Path) -> Option<Duration> {
    let text = fs::read_to_string(folder.join("schedstat")).ok()?;
    let nanoseconds = text.split_whitespace().next()?.parse().ok()?;
    Some(Duration::from_nanos(nanoseconds))
}

fn context_switches(folder: &Path) -> Option<u64> {
    let text = fs::read_to_string(folder.join("status")).ok()?;
    // The second name ends with the first: "nonvoluntary_ctxt_switches".
    let counts = text.lines().filter(|line| line.contains("voluntary_ctxt_switches"));
    Some(counts.filter_map(|line| line.split_whitespace().last()?.parse::<u64>().ok()).sum())
}

fn number_after(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::look;

    #[test]
    fn this_process_has_used_something() {
        let before = look(std::process::id()).expect("this process is there");
        let mut memory = vec![0_u8; 8 << 20];
        memory.iter_mut().step_by(4_096).for_each(|byte| *byte = 1);
        let after = look(std::process::id()).expect("this process is there");
        assert!(after.private_bytes >= before.private_bytes + (7 << 20), "{before:?} {after:?}");
        assert!(after.cpu > std::time::Duration::ZERO && memory[0] == 1);
    }

    #[test]
    fn a_process_that_is_not_there_is_an_error() {
        assert!(look(u32::MAX - 1).is_err());
    }
}
