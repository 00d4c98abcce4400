//! What is done when a handler fails: the steps of its plugin's policy, in order, each once.
//!
//! [`Policy`] decides and is pure. [`Care`] keeps what the decisions need beside it: the version that serves, its health,
//! and who is told. [`Help`] is what the host itself does for a call that has no handler any more.

mod care;
mod health;
mod help;

use std::fmt;
use std::sync::Arc;

use call::{Ability, Capabilities, State};

pub(crate) use care::{Care, Reason, Starting};
pub(crate) use health::Health;
pub(crate) use help::{Help, Helped};

/// One step of a fault policy.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum FaultStep {
    /// A fresh instance of the version that failed takes the call over, and is told that it is `resumed`.
    Retry,
    /// The same with the version that was live before. Without one it is passed over.
    Previous,
    /// The host plays this to the caller, and answers for it if it must. Passed over at another sample rate.
    Prompt(Arc<Prompt>),
    /// The host connects the caller with whom they called, and leaves the call. Passed over for calls that were placed.
    Connect,
    /// The host ends the call for everyone.
    Disconnect,
}

/// What the host says in place of a handler.
#[derive(Eq, PartialEq)]
pub struct Prompt {
    /// Samples a second.
    pub sample_rate_hz: u32,
    /// Mono.
    pub samples: Vec<i16>,
}

impl fmt::Debug for Prompt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Prompt({} samples at {} Hz)", self.samples.len(), self.sample_rate_hz)
    }
}

/// What is done next about a failed handler.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Relief {
    Retry,
    Previous,
    Prompt(Arc<Prompt>),
    Connect,
    Disconnect,
    /// The policy is at its end: the host leaves the call.
    Close,
}

/// What the decision depends on beside the policy.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scene {
    /// The call, if it has a voice.
    pub(crate) voice: Option<Voice>,
    /// There is another version to go back to.
    pub(crate) has_previous: bool,
    /// Handlers may be started: the host does not want the call to end.
    pub(crate) starts: bool,
}

/// A call with a voice, as a policy sees it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Voice {
    pub(crate) state: State,
    pub(crate) outbound: bool,
    pub(crate) sample_rate_hz: u32,
    pub(crate) capabilities: Capabilities,
}

/// The steps of one call's policy that are left.
#[derive(Clone, Debug)]
pub(crate) struct Policy {
    steps: Arc<[FaultStep]>,
    next: usize,
}

impl Policy {
    pub(crate) fn new(steps: Arc<[FaultStep]>) -> Self {
        Self { steps, next: 0 }
    }

    /// The next step that can be done here; each is answered once. After the last it is [`Relief::Close`] for ever.
    pub(crate) fn next(&mut self, scene: &Scene) -> Relief {
        while let Some(step) = self.steps.get(self.next) {
            self.next += 1;
            if let Some(relief) = relief(step, scene) {
                return relief;
            }
        }
        Relief::Close
    }

    /// The same, but only if it starts another handler: a step that needs a voice waits until there is one.
    pub(crate) fn next_start(&mut self, scene: &Scene) -> Option<Relief> {
        while let Some(step @ (FaultStep::Retry | FaultStep::Previous)) = self.steps.get(self.next) {
            self.next += 1;
            if let Some(relief) = relief(step, scene) {
                return Some(relief);
            }
        }
        None
    }
}

/// What a step comes to, or `None` where it cannot be done.
fn relief(step: &FaultStep, scene: &Scene) -> Option<Relief> {
    let voice = scene.voice.filter(|voice| voice.state != State::Ended);
    match step {
        FaultStep::Retry => scene.starts.then_some(Relief::Retry),
        FaultStep::Previous => (scene.starts && scene.has_previous).then_some(Relief::Previous),
        FaultStep::Prompt(prompt) => {
            voice.filter(|voice| voice.sample_rate_hz == prompt.sample_rate_hz)?;
            Some(Relief::Prompt(prompt.clone()))
        }
        FaultStep::Connect => {
            voice.filter(|voice| !voice.outbound && voice.capabilities.has(Ability::Connect))?;
            Some(Relief::Connect)
        }
        FaultStep::Disconnect => voice.map(|_| Relief::Disconnect),
    }
}

