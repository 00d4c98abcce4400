//! A guest that misbehaves, or does one small thing, as its configuration says.
//!
//! The key `mode` chooses; README.md lists the modes, their keys and what they log. One component for all of them,
//! because each more would cost every test run another build.

mod chats;
mod clock;
mod commands;
mod faults;
mod floods;
mod placing;
mod pry;
mod reach;
mod record;
mod refusals;
mod remember;
mod sounds;
mod support;

use switchhook_guest::{CallInfo, Failure, config};

switchhook_guest::handler!(run);
switchhook_guest::chat_handler!(chats::run);

fn run(info: CallInfo) -> Result<(), Failure> {
    let mode = config::get("mode").unwrap_or_default();
    if info.resumed && config::parse("heals").unwrap_or(false) {
        support::answered()?;
        support::echo_until_the_end();
        return Ok(());
    }
    match mode.as_str() {
        "trap" | "panic" | "recurse" | "allocate" | "spin" | "spin-after-answer" | "return-at-once" | "fail"
        | "ignore-end" | "stdout" => faults::run(&mode),
        "flood-play" => floods::play(&info),
        "flood-marks" => floods::marks(&info),
        "flood-timers" => floods::timers(),
        "flood-commands" => floods::commands(),
        "flood-log" => floods::log(),
        "flood-stdout" => floods::stdout(),
        "late" => refusals::late(),
        "not-granted" => refusals::not_granted(),
        "huge-play" => refusals::huge_play(),
        "odd-play" => refusals::odd_play(&info),
        "timers" => sounds::timers(&info),
        "marks" => sounds::marks(&info),
        "connect" | "connect-unanswered" => commands::connect(&info),
        "commands" => commands::list(&info),
        "place" => placing::place(),
        "place-late" => placing::place_late(),
        "flood-place" => placing::flood(),
        "clock" => clock::read(),
        "record" => record::record(&info),
        "pry" => pry::pry(),
        "pry-config" => pry::config(),
        "meddle" => pry::meddle(),
        "sleep" => pry::sleep(),
        "remember" => remember::in_call(),
        "reach" => reach::in_call(),
        other => Err(Failure::new("UNKNOWN_MODE", format!("the hostile guest has no mode `{other}`"))),
    }
}
