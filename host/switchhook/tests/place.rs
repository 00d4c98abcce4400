//! `switchhook place` against a real process: calls and chats to their ends, and refusals.

mod host;

use std::process::Output;

use host::{Host, in_time};
use serde_json::Value;
use sim::{CalleeAnswer, Caller, Outbound, Remote, SimConfig, Simulator};

const ECHO: &str = "+15550142";
const BUSY: &str = "+15550143";
const REFUSED: &str = "+15550144";

fn simulator() -> Simulator {
    let party = Remote { picks_up: CalleeAnswer::After { ms: 10 }, ..Remote::new(Caller::echo(400)) };
    let outbound = vec![
        (ECHO.to_owned(), Outbound::rings(party)),
        (BUSY.to_owned(), Outbound::rings(Remote::busy())),
        (REFUSED.to_owned(), Outbound::refused("QUOTA_EXCEEDED")),
    ];
    Simulator::new(SimConfig { outbound, ..SimConfig::default() })
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// What went wrong, of a command that must have failed with exit code 1.
fn error(output: &Output) -> String {
    assert_eq!((output.status.code(), stdout(output).as_str()), (Some(1), ""));
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_call_is_placed_and_its_end_is_told() {
    in_time(async {
        let sim = simulator();
        let host = Host::start(&sim, 20, "").await;
        let placed = host.command(&["place", "acme", ECHO, "--plugin", "echo", "--connector", "main"]).await;
        let call = sim.outbound_call().await;
        let expected = format!("placed  session {}\n", call.session_id());
        assert_eq!((placed.status.code(), stdout(&placed)), (Some(0), expected));
        call.finished().await;

        let waited = host.command(&["place", "acme", ECHO, "--plugin", "echo", "--wait"]).await;
        let report = sim.outbound_call().await;
        let expected = format!("placed  session {}\nover    terminated, handler RETURNED\n", report.session_id());
        assert_eq!((waited.status.code(), stdout(&waited)), (Some(0), expected));
        let echo = report.finished().await.echo.expect("an echo");
        assert!(echo.equal_bytes > 0, "they talked");

        let busy = host.command(&["place", "acme", BUSY, "--plugin", "echo", "--wait", "--json"]).await;
        assert_eq!(busy.status.code(), Some(1), "it was never answered");
        let told: Value = serde_json::from_slice(&busy.stdout).expect("JSON");
        assert_eq!((&told["end"]["answered"], told["session_id"].is_string()), (&Value::Bool(false), true), "{told}");
        host.signal("TERM");
        assert_eq!(host.exit_code(), Some(0));
        sim.shutdown().await;
    });
}

#[test]
fn a_chat_is_begun_and_its_end_is_told() {
    in_time(async {
        let sim = simulator();
        let host = Host::start(&sim, 20, "").await;
        let (begun, session) = tokio::join!(
            host.command(&["place", "acme", "+15550177", "--chat", "--plugin", "chatty", "--wait"]),
            async {
                let mut chat = sim.outbound_chat().await;
                chat.say("bye");
                assert_eq!(chat.heard().await.expect("a reply").data["text"], "Sorry?");
                chat.closed().await;
                chat.session_id().to_owned()
            }
        );
        let expected = format!("begun  session {session}\nover    closed, handler RETURNED\n");
        assert_eq!((begun.status.code(), stdout(&begun)), (Some(0), expected));
        host.signal("TERM");
        assert_eq!(host.exit_code(), Some(0));
        sim.shutdown().await;
    });
}

#[test]
fn refusals_say_what_to_do() {
    in_time(async {
        let sim = simulator();
        let host = Host::start(&sim, 20, "").await;
        let cases: [(&[&str], &str, &str); 5] = [
            (&["nobody", ECHO], "no such tenant", "switchhook plugins"),
            (&["acme", ECHO], "name the plugin", "correct the command"),
            (&["acme", ECHO, "--plugin", "echo", "--chat"], "does not handle such", "correct the command"),
            (&["acme", "two words", "--plugin", "echo"], "cannot be called", "correct the command"),
            (&["acme", REFUSED, "--plugin", "echo"], "QUOTA_EXCEEDED", "nothing was placed"),
        ];
        for (args, what, help) in cases {
            let refused = error(&host.command(&[&["place"], args].concat()).await);
            assert!(refused.contains(what) && refused.contains(help), "{args:?}: {refused}");
        }
        host.signal("TERM");
        assert_eq!(host.exit_code(), Some(0));
        sim.shutdown().await;
    });
}