impl Relief {
    /// For people and programs.
    pub(crate) const fn as_str(&self) -> &'static str {
        match self {
            Self::Retry => "retry",
            Self::Previous => "previous",
            Self::Prompt(_) => "prompt",
            Self::Connect => "connect",
            Self::Disconnect => "disconnect",
            Self::Close => "close",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prompt(sample_rate_hz: u32) -> FaultStep {
        FaultStep::Prompt(Arc::new(Prompt { sample_rate_hz, samples: vec![0; 10] }))
    }

    fn voice(state: State) -> Voice {
        let capabilities = Capabilities::of(&Ability::ALL);
        Voice { state, outbound: false, sample_rate_hz: 16_000, capabilities }
    }

    fn all() -> Vec<FaultStep> {
        vec![FaultStep::Retry, FaultStep::Previous, prompt(16_000), FaultStep::Connect, FaultStep::Disconnect]
    }

    /// All that a policy does, by name, when everything that is tried fails.
    fn told(steps: Vec<FaultStep>, scene: Scene) -> Vec<&'static str> {
        let mut policy = Policy::new(steps.into());
        let mut told = Vec::new();
        loop {
            let relief = policy.next(&scene);
            told.push(relief.as_str());
            if relief == Relief::Close {
                return told;
            }
        }
    }

    #[test]
    fn each_step_is_done_where_it_can_be() {
        let talking = Scene { voice: Some(voice(State::Answered)), has_previous: true, starts: true };
        let with = |change: fn(&mut Voice)| {
            let mut voice = voice(State::Answered);
            change(&mut voice);
            Scene { voice: Some(voice), ..talking }
        };
        let table: [(&str, Scene, &[&str]); 8] = [
            ("all", talking, &["retry", "previous", "prompt", "connect", "disconnect", "close"]),
            (
                "ringing",
                with(|voice| voice.state = State::Pending),
                &["retry", "previous", "prompt", "connect", "disconnect", "close"],
            ),
            (
                "the first version",
                Scene { has_previous: false, ..talking },
                &["retry", "prompt", "connect", "disconnect", "close"],
            ),
            ("a drain", Scene { starts: false, ..talking }, &["prompt", "connect", "disconnect", "close"]),
            ("a chat", Scene { voice: None, ..talking }, &["retry", "previous", "close"]),
            (
                "a placed call",
                with(|voice| voice.outbound = true),
                &["retry", "previous", "prompt", "disconnect", "close"],
            ),
            (
                "another rate",
                with(|voice| voice.sample_rate_hz = 8_000),
                &["retry", "previous", "connect", "disconnect", "close"],
            ),
            (
                "a carrier that cannot",
                with(|voice| voice.capabilities = Capabilities::NONE),
                &["retry", "previous", "prompt", "disconnect", "close"],
            ),
        ];
        for (name, scene, expected) in table {
            assert_eq!(told(all(), scene), expected, "{name}");
        }
        let over = Scene { voice: Some(voice(State::Ended)), starts: false, ..talking };
        assert_eq!(told(all(), over), ["close"]);
        assert_eq!(told(Vec::new(), talking), ["close"]);
    }

    #[test]
    fn before_there_is_a_voice_only_starts_are_taken() {
        let ringing = Scene { voice: None, has_previous: false, starts: true };
        let mut policy = Policy::new(vec![FaultStep::Previous, FaultStep::Retry, prompt(16_000)].into());
        assert_eq!(policy.next_start(&ringing), Some(Relief::Retry));
        assert_eq!(policy.next_start(&ringing), None);
        let talking = Scene { voice: Some(voice(State::Pending)), ..ringing };
        assert_eq!(policy.next(&talking).as_str(), "prompt", "it waited for the voice");
    }

    /// Whatever the policy and however the scene changes: steps come in order, each once, and it ends.
    #[test]
    fn no_policy_goes_on_for_ever() {
        for seed in 0..5_000 {
            let mut random = fastrand::Rng::with_seed(seed);
            let steps: Vec<_> = (0..random.usize(..9)).map(|_| random.choice(all()).expect("there are five")).collect();
            let names: Vec<_> = steps.iter().map(name).collect();
            let mut policy = Policy::new(steps.into());
            let (mut at, mut closed) = (0, 0);
            for _ in 0..12 {
                let state = random.choice(State::ALL).expect("there are four");
                let voice = random.bool().then(|| Voice { outbound: random.bool(), ..voice(state) });
                let scene = Scene { voice, has_previous: random.bool(), starts: random.bool() };
                let relief = if random.bool() { policy.next_start(&scene) } else { Some(policy.next(&scene)) };
                let Some(relief) = relief else { continue };
                if relief == Relief::Close {
                    closed += 1;
                    continue;
                }
                assert_eq!(closed, 0, "seed {seed}: after the end nothing is done");
                let found = names[at..].iter().position(|name| *name == relief.as_str());
                at += found.unwrap_or_else(|| panic!("seed {seed}: {relief:?} is out of order")) + 1;
            }
        }
    }

    fn name(step: &FaultStep) -> &'static str {
        match step {
            FaultStep::Retry => "retry",
            FaultStep::Previous => "previous",
            FaultStep::Prompt(_) => "prompt",
            FaultStep::Connect => "connect",
            FaultStep::Disconnect => "disconnect",
        }
    }
}
