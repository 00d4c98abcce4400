//! One step: a load and a contender, each on its core, and two looks at the contender.

use std::io;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::Pid;
use rustix::thread::{CpuSet, sched_setaffinity};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use super::contender::Contender;
use super::load::{LoadLine, LoadPlan};
use super::probe;
use super::report::StepReport;

/// The contender's core, and the load's.
const CORES: [usize; 2] = [0, 1];
/// How long the contender is left alone before the first look and after the last, in seconds.
const SETTLE_S: u32 = 1;
/// How long the contender has to connect.
const UP_MAX: Duration = Duration::from_secs(60);
/// How long any other line of the load may take beyond what it was asked for.
const LINE_MAX: Duration = Duration::from_secs(120);

/// Runs one step. Both processes are gone when it returns, however it does.
///
/// # Errors
/// A process does not start, dies, or does not say in time what is expected.
pub async fn run(contender: &Contender, switchhook: &Path, plan: LoadPlan) -> io::Result<StepReport> {
    let (calls, seconds) = (plan.calls.to_string(), plan.seconds.to_string());
    let mut load = spawn(switchhook, ["bench-load", "--calls", &calls, "--seconds", &seconds], CORES[1])?;
    let mut lines = Load::of(&mut load)?;
    let LoadLine::Listen(base_url) = lines.next().await? else { return Err(lines.unexpected("an address")) };
    let mut host = spawn(&contender.program, contender.arguments_for(&base_url), CORES[0])?;
    let pid = host.id().ok_or_else(|| died("the contender"))?;
    // To wait for a child closes its standard input, which a contender takes as the end.
    let host_input = host.stdin.take();

    let up = tokio::select! {
        up = tokio::time::timeout(UP_MAX, lines.next()) => up.map_err(|_| late("connect"))??,
        _ = host.wait() => return Err(died("the contender")),
    };
    if up != LoadLine::Up(true) {
        return Err(lines.unexpected("a contender"));
    }
    tokio::time::sleep(Duration::from_secs(SETTLE_S.into())).await;
    let idle = probe::look(pid)?;
    load.stdin.as_mut().ok_or_else(|| died("the load"))?.write_all(b"go\n").await?;
    if lines.next().await? != LoadLine::Steady(true) {
        return Err(lines.unexpected("steady calls"));
    }
    tokio::time::sleep(Duration::from_secs(SETTLE_S.into())).await;
    let before = probe::look(pid)?;
    let window = Duration::from_secs(plan.seconds.saturating_sub(2 * SETTLE_S).max(1).into());
    let began = std::time::Instant::now();
    tokio::time::sleep(window).await;
    let after = probe::look(pid)?;
    let window = began.elapsed();
    let LoadLine::Result(load_result) = lines.next().await? else { return Err(lines.unexpected("a result")) };
    drop(host_input);
    stop(&mut host).await?;
    load.wait().await?;
    Ok(StepReport::new(&contender.name, plan.calls, window, (idle, before, after), load_result))
}

/// Starts a process on one core, where the machine has that many. It dies with its handle.
fn spawn<A: AsRef<std::ffi::OsStr>>(
    program: &Path,
    arguments: impl IntoIterator<Item = A>,
    core: usize,
) -> io::Result<Child> {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
    let child = command.spawn()?;
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let mut set = CpuSet::new();
    set.set(core % cores);
    let pid = child.id().and_then(|pid| Pid::from_raw(pid.cast_signed()));
    sched_setaffinity(pid, &set)?;
    Ok(child)
}

/// Waits for a process that was told to end, but not for long.
async fn stop(child: &mut Child) -> io::Result<()> {
    if tokio::time::timeout(Duration::from_secs(3), child.wait()).await.is_err() {
        child.kill().await?;
    }
    Ok(())
}

/// What the load says.
struct Load(Lines<BufReader<ChildStdout>>);

impl Load {
    fn of(child: &mut Child) -> io::Result<Load> {
        let out = child.stdout.take().ok_or_else(|| died("the load"))?;
        Ok(Load(BufReader::new(out).lines()))
    }

    async fn next(&mut self) -> io::Result<LoadLine> {
        let line = tokio::time::timeout(LINE_MAX, self.0.next_line()).await.map_err(|_| late("report"))??;
        let line = line.ok_or_else(|| died("the load"))?;
        serde_json::from_str(&line).map_err(io::Error::from)
    }

    fn unexpected(&self, wanted: &str) -> io::Error {
        io::Error::other(format!("the load did not report {wanted} when it should have"))
    }
}

fn died(who: &str) -> io::Error {
    io::Error::other(format!("{who} died: its messages are above"))
}

fn late(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, format!("it did not {what} in time"))
}
