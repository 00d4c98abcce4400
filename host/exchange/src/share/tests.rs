use super::*;

const MS: Duration = Duration::from_millis(1);

/// A tenant that may use what there is.
fn unlimited() -> Arc<Bucket> {
    Arc::new(Bucket::new(0, 0))
}

/// Guests under a virtual clock: each wants a poll of so long, rests for so long, and so on.
struct Guest {
    share: CpuShare,
    poll: Duration,
    rest: Duration,
    due: Instant,
    used: Duration,
    asked: Option<Instant>,
    latest: Duration,
    ended: bool,
}

impl Guest {
    fn new(share: CpuShare, poll: Duration, rest: Duration, start: Instant) -> Self {
        Self { share, poll, rest, due: start, used: Duration::ZERO, asked: None, latest: Duration::ZERO, ended: false }
    }
}

/// One core: whoever is due first runs, and everybody's time passes meanwhile.
fn run(guests: &mut [Guest], start: Instant, time: Duration) {
    let mut now = start;
    while now < start + time {
        let Some(guest) = guests.iter_mut().filter(|guest| !guest.ended).min_by_key(|guest| guest.due) else { return };
        now = now.max(guest.due);
        let asked = *guest.asked.get_or_insert(now);
        match guest.share.admit(now) {
            Ok(()) => {
                guest.latest = guest.latest.max(now.saturating_duration_since(asked));
                guest.asked = None;
                guest.share.bill(now, guest.poll);
                guest.used += guest.poll;
                now += guest.poll;
                guest.due = now + guest.rest;
                if !guest.rest.is_zero() {
                    guest.share.rest(now);
                }
            }
            Err(NotNow::Parked(until)) => {
                assert!(until > now, "parked until a moment that lies ahead");
                assert_eq!(guest.share.admit(now), Err(NotNow::Parked(until)), "asked again, it says the same");
                guest.due = until;
            }
            Err(NotNow::Over(_)) => guest.ended = true,
        }
    }
}

#[test]
fn a_guest_that_never_yields_gets_its_share_and_is_ended_after_seconds() {
    let start = Instant::now();
    let share = CpuShare::new(Some(20), unlimited(), Lanes::new(1), Clock(start));
    let mut guests = [Guest::new(share, MS, Duration::ZERO, start)];
    run(&mut guests, start, Duration::from_secs(60));
    let [guest] = guests;
    assert!(guest.ended, "it never rested");
    // A burst of a second's share, then five seconds at a fifth of a core; and what is earned during the burst.
    let used = guest.used.as_millis();
    assert!((1_000..=1_300).contains(&used), "{used} ms");
    assert!(guest.share.parked(guest.due) > Duration::from_secs(3));
}

#[test]
fn one_that_needs_less_than_its_share_is_never_parked() {
    let start = Instant::now();
    let share = CpuShare::new(Some(20), unlimited(), Lanes::new(1), Clock(start));
    let mut guests = [Guest::new(share, 3 * MS, 17 * MS, start)];
    run(&mut guests, start, Duration::from_secs(60));
    assert_eq!((guests[0].share.parked(start), guests[0].ended), (Duration::ZERO, false));
}

#[test]
fn a_burst_is_forgiven_and_forgotten() {
    let start = Instant::now();
    let mut share = CpuShare::new(Some(50), unlimited(), Lanes::new(1), Clock(start));
    let mut now = start;
    for _ in 0..100 {
        share.bill(now, 700 * MS);
        let Err(NotNow::Parked(until)) = share.admit(now) else { panic!("400 ms too much") };
        assert!(share.admit(until).is_ok());
        now = until + Duration::from_millis(1_000);
        share.rest(now);
    }
    assert_eq!(share.over_since, None);
}

#[test]
fn a_tenants_cap_binds_for_all_its_guests_and_the_light_ones_wait_little() {
    let start = Instant::now();
    for seed in 0..50 {
        let mut random = fastrand::Rng::with_seed(seed);
        let percent = random.u32(20..=80);
        let clock = Clock(start);
        let bucket = Arc::new(Bucket::new(percent, 100_000_000));
        let share = || CpuShare::new(Some(100), bucket.clone(), Lanes::new(1), clock);
        let mut guests: Vec<_> = (0..20).map(|_| Guest::new(share(), MS, Duration::ZERO, start)).collect();
        guests.push(Guest::new(share(), Duration::from_micros(20), 20 * MS, start));
        let seconds = 4;
        run(&mut guests, start, Duration::from_secs(seconds));
        let used: Duration = guests.iter().map(|guest| guest.used).sum();
        let cap = Duration::from_millis(seconds * 10 * u64::from(percent));
        let (used, cap) = (used.as_millis() as f64, cap.as_millis() as f64);
        assert!(used < cap * 1.05 + 110.0, "seed {seed}: {used} of {cap} ms at {percent} %");
        assert!(used > cap * 0.9, "seed {seed}: {used} of {cap} ms at {percent} %");
        assert!(guests.iter().all(|guest| !guest.ended), "seed {seed}: held for the tenant's sake, none is ended");
        // Each spinner has a millisecond's place in the queue at most.
        let wait = Duration::from_millis(23 * 100 / u64::from(percent) + 25);
        let light = guests.last().expect("the light one");
        assert!(light.used > MS * 2 / 5, "seed {seed}: it was polled {:?}", light.used);
        assert!(light.latest <= wait, "seed {seed}: {:?} late, {wait:?} allowed", light.latest);
    }
}

#[test]
fn without_limits_nothing_is_asked_for() {
    let start = Instant::now();
    let mut share = CpuShare::new(None, unlimited(), Lanes::new(1), Clock(start));
    share.bill(start, Duration::from_secs(1_000));
    assert_eq!(share.admit(start), Ok(()));
}
