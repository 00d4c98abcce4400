//! The host's side of a compilation: starts the child, feeds it, waits for it, and ends it when its time is over.

use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdin, Command};

use super::compile::{CompileLimits, REFUSED};
use crate::limits::{COMPILE_MESSAGE_BYTES_MAX, COMPILE_THREADS_MAX};
use crate::plugin::LoadError;

/// The program that compiles: one whose `main` ends in [`super::compile_here`].
#[derive(Clone, Debug)]
pub struct CompileChild {
    program: PathBuf,
    arguments: Vec<OsString>,
}

/// What a component takes too much of while it is compiled.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CompileCost {
    /// Memory of the compiler.
    Memory,
    /// Processor time.
    Cpu,
    /// Time.
    Time,
    /// Bytes of code that it becomes.
    Code,
}

impl fmt::Display for CompileCost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Memory => "memory",
            Self::Cpu => "processor time",
            Self::Time => "time",
            Self::Code => "room for its code",
        })
    }
}

impl CompileChild {
    /// A program and its arguments; those that carry the limits are put behind them:
    /// `--memory-bytes N --cpu-s N --ms N --code-bytes N`.
    pub fn new(program: PathBuf, arguments: Vec<OsString>) -> Self {
        Self { program, arguments }
    }

    /// Compiles a component to a file. A child that is not waited for any more is killed.
    pub(super) async fn run(&self, limits: &CompileLimits, wasm: &[u8], output: File) -> Result<(), LoadError> {
        let mut child = self
            .start(limits, output)
            .map_err(|error| LoadError::Compiler(format!("{} does not start: {error}", self.program.display())))?;
        let input = child.stdin.take();
        let talk = async {
            let (_, said) = tokio::join!(feed(input, wasm), said(&mut child));
            (child.wait().await, said)
        };
        let deadline = Duration::from_millis(limits.ms_max);
        let Ok((ended, said)) = tokio::time::timeout(deadline, talk).await else {
            // Reaped here: a dropped child would be killed as well, and reaped later.
            let _ = child.kill().await;
            return Err(LoadError::Costs(CompileCost::Time));
        };
        let ended = ended.map_err(|error| LoadError::Compiler(format!("its end is not known: {error}")))?;
        verdict(ended, said)
    }

    fn start(&self, limits: &CompileLimits, output: File) -> std::io::Result<Child> {
        let CompileLimits { memory_bytes_max, cpu_s_max, ms_max, code_bytes_max, .. } = limits;
        let numbers = [
            ("--memory-bytes", memory_bytes_max),
            ("--cpu-s", cpu_s_max),
            ("--ms", ms_max),
            ("--code-bytes", code_bytes_max),
        ];
        let mut command = Command::new(&self.program);
        command.args(&self.arguments);
        for (name, number) in numbers {
            command.args([name, &number.to_string()]);
        }
        // No secret of the host is in its environment. Each thread takes address space, of which it has little.
        command.env_clear().env("RAYON_NUM_THREADS", COMPILE_THREADS_MAX.to_string()).env("MALLOC_ARENA_MAX", "2");
        command.current_dir("/").stdin(Stdio::piped()).stdout(output).stderr(Stdio::piped()).kill_on_drop(true);
        command.spawn()
    }
}

/// A child that has seen enough, or is gone, takes no more: its end says why.
async fn feed(input: Option<ChildStdin>, wasm: &[u8]) {
    if let Some(mut input) = input
        && let Err(error) = input.write_all(wasm).await
    {
        tracing::debug!(%error, "the compiler did not read its component to the end");
    }
}

/// The first bytes of what it says, fit to be shown. The rest is read and forgotten, so that it never waits for us.
async fn said(child: &mut Child) -> String {
    let mut kept = Vec::new();
    if let Some(mut stderr) = child.stderr.take() {
        let mut piece = [0; 512];
        while let Ok(bytes @ 1..) = stderr.read(&mut piece).await {
            let room = COMPILE_MESSAGE_BYTES_MAX - kept.len();
            kept.extend_from_slice(&piece[..bytes.min(room)]);
        }
    }
    let text = String::from_utf8_lossy(&kept);
    text.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn verdict(ended: ExitStatus, said: String) -> Result<(), LoadError> {
    const SIGABRT: i32 = 6;
    const SIGKILL: i32 = 9;
    let signal = |signal: rustix::process::Signal| Some(signal.as_raw());
    // Who runs out of address space is told so in one of these ways, depending on who asked for it.
    let no_memory = ["memory allocation of", "annot allocate memory", "out of memory"];
    let out_of_memory = no_memory.iter().any(|words| said.contains(words));
    match (ended.code(), ended.signal()) {
        (Some(0), _) => Ok(()),
        (_, found) if found == signal(rustix::process::Signal::XCPU) => Err(LoadError::Costs(CompileCost::Cpu)),
        (_, found) if found == signal(rustix::process::Signal::XFSZ) => Err(LoadError::Costs(CompileCost::Code)),
        (Some(1), _) if said.contains("File too large") => Err(LoadError::Costs(CompileCost::Code)),
        (Some(_), _) | (_, Some(SIGABRT)) if out_of_memory => Err(LoadError::Costs(CompileCost::Memory)),
        // By a system that has run out of memory.
        (_, Some(SIGKILL)) => Err(LoadError::Costs(CompileCost::Memory)),
        (Some(REFUSED), _) => Err(LoadError::Compile(said)),
        (_, Some(_)) => Err(LoadError::Compile(format!("the compiler crashed on it ({ended})"))),
        _ => Err(LoadError::Compiler(format!("it ended with {ended}: {said}"))),
    }
}
