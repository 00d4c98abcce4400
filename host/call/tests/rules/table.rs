//! Every cell of the table of states and commands: what is accepted, where success leads, and that failure leads nowhere.

use call::{Ability, Call, EndReason, Event, Failure, Next, Rule, State, code};

use crate::commands::every_command;
use crate::kit::{answered, connected, ringing};

fn call_in(state: State) -> Call {
    match state {
        State::Pending => ringing(),
        State::Answered => answered(),
        State::Connected => connected(),
        State::Ended => {
            let mut call = answered();
            call.handle_ended(EndReason::Terminated);
            assert!(matches!(call.next(), Next::Event(Event::Ended(_))));
            call
        }
    }
}

#[test]
fn every_cell_is_as_the_table_says() {
    for state in State::ALL {
        for kind in every_command() {
            for result in
                [Ok(None), Err(Failure::new("INVALID_COMMAND", "not here")), Err(Failure::new("CALL_UNANSWERED", ""))]
            {
                let mut call = call_in(state);
                assert_eq!(call.state(), state);
                let accepted = call.command(kind.clone());
                let next = match state.rule(kind.ability()) {
                    Rule::Legal(next) => next,
                    Rule::NotNow => {
                        assert_eq!(accepted.unwrap_err().code, code::NOT_NOW, "{state:?} {kind:?}");
                        continue;
                    }
                    Rule::Ended => {
                        assert_eq!(accepted.unwrap_err().code, code::ENDED, "{state:?} {kind:?}");
                        continue;
                    }
                };
                let id = accepted.unwrap();
                assert_eq!(call.poll_command().unwrap().id, id);
                assert_eq!(call.state(), state, "the state moves with the outcome");
                call.handle_outcome(id, result.clone());
                assert_eq!(call.state(), if result.is_ok() { next } else { state }, "{state:?} {kind:?} {result:?}");
                let outcome = Event::Outcome { command: id, name: kind.name(), result };
                assert_eq!(call.next(), Next::Event(outcome), "a failure is a value");
            }
        }
    }
}

/// The older surface knows two commands while it rings, audio from the answer on, and the modes once connected.
#[test]
fn what_the_older_surface_allows_is_legal_here() {
    use Ability as A;
    let older: [(State, &[Ability]); 4] = [
        (State::Pending, &[A::Answer, A::Connect]),
        (State::Answered, &[A::Connect, A::Close, A::Disconnect]),
        (State::Connected, &[A::Whisper, A::Barge, A::Spy, A::Close, A::Disconnect]),
        (State::Ended, &[]),
    ];
    for (state, legal) in older {
        assert!(legal.iter().all(|ability| state.allows(*ability)), "{state:?}");
        assert_eq!(state.takes_audio(), matches!(state, State::Answered | State::Connected));
    }
}
