//! Runs a test's future and reads its log afterwards.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use libtest_mimic::{Failed, Trial};
use tokio::runtime::Builder;

use crate::logs::TestLog;

/// A hung test fails after this long.
const TEST_TIME_MAX: Duration = Duration::from_secs(240);

/// A test under the virtual clock that waits for what never comes fails after this much of that clock.
const VIRTUAL_TIME_MAX: Duration = Duration::from_secs(24 * 3_600);

/// A test under a virtual clock: whenever nothing is left to do, time jumps to the next timer.
pub fn simulated<F, T>(name: impl Into<String>, test: F) -> Trial
where
    F: FnOnce(Arc<TestLog>) -> T + Send + 'static,
    T: Future<Output = ()>,
{
    Trial::test(name, move || {
        let log = TestLog::begin();
        let runtime = Builder::new_current_thread().enable_time().start_paused(true).build()?;
        let ended = runtime.block_on(async { tokio::time::timeout(VIRTUAL_TIME_MAX, test(log.clone())).await });
        drop(runtime);
        ended.map_err(|_| Failed::from("the test waits for what never comes"))?;
        verdict(&log)
    })
}

/// A test on real sockets and the real clock, on one thread.
pub fn real<F, T>(name: impl Into<String>, test: F) -> Trial
where
    F: FnOnce(Arc<TestLog>) -> T + Send + 'static,
    T: Future<Output = ()>,
{
    Trial::test(name, move || {
        let log = TestLog::begin();
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let ended = runtime.block_on(async { tokio::time::timeout(TEST_TIME_MAX, test(log.clone())).await });
        drop(runtime);
        ended.map_err(|_| Failed::from("the test hangs"))?;
        verdict(&log)
    })
}

/// The same on several threads.
pub fn threaded<F, T>(name: &'static str, threads: usize, test: F) -> Trial
where
    F: FnOnce(Arc<TestLog>) -> T + Send + 'static,
    T: Future<Output = ()> + Send + 'static,
{
    Trial::test(name, move || {
        let log = TestLog::begin();
        let adopt = log.clone();
        let runtime = Builder::new_multi_thread()
            .worker_threads(threads)
            .enable_all()
            .on_thread_start(move || adopt.adopt_thread())
            .build()?;
        let test = runtime.spawn(test(log.clone()));
        let ended = runtime.block_on(async { tokio::time::timeout(TEST_TIME_MAX, test).await });
        drop(runtime);
        match ended {
            Err(_) => return Err("the test hangs".into()),
            Ok(Err(error)) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Ok(Err(error)) => return Err(error.to_string().into()),
            Ok(Ok(())) => {}
        }
        verdict(&log)
    })
}

fn verdict(log: &TestLog) -> Result<(), Failed> {
    let errors = log.errors();
    if errors.is_empty() { Ok(()) } else { Err(format!("unexpected ERROR lines:\n{}", errors.join("\n")).into()) }
}
