//! Guests without a carrier: the test is the carrier, and the clock.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use ::sandbox::{
    Guest, GuestEnd, GuestLimits, GuestSetup, InspectError, LoadError, Plugin, Sandbox, SandboxConfig, SharedCall,
    StartError, TrapKind, World, inspect,
};
use call::{Ability, Call, CallConfig, CallInfo, Capabilities, CommandKind, EndReason, State};
use libtest_mimic::Trial;
use switchhook_tests::components::{self, bytes, plugin};
use switchhook_tests::run::real;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        real("sandbox::echo_says_back_what_it_hears", |_| echo("echo")),
        real("sandbox::async_echo_says_back_what_it_hears", |_| echo("async-echo")),
        real("sandbox::traps_have_their_reasons", |_| traps()),
        real("sandbox::a_guest_that_spins_yields_and_is_ended", |_| spins()),
        real("sandbox::a_guest_that_sleeps_elsewhere_is_silent", |_| silent()),
        real("sandbox::a_guest_dropped_at_any_moment_gives_its_slot_back", |_| slots()),
        real("sandbox::a_full_pool_is_not_the_guests_fault", |_| full()),
        real("sandbox::what_is_no_handler_is_refused_in_words", |_| refusals()),
        real("sandbox::broken_components_are_refused", |_| mutations()),
        real("sandbox::an_inspection_tells_the_world_and_the_language", |_| inspections()),
    ]
}

/// A guest, its call, and the time.
struct Desk {
    call: SharedCall,
    guest: Guest,
    now: Instant,
}

impl Desk {
    async fn new(name: &str, config: &[(&str, &str)], limits: GuestLimits) -> Self {
        let setup =
            GuestSetup { config: switchhook_tests::world::pairs(config).into(), limits, ..GuestSetup::default() };
        let prepared = plugin(name).prepare(setup).await.expect("it starts");
        let now = Instant::now();
        let call = new_call(now);
        Self { call: call.clone(), guest: prepared.serve(call), now }
    }

    /// One turn; what the guest returned, if it did.
    fn turn(&mut self) -> Option<GuestEnd> {
        self.call.lock().handle_timeout(self.now);
        self.call.lock().wake_guest(&mut Context::from_waker(Waker::noop()));
        match self.guest.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(end) => Some(end),
            Poll::Pending => None,
        }
    }

    /// Turns until the guest ends. The clock of the call stands still.
    fn run(&mut self) -> GuestEnd {
        loop {
            if let Some(end) = self.turn() {
                return end;
            }
            // The server takes every command at once.
            let command = self.call.lock().poll_command();
            if let Some(command) = command {
                self.call.lock().handle_outcome(command.id, Ok(None));
            }
        }
    }
}

fn new_call(now: Instant) -> SharedCall {
    let info = CallInfo { id: "c1".into(), sample_rate_hz: 16_000, channels: vec![0], ..CallInfo::default() };
    let capabilities = Capabilities::of(&[Ability::Answer, Ability::Close, Ability::Disconnect]);
    SharedCall::new(Call::new(CallConfig { info, capabilities, playout_bytes_max: 1 << 20 }, now))
}

async fn echo(name: &str) {
    let mut desk = Desk::new(name, &[], GuestLimits::default()).await;
    assert_eq!(desk.turn(), None);
    let answer = desk.call.lock().poll_command().expect("it answers");
    assert_eq!(answer.kind, CommandKind::Answer);
    desk.call.lock().handle_outcome(answer.id, Ok(None));
    assert_eq!(desk.turn(), None);
    assert_eq!(desk.call.lock().state(), State::Answered);

    for round in 0..100_u8 {
        desk.now += Duration::from_millis(20);
        let frame = [round; 640];
        desk.call.lock().handle_timeout(desk.now);
        desk.call.lock().handle_audio(0, &frame);
        desk.call.lock().handle_credit(640, Some(640));
        assert_eq!(desk.turn(), None);
        let mut back = Vec::new();
        assert!(desk.call.lock().poll_audio(&mut back), "frame {round} did not come back");
        assert_eq!(back, frame);
    }

    desk.call.lock().handle_ended(EndReason::Terminated);
    assert_eq!(desk.turn(), Some(GuestEnd::Returned));
    let stats = desk.call.lock().stats();
    assert_eq!((stats.frames_in, stats.frames_out, stats.samples_lost), (100, 100, 0));
}

async fn traps() {
    let limits = GuestLimits { memory_bytes_max: 16 << 20, ..GuestLimits::default() };
    let end = async |mode: &str| Desk::new("hostile", &[("mode", mode)], limits.clone()).await.run();

    let trapped = end("trap").await;
    assert!(matches!(&trapped, GuestEnd::Trapped(TrapKind::Unreachable, _)), "{trapped:?}");
    let panicked = end("panic").await;
    assert!(matches!(&panicked, GuestEnd::Trapped(TrapKind::Unreachable, _)), "{panicked:?}");
    assert!(panicked.to_string().contains("a hostile guest panics"), "{panicked}");
    let recursed = end("recurse").await;
    assert_eq!((recursed.code(), recursed.is_fault()), ("STACK_LIMIT", true), "{recursed}");
    let allocated = end("allocate").await;
    assert_eq!(allocated.code(), "MEMORY_LIMIT", "{allocated}");
    assert!(allocated.to_string().contains("16777216 are allowed"), "{allocated}");
    assert_eq!(end("return-at-once").await, GuestEnd::HandlerReturned);
    let failed = end("fail").await;
    assert!(matches!(&failed, GuestEnd::Failed(failure) if failure.code == "HOSTILE"), "{failed:?}");
}

