//! What an operator does meanwhile: gives calls away and takes them, here or in another host, places some, begins chats, ends
//! some.

use std::time::Duration;

use ::call::Contact;
use exchange::{Handle, OutboundCall, Stage, Step, Taking};
use fastrand::Rng;
use sim::{CalleeAnswer, Caller, Outbound, Remote, Simulator, Step as Said};
use switchhook_tests::world::World;
use telcoflow::frame::Handover;
use tokio::task::JoinSet;

/// Numbers that can be called.
const NUMBERS: usize = 40;

pub(super) struct Operator {
    seed: u64,
    /// Each ends with what was wrong.
    acts: JoinSet<Option<String>>,
    /// Calls that were to be placed.
    pub(super) placed: usize,
}

/// What comes of calls to the operator's numbers; `mine` is the connector's side, by which the handler's books are found.
pub(super) fn numbers(random: &mut Rng, seed: u64, mine: &str) -> Vec<(String, Outbound)> {
    let plan = |random: &mut Rng| {
        let script = vec![Said::WaitAnswered, Said::Marked { ms: random.u32(1..60) * 20 }, Said::HangUp];
        let party = Caller { to: mine.to_owned(), ring_ms: 20_000, give_up_ms: 30_000, ..Caller::new(script) };
        let party = Caller { record: false, ..party };
        let picks_up = CalleeAnswer::After { ms: random.u32(0..1_000) };
        match random.u8(0..8) {
            0 => Outbound::refused("QUOTA_EXCEEDED"),
            1 => Outbound::NoAnswer,
            2 => Outbound::rings(Remote { party, ..Remote::busy() }),
            3 => {
                let party = Caller { ring_ms: random.u32(100..3_000), ..party };
                Outbound::rings(Remote { picks_up: CalleeAnswer::Never, party })
            }
            _ => Outbound::rings(Remote { picks_up, party }),
        }
    };
    (0..NUMBERS).map(|index| (number(seed, index), plan(random))).collect()
}

fn number(seed: u64, index: usize) -> String {
    format!("+17{seed:06}{index:02}")
}

impl Operator {
    pub(super) fn new(seed: u64) -> Self {
        Self { seed, acts: JoinSet::new(), placed: 0 }
    }

    /// What occurs to them at this moment.
    pub(super) fn act(&mut self, random: &mut Rng, hosts: &[World]) {
        hosts.iter().for_each(|host| self.act_on(random, host, hosts));
    }

    fn act_on(&mut self, random: &mut Rng, host: &World, hosts: &[World]) {
        let handle = host.exchange.handle();
        let taker = |random: &mut Rng| hosts[random.usize(..hosts.len())].exchange.handle();
        for call in handle.calls() {
            match random.u16(0..1_000) {
                0..300 if call.stage == Stage::Held => {
                    let takers = random.usize(0..3);
                    let after = Duration::from_millis(random.u64(0..2_000));
                    self.acts.spawn(give(handle.clone(), taker(random), call.id, takers, after));
                }
                // Whatever it is doing: refused, unless it is held.
                998 => {
                    self.acts.spawn(give(handle.clone(), taker(random), call.id, 1, Duration::ZERO));
                }
                // It may be over by now.
                999 => {
                    let _ = handle.disconnect(&call.id);
                }
                _ => {}
            }
        }
        if random.u8(0..20) == 0 {
            self.placed += 1;
            let to = number(self.seed, random.usize(0..NUMBERS));
            let (contact, plugin) =
                if random.u8(0..6) == 0 { (Contact::Chat, "other-0") } else { (Contact::Call, "first") };
            let plugin = Some(plugin.into());
            let call = OutboundCall { contact, tenant: "acme".into(), plugin, to, connector: None };
            let placer = host.exchange.placer();
            self.acts.spawn(async move {
                // Refused: there is no call.
                let mut placed = placer.place(&call).await.ok()?;
                let mut steps = Vec::new();
                while let Some(step) = placed.next().await {
                    steps.push(step);
                }
                let good = match contact {
                    Contact::Call => {
                        matches!(steps.as_slice(), [Step::Failed(_)] | [Step::Answered { .. }, Step::Ended(_)])
                    }
                    Contact::Chat => matches!(steps.as_slice(), [Step::Failed(_) | Step::Closed(_)]),
                };
                (!good).then(|| format!("a placed call took the steps {steps:?}"))
            });
        }
    }

    /// Waits for all of it; what was wrong.
    pub(super) async fn end(&mut self, sim: &Simulator) -> Vec<String> {
        let mut wrong = Vec::new();
        while let Some(act) = self.acts.join_next().await {
            wrong.extend(act.expect("an act ends"));
        }
        let rings = usize::try_from(sim.counts().creations).expect("a few");
        if rings > self.placed {
            wrong.push(format!("{rings} sessions were wanted for {} calls", self.placed));
        }
        wrong
    }
}

/// Gives a call, and has a host take it so often, of which one may succeed.
async fn give(giver: Handle, taker: Handle, id: String, takers: usize, after: Duration) -> Option<String> {
    let given: Handover = giver.give(&id, None).await.ok()?;
    let mut clock = tokio::time::interval(after.max(Duration::from_millis(1)));
    clock.tick().await;
    clock.tick().await;
    let taking =
        || Taking { tenant: "acme".into(), connector: None, plugin: Some("first".into()), call: given.clone() };
    let mut takes = JoinSet::new();
    for _ in 0..takers {
        let (taker, taking) = (taker.clone(), taking());
        takes.spawn(async move { taker.take(taking).await });
    }
    let taken = takes.join_all().await.iter().filter(|taken| taken.is_ok()).count();
    (taken > 1).then(|| format!("{taken} have the call {id}"))
}
