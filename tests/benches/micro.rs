//! The parts of a frame's way, each alone: parsing, the playout, the crossing into a guest and back, making a guest.
#![allow(missing_docs, reason = "criterion's macros make public items")]

use std::hint::black_box;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use call::{Ability, Call, CallConfig, CallInfo, Capabilities, CommandKind, EndReason};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use sandbox::{Guest, GuestSetup, Plugin, SharedCall};
use switchhook::bench::native;
use switchhook_tests::components;
use telcoflow::frame::voice::{ToClient, parse_audio};

/// 20 ms at 16 kHz.
const FRAME_BYTES: usize = 640;
const FRAME: Duration = Duration::from_millis(20);
/// Calls that take turns.
const CALLS: usize = 300;

fn parse(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("parse");
    let request =
        br#"{"type":"buffer_request","data":{"requested_bytes":3200,"prefer_audio_frame_bytes":640,"channelId":0}}"#;
    group.bench_function("buffer_request", |bench| bench.iter(|| ToClient::parse(black_box(request))));
    let response =
        br#"{"type":"command_response","data":{"command_id":"2f0c4a6e-8f9d-4a43-9d6f-0c8a4b1f4c11","success":true}}"#;
    group.bench_function("command_response", |bench| bench.iter(|| ToClient::parse(black_box(response))));
    let audio = [0_u8; 1 + FRAME_BYTES];
    group.bench_function("audio", |bench| bench.iter(|| parse_audio(black_box(&audio))));
    group.finish();
}

fn playout(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("playout");
    group.throughput(Throughput::Bytes(FRAME_BYTES as u64));
    let (mut call, mut now) = answered();
    let pcm = [7_u8; FRAME_BYTES];
    let mut out = Vec::with_capacity(FRAME_BYTES);
    group.bench_function("play, ask, send", |bench| {
        bench.iter(|| {
            now += FRAME;
            call.handle_timeout(now);
            call.play(black_box(&pcm)).expect("it fits");
            call.handle_credit(FRAME_BYTES as u64, Some(FRAME_BYTES as u32));
            out.clear();
            assert!(call.poll_audio(&mut out));
        });
    });
    group.finish();
}

fn crossing(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("crossing");
    group.throughput(Throughput::Bytes(2 * FRAME_BYTES as u64));
    let contenders = [
        ("native", native::echo(components::sandbox())),
        ("component", components::plugin("echo")),
        ("component that awaits", components::plugin("async-echo")),
    ];
    for (name, plugin) in contenders {
        let mut desk = Desk::new(&plugin);
        group.bench_function(name, |bench| bench.iter(|| desk.echo()));
        desk.end();
        // What one call needs has gone from the nearer caches when its next frame comes.
        let mut desks: Vec<Desk> = (0..CALLS).map(|_| Desk::new(&plugin)).collect();
        let mut turns = (0..CALLS).cycle();
        group.bench_function(format!("{name}, one of {CALLS} calls"), |bench| {
            bench.iter(|| desks[turns.next().unwrap_or_default()].echo());
        });
        desks.into_iter().for_each(Desk::end);
    }
    group.finish();
}

fn instantiate(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("instantiate");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    for name in ["echo", "async-echo", "keypad-menu", "voicemail"] {
        let plugin = components::plugin(name);
        group.bench_function(name, |bench| {
            bench.iter(|| runtime.block_on(plugin.prepare(GuestSetup::default())).expect("there is room"));
        });
    }
    group.finish();
}

/// A guest in an answered call; the bench is the carrier and the clock.
struct Desk {
    call: SharedCall,
    guest: Guest,
    now: Instant,
    out: Vec<u8>,
}

impl Desk {
    fn new(plugin: &Plugin) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let prepared = runtime.block_on(plugin.prepare(GuestSetup::default())).expect("there is room");
        let (call, now) = ringing();
        let call = SharedCall::new(call);
        let mut desk = Self { call: call.clone(), guest: prepared.serve(call), now, out: Vec::new() };
        desk.turn();
        let answer = desk.call.lock().poll_command().expect("an echo answers");
        desk.call.lock().handle_outcome(answer.id, Ok(None));
        desk.turn();
        desk
    }

    fn turn(&mut self) {
        self.call.lock().wake_guest(&mut Context::from_waker(Waker::noop()));
        let polled = self.guest.poll(&mut Context::from_waker(Waker::noop()));
        assert_eq!(polled, Poll::Pending, "the guest serves");
    }

    /// One frame in, through the guest, and out.
    fn echo(&mut self) {
        self.now += FRAME;
        {
            let mut call = self.call.lock();
            call.handle_timeout(self.now);
            call.handle_audio(0, &[7; FRAME_BYTES]);
            call.handle_credit(FRAME_BYTES as u64, Some(FRAME_BYTES as u32));
        }
        self.out.clear();
        // A turn in which the ticker makes the guest yield is not the last one.
        let back = (0..100).any(|_| {
            self.turn();
            self.call.lock().poll_audio(&mut self.out)
        });
        assert!(back, "the frame comes back");
    }

    fn end(mut self) {
        self.call.lock().handle_ended(EndReason::Terminated);
        // The ticker may make it yield, and the async world's executor takes a turn of its own.
        let returned = (0..100).any(|_| {
            self.call.lock().wake_guest(&mut Context::from_waker(Waker::noop()));
            self.guest.poll(&mut Context::from_waker(Waker::noop())).is_ready()
        });
        assert!(returned, "the guest returns");
    }
}

fn ringing() -> (Call, Instant) {
    let now = Instant::now();
    let info = CallInfo { id: "c1".into(), sample_rate_hz: 16_000, channels: vec![0], ..CallInfo::default() };
    let capabilities = Capabilities::of(&[Ability::Answer, Ability::Close]);
    (Call::new(CallConfig { info, capabilities, playout_bytes_max: 1 << 20 }, now), now)
}

fn answered() -> (Call, Instant) {
    let (mut call, now) = ringing();
    let answer = call.command(CommandKind::Answer).expect("it rings");
    call.poll_command().expect("it is to be sent");
    call.handle_outcome(answer, Ok(None));
    (call, now)
}

criterion_group!(benches, parse, playout, crossing, instantiate);
criterion_main!(benches);
