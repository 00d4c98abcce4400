//! `switchhook sim`: a Telcoflow that calls, on its own.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use ::sim::{CallReport, Caller, Clients, SimConfig, Simulator, TlsServer};
use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;

use super::signal::Stops;
use super::{Failure, print};
use crate::config::Secret;
use crate::demo::caller;
use crate::demo::record::write_call;
use crate::demo::table::{CallSummary, closing_table};
use crate::limits::{SIM_CALLS_MAX, SIM_TABLE_CALLS_MAX};
use crate::running;

/// How long callers speak that have no recording to say, in seconds.
const TONES_S: u32 = 5;

/// Arguments of `sim`. With the defaults it fits `examples/switchhook.toml`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Where it listens; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:18080")]
    pub listen: SocketAddr,
    /// The API key that it takes
    #[arg(long, value_name = "KEY", default_value = "sim-api-key", value_parser = secret)]
    pub api_key: Secret,
    /// The connector that it takes
    #[arg(long, value_name = "UUID", default_value = "00000000-0000-4000-8000-000000000001")]
    pub connector: String,
    /// Listen with TLS: the server's certificate, PEM
    #[arg(long, value_name = "PEM", requires = "key")]
    pub cert: Option<PathBuf>,
    /// The private key of the certificate, PEM
    #[arg(long, value_name = "PEM", requires = "cert")]
    pub key: Option<PathBuf>,
    /// Take only session managers that show a certificate of these CAs; the API key may be left out then
    #[arg(long, value_name = "PEM", requires = "cert")]
    pub client_ca: Option<PathBuf>,
    /// Time from one call to the next, in seconds; the first comes as soon as a host is there
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds)]
    pub call_every: Duration,
    /// Stop after so many calls; without it, calls go on until it is interrupted
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub calls: Option<u32>,
    /// What callers say, instead of tones
    #[arg(long, value_name = "WAV")]
    pub caller: Option<PathBuf>,
    /// Where to write one stereo WAV a call: caller left, what it heard right
    #[arg(long, value_name = "DIR")]
    pub record: Option<PathBuf>,
}

/// Listens and calls until as many calls as wanted are over or a signal comes, then prints the closing table.
///
/// # Errors
/// The address is taken, or a file cannot be read or written.
pub fn run(args: Args) -> Result<ExitCode, Failure> {
    let speech = args.caller.as_deref().map(Speech::read).transpose()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| {
        Failure::new(format!("the runtime does not start: {error}"), "allow more open files (`ulimit -n`)")
    })?;
    let calls = runtime.block_on(serve(args, speech))?;
    if calls.is_empty() {
        tracing::info!("no call was over");
    } else {
        print::text(&closing_table(&calls))?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn serve(args: Args, speech: Option<Speech>) -> Result<Vec<CallSummary>, Failure> {
    let simulator = Simulator::new(SimConfig {
        api_key: args.api_key.expose().to_owned(),
        connector_uuid: args.connector.clone(),
        // Two runs must not use the same session ids: a host that outlives the first would know them.
        seed: running::seed(),
        ..SimConfig::default()
    });
    let mut stops = Stops::listen()?;
    let listened = match tls(&args)? {
        Some(tls) => simulator.listen_tls(&args.listen.to_string(), tls).await,
        None => simulator.listen(&args.listen.to_string()).await,
    };
    listened.map_err(|error| {
        Failure::new(format!("cannot listen on {}: {error}", args.listen), "choose another address with `--listen`")
    })?;
    tracing::info!("listening on {}: waiting for a host", simulator.public_base());
    let mut calls = Calls { simulator: &simulator, args, speech, live: JoinSet::new(), over: VecDeque::new() };
    let worked = tokio::select! {
        worked = calls.work() => worked,
        name = stops.next() => {
            tracing::info!("{name}: stopping");
            Ok(())
        }
    };
    simulator.shutdown().await;
    worked?;
    // Calls that the shutdown ended have their reports as well.
    while let Some(ended) = calls.live.join_next().await {
        calls.close(ended)?;
    }
    Ok(calls.over.into())
}

/// The TLS that the arguments ask for.
fn tls(args: &Args) -> Result<Option<TlsServer>, Failure> {
    let (Some(cert), Some(key)) = (&args.cert, &args.key) else { return Ok(None) };
    let clients = args.client_ca.clone().map_or(Clients::Anyone, Clients::SessionManagersOf);
    let server = TlsServer::new(cert, key, &clients);
    server.map(Some).map_err(|error| Failure::new(error.to_string(), "correct `--cert`, `--key` or `--client-ca`"))
}

/// The calls of one run.
struct Calls<'a> {
    simulator: &'a Simulator,
    args: Args,
    speech: Option<Speech>,
    live: JoinSet<(String, CallReport)>,
    over: VecDeque<CallSummary>,
}

