//! `switchhook top`: what a running host does, looked at again and again, in a terminal.

mod picture;
mod view;

use std::io::{IsTerminal, stdout};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use self::picture::{Order, Picture};
use super::Failure;
use super::remote::wait;
use crate::client::{Client, ClientError, HostArgs};
use crate::limits::TOP_CALLS_MAX;

/// Arguments of `top`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Seconds between two looks
    #[arg(long, value_name = "SECONDS", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=60))]
    pub every: u64,
    /// Which host
    #[command(flatten)]
    pub host: HostArgs,
}

/// Draws until it is told to stop. A host that goes away is waited for.
///
/// # Errors
/// There is no terminal, or no such host at first.
pub fn run(args: Args) -> Result<ExitCode, Failure> {
    if !stdout().is_terminal() {
        return Err(Failure::new("`top` draws on a terminal", "use `switchhook calls`, or `calls --json`, elsewhere"));
    }
    let client = args.host.client()?;
    wait(async {
        let mut picture = Picture::default();
        // Wrong addresses and tokens are told before the screen is taken.
        look(&client, &mut picture).await?;
        let terminal = ratatui::try_init()
            .map_err(|error| Failure::new(format!("the terminal cannot be drawn on: {error}"), "use another"))?;
        let shown = show(terminal, &client, picture, Duration::from_secs(args.every)).await;
        ratatui::restore();
        shown
    })?;
    Ok(ExitCode::SUCCESS)
}

async fn show(
    mut terminal: DefaultTerminal,
    client: &Client,
    mut picture: Picture,
    every: Duration,
) -> Result<(), Failure> {
    let mut next_look = Instant::now() + every;
    loop {
        terminal.draw(|frame| view::draw(frame, &picture))?;
        // Nothing else runs meanwhile, so the wait for a key may hold the thread.
        if event::poll(next_look.saturating_duration_since(Instant::now()))? {
            if let Event::Key(key) = event::read()?
                && key.kind == KeyEventKind::Press
                && react(&mut picture, key)
            {
                return Ok(());
            }
            continue;
        }
        if let Err(error) = look(client, &mut picture).await {
            picture.lost(error.to_string());
        }
        next_look = Instant::now() + every;
    }
}

async fn look(client: &Client, picture: &mut Picture) -> Result<(), ClientError> {
    let tenants = client.get(&["v1", "tenants"], &[]).await?;
    let calls = client.get(&["v1", "calls"], &[("limit", TOP_CALLS_MAX.to_string())]).await?;
    picture.take(&tenants, &calls, Instant::now());
    Ok(())
}

/// What a key does. True: it ends the program.
fn react(picture: &mut Picture, key: KeyEvent) -> bool {
    match key.code {
        KeyCode::Char('q') | KeyCode::Esc => return true,
        KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => return true,
        KeyCode::Char('c') => picture.order_by(Order::Cpu),
        KeyCode::Char('a') => picture.order_by(Order::Age),
        KeyCode::Char('b') => picture.order_by(Order::Buffer),
        KeyCode::Down => picture.scroll(1),
        KeyCode::Up => picture.scroll(-1),
        KeyCode::PageDown => picture.scroll(10),
        KeyCode::PageUp => picture.scroll(-10),
        _ => {}
    }
    false
}