async fn spins() {
    let limits = GuestLimits { run_ms_max: 60, ..GuestLimits::default() };
    let mut desk = Desk::new("hostile", &[("mode", "spin")], limits).await;
    let mut yields = 0;
    let end = loop {
        match desk.turn() {
            Some(end) => break end,
            None => yields += 1,
        }
    };
    assert!(matches!(end, GuestEnd::RanTooLong(time) if time >= Duration::from_millis(60)), "{end:?}");
    assert!(yields > 3, "it yielded {yields} times in 60 ms of processor time");
    assert!(desk.guest.cpu() >= Duration::from_millis(60));
}

/// A guest that does not spend processor time is told from one that waits: here the clock of the call jumps.
async fn silent() {
    let mut desk = Desk::new("hostile", &[("mode", "spin")], GuestLimits::default()).await;
    assert_eq!(desk.turn(), None);
    desk.now += Duration::from_secs(11);
    let end = desk.turn().expect("it is ended");
    assert_eq!(end.code(), "SILENT", "{end}");
}

async fn slots() {
    let sandbox = Arc::new(Sandbox::new(&SandboxConfig { guests_max: 2 }).expect("a small sandbox"));
    let hostile = Plugin::load(&sandbox, "hostile", &bytes("hostile")).expect("it loads");
    for round in 0..50 {
        let mode = ["spin", "timers", "trap", "allocate"][round % 4];
        let setup = GuestSetup { config: vec![("mode".into(), mode.into())].into(), ..GuestSetup::default() };
        let prepared = hostile.prepare(setup).await.expect("a slot is free again");
        if round % 5 == 0 {
            continue;
        }
        let mut guest = prepared.serve(new_call(Instant::now()));
        let _ = guest.poll(&mut Context::from_waker(Waker::noop()));
    }
}

async fn full() {
    let sandbox = Arc::new(Sandbox::new(&SandboxConfig { guests_max: 1 }).expect("a small sandbox"));
    let echo = Plugin::load(&sandbox, "echo", &bytes("echo")).expect("it loads");
    let first = echo.prepare(GuestSetup::default()).await.expect("the first has its slot");
    let second = echo.prepare(GuestSetup::default()).await.err();
    assert!(matches!(second, Some(StartError::Full(_))), "{second:?}");
    drop(first);
    assert!(echo.prepare(GuestSetup::default()).await.is_ok(), "the slot is free again");
}

async fn refusals() {
    let sandbox = components::sandbox();
    let refused = |wasm: &[u8]| Plugin::load(sandbox, "bad", wasm).expect_err("it is refused");
    assert!(matches!(refused(b""), LoadError::Inspect(InspectError::NotWasm)));
    assert!(matches!(refused(b"#!/bin/sh\n"), LoadError::Inspect(InspectError::NotWasm)));
    assert!(matches!(refused(b"\0asm\x01\0\0\0"), LoadError::Inspect(InspectError::CoreModule)));
    assert!(matches!(refused(b"\0asm\x0d\0\x01\0"), LoadError::Inspect(InspectError::NoHandle { .. })));
    let wrong = refused(&bytes("wrong-world"));
    assert!(wrong.to_string().contains("greet"), "{wrong}");
    let large = vec![0; ::sandbox::limits::COMPONENT_BYTES_MAX + 1];
    assert!(matches!(refused(&large), LoadError::Inspect(InspectError::TooLarge { .. })));
}

async fn mutations() {
    let sandbox = components::sandbox();
    let good = bytes("echo");
    let seed = 7;
    let mut random = fastrand::Rng::with_seed(seed);
    let mut refused = 0;
    for round in 0..60 {
        let mut bad = good.clone();
        if round % 2 == 0 {
            bad.truncate(random.usize(8..good.len()));
        } else {
            for _ in 0..random.usize(1..20) {
                let at = random.usize(8..bad.len());
                bad[at] = random.u8(..);
            }
        }
        refused += usize::from(Plugin::load(sandbox, "mutant", &bad).is_err());
    }
    assert!(refused >= 30, "seed {seed}: every truncated component is refused, {refused} were");
    Plugin::load(sandbox, "echo", &good).expect("the sandbox still loads what is good");
}

async fn inspections() {
    let echo = inspect(&bytes("echo")).expect("echo is a handler");
    assert_eq!(echo.world, World::CallHandler);
    for (build, language, tool) in [
        ("echo", "Rust", "rustc"),
        ("echo.js", "JavaScript", "componentize-qjs"),
        ("echo.python", "Python", "componentize-py"),
        ("echo.c", "C", "zig cc"),
        ("echo.go", "Go", "Go cmd/compile"),
    ] {
        let made = inspect(&bytes(build)).expect("it is a handler");
        assert_eq!(made.languages, [language], "{build}");
        assert!(made.toolchains.iter().any(|known| known.starts_with(tool)), "{build}: {:?}", made.toolchains);
    }
    assert!(echo.imports.iter().any(|import| import.name == "switchhook:handler/events@0.1.0"));
    assert_eq!(inspect(&bytes("async-echo")).expect("async-echo is a handler").world, World::CallHandlerAsync);
    let hostile = inspect(&bytes("hostile")).expect("hostile is a handler");
    let wanted: Vec<&str> = hostile.grants_wanted().into_iter().collect();
    assert_eq!(wanted, ["calls", "hosts", "key_value", "recording"]);
}
