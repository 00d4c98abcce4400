//! An agent whose part a test wrote down: does with this host what `tests/conformance/sdk_client.py` does with the public SDK.
//!
//! The key `steps` holds one step a line, words apart by blanks; README.md lists them. Each step begins when the one before
//! it is over, and is logged as `scripted step NAME CODE`, with `OK` where nothing failed. Once the call is over it logs
//! `scripted heard CHANNEL BYTES CRC32` for each channel and `scripted done`. It judges nothing: the test does.

mod agent;

use switchhook_guest::{CallInfo, Failure, config, info};

use agent::Agent;

switchhook_guest::handler!(run);

fn run(call_info: CallInfo) -> Result<(), Failure> {
    let channels: Vec<String> = call_info.audio.channels.iter().map(u8::to_string).collect();
    info!("scripted channels {}", channels.join(" "));
    let mut agent = Agent::new(&call_info);
    for line in config::get("steps").unwrap_or_default().lines() {
        let mut words = line.split_whitespace();
        let name = words.next().unwrap_or_default();
        let numbers: Vec<f64> = words.filter_map(|word| word.parse().ok()).collect();
        let result = agent.step(name, &numbers);
        let code = result.as_ref().map_or_else(|failure| failure.code.as_str(), |()| "OK");
        info!("scripted step {name} {code}");
    }
    agent.come_to_the_end();
    for (channel, bytes, crc32) in agent.heard() {
        info!("scripted heard {channel} {bytes} {crc32}");
    }
    info!("scripted done");
    Ok(())
}
