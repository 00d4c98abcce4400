//! Room for descriptors, in a real process.

mod host;

use host::{Host, in_time};
use sim::{SimConfig, Simulator};
use switchhook::limits::{DESCRIPTORS_MAX, DESCRIPTORS_READY};

/// The number after a word of a file of `/proc`.
fn number(text: &str, word: &str, at: usize) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(word)).expect("it is told");
    line.split_whitespace().nth(at).and_then(|number| number.parse().ok()).expect("a number")
}

#[test]
fn there_is_room_before_there_are_calls() {
    in_time(async {
        let sim = Simulator::new(SimConfig::default());
        // Few, as a shell gives them; the hard limit stays what it is.
        let few = |command: &mut std::process::Command| {
            let host = std::mem::replace(command, std::process::Command::new("prlimit"));
            let folder = host.get_current_dir().expect("it has one").to_owned();
            command.arg("--nofile=256:").arg(host.get_program()).args(host.get_args()).current_dir(folder);
        };
        let host = Host::run_so(Host::folder(&sim, "").await, 20, |command| {
            few(command);
            command.env_remove("RUST_LOG")
        });
        let limits = host.proc("limits");
        let (soft, hard) = (number(&limits, "Max open files", 0), number(&limits, "Max open files", 1));
        assert_eq!(soft, hard.min(DESCRIPTORS_MAX), "{limits}");
        let status = host.proc("status");
        assert!(number(&status, "FDSize:", 0) >= soft.min(DESCRIPTORS_READY), "{status}");
        host.signal("TERM");
        assert_eq!(host.exit_code(), Some(0));
        sim.shutdown().await;
    });
}