impl Calls<'_> {
    async fn work(&mut self) -> Result<(), Failure> {
        let simulator = self.simulator;
        let wanted = self.args.calls.unwrap_or(u32::MAX);
        let mut next = Instant::now();
        let mut placed = 0;
        while placed < wanted || !self.live.is_empty() {
            let room = placed < wanted && self.live.len() < SIM_CALLS_MAX;
            tokio::select! {
                () = turn_to_call(simulator, next), if room => {
                    self.place(placed);
                    placed += 1;
                    next = Instant::now() + self.args.call_every;
                }
                Some(ended) = self.live.join_next() => self.close(ended)?,
            }
        }
        Ok(())
    }

    fn place(&mut self, number: u32) {
        let caller = match &self.speech {
            Some(speech) => caller::recording(Arc::clone(&speech.samples), speech.sample_rate_hz),
            None => caller::tones(number as usize, TONES_S),
        };
        // Recordings take memory for as long as the call lasts.
        let caller = Caller { record: self.args.record.is_some(), ..caller };
        let name = format!("call-{}", number + 1);
        tracing::info!("{name} rings");
        let placed = self.simulator.place_call(caller);
        self.live.spawn(async move { (name, placed.finished().await) });
    }

    fn close(&mut self, ended: Result<(String, CallReport), JoinError>) -> Result<(), Failure> {
        let (call, report) =
            ended.map_err(|error| Failure::new(format!("a simulated call died: {error}"), "report this"))?;
        tracing::info!("{call} is over: {}", report.outcome.as_str());
        if let Some(speech) = self.speech.as_ref().filter(|speech| speech.sample_rate_hz != report.sample_rate_hz) {
            let (found, needed) = (speech.sample_rate_hz, report.sample_rate_hz);
            tracing::warn!("{call} ran at {needed} Hz and the recording has {found} Hz: its pitch was wrong");
        }
        if let Some(folder) = &self.args.record {
            write_call(folder, &call, report.sample_rate_hz, &report.said, &report.heard)?;
        }
        if self.over.len() == SIM_TABLE_CALLS_MAX {
            self.over.pop_front();
        }
        self.over.push_back(CallSummary::of(&call, &report, 0));
        Ok(())
    }
}

/// The time has come and there is a host to be called.
async fn turn_to_call(simulator: &Simulator, next: Instant) {
    tokio::time::sleep_until(next).await;
    simulator.session_managers(1).await;
}

/// What callers say.
struct Speech {
    samples: Arc<[i16]>,
    sample_rate_hz: u32,
}

impl Speech {
    fn read(path: &Path) -> Result<Speech, Failure> {
        let wav = audio::Wav::read_file(path).map_err(|error| {
            Failure::new(format!("{}: {error}", path.display()), "name a WAV file that can be read")
        })?;
        Ok(Speech { samples: wav.samples.into(), sample_rate_hz: wav.sample_rate_hz })
    }
}

fn secret(text: &str) -> Result<Secret, Infallible> {
    Ok(Secret::new(text.to_owned()))
}

fn seconds(text: &str) -> Result<Duration, String> {
    text.parse()
        .ok()
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .filter(|every| (Duration::from_millis(10)..=Duration::from_secs(86_400)).contains(every))
        .ok_or_else(|| "use a number of seconds from 0.01 to 86400".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::Args;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    #[test]
    fn the_defaults_are_those_of_the_library() {
        let Args { api_key, connector, .. } = Line::parse_from(["sim"]).args;
        let library = sim::SimConfig::default();
        assert_eq!((api_key.expose(), connector), (library.api_key.as_str(), library.connector_uuid));
    }

    #[test]
    fn the_key_is_hidden() {
        let args = Line::parse_from(["sim", "--api-key", "hunter2"]).args;
        assert!(!format!("{args:?}").contains("hunter2"));
    }
}
