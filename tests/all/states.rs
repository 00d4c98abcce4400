//! The table of states and commands: every cell in a real call, whole calls of random commands, and the pages that tell it.

use call::{Ability, Rule, State};
use libtest_mimic::Trial;
use sim::{Callee, CalleeAnswer, Caller, SimConfig, Step, Switches};
use switchhook_tests::components::root;
use switchhook_tests::logs::TestLog;
use switchhook_tests::run::simulated;
use switchhook_tests::world::{World, WorldConfig};

/// The pages with the table, and what their lines begin with.
const PAGES: [(&str, &str); 3] =
    [("host/call/src/state.rs", "//! "), ("wit/README.md", ""), ("guest-sdk/rust/README.md", "")];
/// Calls of random commands, and the most commands of one.
const RANDOM_CALLS: u64 = 300;
const COMMANDS_MAX: usize = 9;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        simulated("states::every_cell_of_the_table_in_a_call", |log| async move { cells(&log).await }),
        simulated("states::random_commands_go_as_the_table_says", |log| async move { random(&log).await }),
        simulated("states::the_pages_tell_the_table", |_| async { pages() }),
    ]
}

/// The handler's commands, as the guest `hostile` writes them.
const COMMANDS: [(Ability, &str); 9] = [
    (Ability::Answer, "answer"),
    (Ability::Connect, "connect:5"),
    (Ability::Whisper, "whisper"),
    (Ability::Barge, "barge"),
    (Ability::Spy, "spy"),
    (Ability::Disconnect, "disconnect"),
    (Ability::Close, "close"),
    (Ability::Transfer, "transfer:+15550100"),
    (Ability::SendDigits, "send-digits:1"),
];

/// What the guest logs of a command, and where the call stands then. `takes_disconnect` is the server's switch for the cells
/// that are open (PROTOCOL.md, O-4 and O-5).
fn expected(state: State, ability: Ability, callee: bool, takes_disconnect: bool) -> (String, State) {
    let name = ability.as_str();
    let supported = !matches!(ability, Ability::Transfer | Ability::SendDigits);
    let refused = |code: &str| (format!("refused {name} {code}"), state);
    let failed = |code: &str| (format!("outcome {name} {code}"), state);
    match state.rule(ability) {
        Rule::Ended => refused("ENDED"),
        _ if !supported => refused("NOT_SUPPORTED"),
        Rule::NotNow => refused("NOT_NOW"),
        Rule::Legal(_) if ability == Ability::Connect && !callee => failed("CALL_UNANSWERED"),
        Rule::Legal(_) if ability == Ability::Disconnect && state != State::Connected && !takes_disconnect => {
            failed("INVALID_COMMAND")
        }
        Rule::Legal(next) => (format!("outcome {name} OK"), next),
    }
}

/// Runs one call with these commands; what the guest logged of them.
async fn run(log: &TestLog, commands: &[&str], callee: bool, takes_disconnect: bool) -> Vec<String> {
    let before = lines(log).len();
    let script = [("mode", "commands"), ("commands", &commands.join(","))];
    let mut config = WorldConfig::with("hostile", &script);
    config.sim = SimConfig {
        open_points: Switches {
            disconnect_before_answer: takes_disconnect,
            disconnect_while_answered: takes_disconnect,
            ..Switches::default()
        },
        ..config.sim
    };
    let mut world = World::simulated(config).await;
    let answer = if callee { CalleeAnswer::After { ms: 300 } } else { CalleeAnswer::Never };
    let caller = Caller {
        callee: Callee { answer, ..Callee::default() },
        ..Caller::new(vec![Step::WaitAnswered, Step::Wait { ms: 60_000 }, Step::HangUp])
    };
    world.sim.place_call(caller).finished().await;
    world.record().await;
    world.close().await;
    lines(log).split_off(before)
}

fn lines(log: &TestLog) -> Vec<String> {
    let said = |line: &String| {
        let at = line.find("outcome ").or_else(|| line.find("refused "))?;
        let words: Vec<&str> = line[at..].split_whitespace().take(3).collect();
        Some(words.join(" "))
    };
    let all = log.lines_with("handler");
    all.iter().filter_map(said).collect()
}

async fn cells(log: &TestLog) {
    for state in State::ALL {
        let way: &[&str] = match state {
            State::Pending => &[],
            State::Answered => &["answer"],
            State::Connected => &["connect:5"],
            State::Ended => &["answer", "close"],
        };
        for (ability, command) in COMMANDS {
            let commands = [way, &[command]].concat();
            let said = run(log, &commands, true, true).await;
            let (line, _) = expected(state, ability, true, true);
            assert_eq!(said.last(), Some(&line), "{command} while {state:?}: {said:?}");
            assert_eq!(said.len(), commands.len(), "{said:?}");
        }
    }
}

/// Commands in any order, most of them illegal: each is refused or fails as the table says, and none moves the call elsewhere.
async fn random(log: &TestLog) {
    for seed in 0..RANDOM_CALLS {
        let mut rng = fastrand::Rng::with_seed(seed);
        let (callee, takes_disconnect) = (rng.bool(), rng.bool());
        let mut state = State::Pending;
        let (mut commands, mut predicted) = (Vec::new(), Vec::new());
        for _ in 0..rng.usize(1..=COMMANDS_MAX) {
            let (ability, command) = COMMANDS[rng.usize(..COMMANDS.len())];
            let (line, next) = expected(state, ability, callee, takes_disconnect);
            state = next;
            commands.push(command);
            predicted.push(line);
        }
        let said = run(log, &commands, callee, takes_disconnect).await;
        assert_eq!(said, predicted, "seed {seed}: {commands:?}");
    }
}

/// A row for each command: those that go alike share one.
fn table() -> Vec<String> {
    let cell = |state: State, ability: Ability| match state.rule(ability) {
        Rule::Legal(next) if next == state => "stays".to_owned(),
        Rule::Legal(next) => format!("-> `{}`", next.as_str()),
        Rule::NotNow => "`NOT_NOW`".to_owned(),
        Rule::Ended => "`ENDED`".to_owned(),
    };
    let mut rows: Vec<(Vec<String>, Vec<String>)> = Vec::new();
    for (ability, _) in COMMANDS {
        let cells: Vec<String> = State::ALL.iter().map(|state| cell(*state, ability)).collect();
        let name = format!("`{}`", ability.as_str());
        match rows.iter_mut().find(|(_, known)| *known == cells) {
            Some((names, _)) => names.push(name),
            None => rows.push((vec![name], cells)),
        }
    }
    rows.into_iter().map(|(names, cells)| format!("| {} | {} |", names.join(", "), cells.join(" | "))).collect()
}

fn pages() {
    for (page, before) in PAGES {
        let text = std::fs::read_to_string(root().join(page)).expect("a page of the repository");
        let lines: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix(before)).collect();
        let missing: Vec<String> = table().into_iter().filter(|row| !lines.contains(&row.as_str())).collect();
        assert!(missing.is_empty(), "{page} lacks these rows:\n{}", missing.join("\n"));
    }
}
