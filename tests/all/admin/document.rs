//! The interface's own document is true: schemathesis asks for what the document allows and for what it forbids, and compares
//! every answer with it. The host is the program in a process of its own, with a call in it.

use std::path::Path;
use std::process::Stdio;

use libtest_mimic::Trial;
use sim::{Milestone, SimConfig, Simulator};
use switchhook_tests::components::program;
use switchhook_tests::run::threaded;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use super::patient;

const TOKEN: &str = "a-token-of-the-tests-0123456789abcdef";

pub(crate) fn trials() -> Vec<Trial> {
    let ignored = python().is_none() || program().is_none();
    vec![threaded("admin::the_document_is_true", 2, |_| judged()).with_ignored_flag(ignored)]
}

/// The Python that has schemathesis.
fn python() -> Option<std::ffi::OsString> {
    std::env::var_os("SWITCHHOOK_SCHEMATHESIS_PYTHON")
}

async fn judged() {
    let sim = Simulator::new(SimConfig::default());
    let server = sim.listen("127.0.0.1:0").await.expect("a free port");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (mut host, admin) = host(folder.path(), &format!("ws://{server}")).await;
    let mut call = sim.place_call(patient());
    assert!(call.reached(Milestone::Answered).await);

    let api = Path::new(env!("CARGO_MANIFEST_DIR")).join("api");
    let mut judge = Command::new(python().expect("it is there"));
    judge.args(["-m", "schemathesis.cli", "--config-file"]).arg(api.join("schemathesis.toml"));
    judge.args(["run", &format!("http://{admin}/openapi.json"), "--no-color", "--header"]);
    judge.arg(format!("Authorization: Bearer {TOKEN}"));
    judge.env("SCHEMATHESIS_HOOKS", "hooks").env("PYTHONPATH", &api).env("PYTHONDONTWRITEBYTECODE", "1");
    let judgement = judge.current_dir(folder.path()).kill_on_drop(true).output().await.expect("it starts");
    let (told, errors) = (String::from_utf8_lossy(&judgement.stdout), String::from_utf8_lossy(&judgement.stderr));
    assert!(judgement.status.success(), "{told}{errors}");
    let asked = told.lines().find_map(|line| line.trim().split_once(" generated")?.0.parse::<u32>().ok());
    assert!(asked.is_some_and(|asked| asked > 300), "little was asked: {told}");

    // Whatever it was asked, it is alive.
    assert_eq!(host.try_wait().expect("a status"), None);
    host.kill().await.expect("it ends");
    sim.shutdown().await;
}

/// The program, and where its admin interface listens.
async fn host(folder: &Path, base_url: &str) -> (Child, String) {
    let SimConfig { api_key, connector_uuid, .. } = SimConfig::default();
    let plugins = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins");
    let config = format!(
        r#"
        data_dir = "data"
        [admin]
        listen = "127.0.0.1:0"
        token = "{TOKEN}"
        [[tenant]]
        name = "acme"
        [[tenant.telcoflow]]
        name = "main"
        base_url = "{base_url}"
        api_key = "{api_key}"
        connector_uuid = "{connector_uuid}"
        [[tenant.plugin]]
        name = "echo"
        source = {:?}
        [[tenant.plugin]]
        name = "wa-autoreply"
        source = {:?}
        [[tenant.route]]
        plugin = "echo"
        "#,
        plugins.join("echo.wasm"),
        plugins.join("wa-autoreply.wasm")
    );
    std::fs::write(folder.join("t.toml"), config).expect("a file");
    let mut command = Command::new(program().expect("it is built"));
    command.current_dir(folder).args(["--log-format", "json", "run", "--config", "t.toml"]).env_remove("RUST_LOG");
    command.stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut host = command.spawn().expect("the program starts");
    let mut log = BufReader::new(host.stderr.take().expect("it is piped")).lines();
    loop {
        let line = log.next_line().await.expect("text").expect("the host goes on");
        let event: serde_json::Value = serde_json::from_str(&line).unwrap_or_default();
        if event["message"] == "the admin interface listens" {
            // A pipe that nobody reads would stop it.
            tokio::spawn(async move { while let Ok(Some(_)) = log.next_line().await {} });
            return (host, event["address"].as_str().expect("an address").to_owned());
        }
    }
}
