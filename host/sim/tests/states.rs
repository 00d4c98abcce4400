//! Every cell of the table of states and commands (`call::State::rule`), as this server has it: what the table calls legal
//! succeeds and leads where it says, and what it does not the server refuses too.
#![allow(clippy::unwrap_used)]

mod support;

use call::{Ability, Rule, State};
use sim::{Callee, Caller, SimConfig, Step, Switches};
use support::{VoiceClient, one_call};
use telcoflow::frame::AudioMode;
use telcoflow::frame::voice::CommandName;

const CONNECT: CommandName = CommandName::Connect { ring_time_s: 20 };

/// What a handler may ask of Telcoflow, and what asks for it.
const COMMANDS: [(Ability, CommandName); 7] = [
    (Ability::Answer, CommandName::Answer),
    (Ability::Connect, CONNECT),
    (Ability::Whisper, CommandName::Whisper),
    (Ability::Barge, CommandName::Barge),
    (Ability::Spy, CommandName::Spy),
    (Ability::Disconnect, CommandName::Disconnect),
    (Ability::Close, CommandName::Close),
];

async fn lead_to(voice: &mut VoiceClient, state: State) {
    match state {
        State::Pending => {}
        State::Answered => voice.run(CommandName::Answer).await.unwrap(),
        State::Connected => voice.run(CONNECT).await.unwrap(),
        State::Ended => unreachable!("a call that is over has no socket"),
    }
}

/// Where the call stands, by what it still takes.
async fn state_of(voice: &mut VoiceClient) -> State {
    // Refused in no state but the end, and changes nothing.
    if voice.run(CommandName::Interrupt).await.is_err() {
        return State::Ended;
    }
    let connected = voice.run(CommandName::Barge).await.is_ok();
    let pending = !connected && voice.run(CommandName::Answer).await.is_ok();
    match (connected, pending) {
        (true, _) => State::Connected,
        (false, true) => State::Pending,
        (false, false) => State::Answered,
    }
}

#[tokio::test(start_paused = true)]
async fn every_cell_is_as_the_table_says() {
    // PROTOCOL.md, O-4 and O-5: the two cells that the SDK leaves open, switched both ways.
    for takes_disconnect in [true, false] {
        let open_points = Switches {
            disconnect_before_answer: takes_disconnect,
            disconnect_while_answered: takes_disconnect,
            ..Switches::default()
        };
        let config = SimConfig { open_points, ..SimConfig::default() };
        for state in [State::Pending, State::Answered, State::Connected] {
            for (ability, command) in COMMANDS {
                let caller = Caller {
                    callee: Callee::after(500, Vec::new()),
                    ..Caller::new(vec![Step::WaitAnswered, Step::Wait { ms: 30_000 }])
                };
                let (sim, _manager, placed, mut voice) = one_call(&config, caller, AudioMode::Mixed).await;
                lead_to(&mut voice, state).await;
                let result = voice.run(command).await;
                let open = ability == Ability::Disconnect && state != State::Connected;
                let expected = match state.rule(ability) {
                    Rule::Legal(next) if takes_disconnect || !open => Ok(next),
                    _ => Err("INVALID_COMMAND".to_owned()),
                };
                assert_eq!(result, expected.clone().map(drop), "{command:?} while {state:?}");
                let after = state_of(&mut voice).await;
                assert_eq!(after, expected.unwrap_or(state), "after {command:?} while {state:?}");
                if after != State::Ended {
                    assert_eq!(voice.run(CommandName::Close).await, Ok(()), "close ends or leaves it in any state");
                }
                voice.until_gone().await;
                placed.finished().await;
                sim.shutdown().await;
            }
        }
    }
}
