//! The epoch ticker: a thread that makes long-running guests yield, and sleeps while there are none.
//!
//! A guest that computes past an epoch returns to its task, so that the call's other turns and every other call on the
//! thread go on. Ticking always would wake a thread a thousand times a second for nobody. So the ticker looks every few
//! milliseconds whether some thread is still in the very poll it was in a moment before, and only then ticks.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, OnceLock};
use std::thread::{JoinHandle, Thread};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use wasmtime::Engine;

use crate::limits::{LOOK_MS, TICK_MS, YOUNG_POLL_US};

/// Ticks without a running guest after which the ticker calms down.
const CALM_AFTER_TICKS: u32 = 16;

/// Which poll of a guest each thread is in: 0 for none, else a number that no two polls share.
static SLOTS: LazyLock<Mutex<Vec<Arc<AtomicU64>>>> = LazyLock::new(|| Mutex::new(Vec::new()));
static POLLS: AtomicU64 = AtomicU64::new(1);

thread_local! {
    static SLOT: Slot = Slot::register();
    /// When the present poll began.
    static BEGAN: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// One thread's entry in [`SLOTS`], for as long as the thread lives.
struct Slot(Arc<AtomicU64>);

impl Slot {
    fn register() -> Self {
        let slot = Arc::new(AtomicU64::new(0));
        SLOTS.lock().push(slot.clone());
        Self(slot)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        SLOTS.lock().retain(|slot| !Arc::ptr_eq(slot, &self.0));
    }
}

/// Marks this thread as being inside a guest.
pub(crate) struct Running(());

impl Running {
    pub(crate) fn enter() -> Self {
        Self::enter_at(Instant::now())
    }

    /// The same, for who has looked at the clock already.
    pub(crate) fn enter_at(now: Instant) -> Self {
        BEGAN.set(Some(now));
        SLOT.with(|slot| slot.0.store(POLLS.fetch_add(1, Ordering::Relaxed), Ordering::Relaxed));
        Self(())
    }

    /// Whether this thread's poll has only just begun.
    pub(crate) fn is_young() -> bool {
        BEGAN.get().is_some_and(|began| began.elapsed() < Duration::from_micros(YOUNG_POLL_US))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        SLOT.with(|slot| slot.0.store(0, Ordering::Relaxed));
    }
}

/// The thread; joined on drop.
pub(crate) struct Ticker {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    stop: AtomicBool,
    guests: AtomicUsize,
    ticking: AtomicBool,
    /// A guest that runs long will run now.
    urged: AtomicBool,
    thread: OnceLock<Thread>,
}

/// Keeps the ticker awake while a guest exists.
pub(crate) struct Attendance(Arc<Shared>);

impl Attendance {
    /// A guest that is known to run long is polled next: the ticker need not look first.
    pub(crate) fn urge(&self) {
        if !self.0.ticking.load(Ordering::Relaxed) && !self.0.urged.swap(true, Ordering::Relaxed) {
            self.0.wake();
        }
    }
}

impl Shared {
    fn wake(&self) {
        if let Some(thread) = self.thread.get() {
            thread.unpark();
        }
    }
}

impl Drop for Attendance {
    fn drop(&mut self) {
        self.0.guests.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Ticker {
    /// Starts the thread for these engines.
    pub(crate) fn start(engines: Vec<Engine>) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            stop: AtomicBool::new(false),
            guests: AtomicUsize::new(0),
            ticking: AtomicBool::new(false),
            urged: AtomicBool::new(false),
            thread: OnceLock::new(),
        });
        let thread = std::thread::Builder::new().name("epoch-ticker".into()).spawn({
            let shared = shared.clone();
            move || run(&shared, &engines)
        })?;
        // It was empty until here.
        let _ = shared.thread.set(thread.thread().clone());
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Counts a guest in; the ticker wakes for the first.
    pub(crate) fn attend(&self) -> Attendance {
        if self.shared.guests.fetch_add(1, Ordering::Relaxed) == 0 {
            self.shared.wake();
        }
        Attendance(self.shared.clone())
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            self.shared.wake();
            // A ticker that panicked has nothing left to be told.
            let _ = thread.join();
        }
    }
}

fn run(shared: &Shared, engines: &[Engine]) {
    let mut before = Vec::new();
    while !shared.stop.load(Ordering::Relaxed) {
        if shared.guests.load(Ordering::Relaxed) == 0 {
            std::thread::park();
            continue;
        }
        std::thread::park_timeout(Duration::from_millis(LOOK_MS));
        if shared.urged.swap(false, Ordering::Relaxed) {
            tick_until_calm(shared, engines);
            continue;
        }
        before.clear();
        before.extend(polls().filter(|poll| *poll != 0));
        if before.is_empty() {
            continue;
        }
        std::thread::park_timeout(Duration::from_millis(TICK_MS));
        if polls().any(|poll| before.contains(&poll)) {
            tick_until_calm(shared, engines);
        }
    }
}

fn tick_until_calm(shared: &Shared, engines: &[Engine]) {
    let mut calm_ticks = 0;
    shared.ticking.store(true, Ordering::Relaxed);
    while calm_ticks < CALM_AFTER_TICKS && !shared.stop.load(Ordering::Relaxed) {
        engines.iter().for_each(Engine::increment_epoch);
        std::thread::park_timeout(Duration::from_millis(TICK_MS));
        calm_ticks = if polls().any(|poll| poll != 0) { 0 } else { calm_ticks + 1 };
    }
    shared.ticking.store(false, Ordering::Relaxed);
}

/// The poll each thread is in.
fn polls() -> impl Iterator<Item = u64> {
    let slots = SLOTS.lock();
    let polls: Vec<u64> = slots.iter().map(|slot| slot.load(Ordering::Relaxed)).collect();
    polls.into_iter()
}
