//! What is found different, and that it is all there is.

use std::collections::BTreeMap;

use fastrand::Rng;
use tempfile::TempDir;

use super::diff::{Change, How, What, diff, fixed, routes_of};
use crate::config::{Config, Connector, Name, Plugin, Quota, Tenant, resolve};

/// A folder in which files are resolved.
struct Desk(TempDir);

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for file in ["a.wasm", "b.wasm"] {
            std::fs::write(folder.path().join(file), b"\0asm").expect("the temporary folder is writable");
        }
        Self(folder)
    }

    fn config(&self, text: &str) -> Config {
        resolve(&self.0.path().join("t.toml"), text, &|_| None).unwrap_or_else(|why| panic!("{why}\n{text}"))
    }
}

const ONE: &str = r#"
[[tenant]]
name = "acme"
quota = { calls_max = 5 }
[[tenant.telcoflow]]
name = "main"
api_key = "k"
connector_uuid = "c"
[[tenant.telcoflow]]
name = "spare"
api_key = "k2"
connector_uuid = "c2"
[[tenant.plugin]]
name = "echo"
source = "a.wasm"
[[tenant.plugin]]
name = "other"
source = "a.wasm"
[[tenant.route]]
to = "+1*"
connector = "spare"
plugin = "other"
[[tenant.route]]
plugin = "echo"
"#;

fn told(changes: &[Change]) -> Vec<String> {
    changes.iter().map(Change::to_string).collect()
}

#[test]
fn each_change_is_told_and_nothing_else() {
    let desk = Desk::new();
    let one = desk.config(ONE);
    assert_eq!(diff(&one, &desk.config(ONE)), []);
    let block = |name: &str, key: &str| {
        format!("[[tenant.telcoflow]]\nname = \"{name}\"\napi_key = \"{key}\"\nconnector_uuid = \"c{}\"\n", &key[1..])
    };
    let (main, spare) = (block("main", "k"), block("spare", "k2"));
    for (from, to, expected) in [
        ("calls_max = 5", "calls_max = 6", &["tenant acme: quota changed"][..]),
        ("\"k2\"", "\"k3\"", &["tenant acme: connector spare changed"]),
        (
            "connector_uuid = \"c2\"",
            "connector_uuid = \"c2\"\nplayout_bytes_max = 32768",
            &["tenant acme: connector spare changed"],
        ),
        ("to = \"+1*\"", "to = \"+2*\"", &["tenant acme: routes changed"]),
        (
            "\"a.wasm\"\n[[tenant.plugin]]",
            "\"b.wasm\"\n[[tenant.plugin]]",
            &["tenant acme: plugin echo changed", "tenant acme: source of plugin echo changed"],
        ),
        ("name = \"echo\"", "name = \"echo\"\nlimits = { calls_max = 1 }", &["tenant acme: plugin echo changed"]),
        ("name = \"echo\"", "name = \"echo\"\ngrants = { key_value = true }", &["tenant acme: plugin echo changed"]),
        (
            "name = \"echo\"",
            "name = \"echo\"\ngrants = { hosts = [\"a.test\"] }",
            &["tenant acme: plugin echo changed"],
        ),
        ("name = \"echo\"", "name = \"echo\"\nconfig = { a = \"b\" }", &["tenant acme: plugin echo changed"]),
        ("name = \"echo\"", "name = \"echo\"\nfault = [\"retry\"]", &["tenant acme: plugin echo changed"]),
        ("name = \"acme\"", "name = \"ajax\"", &["tenant ajax: added", "tenant acme: gone"]),
        (main.as_str(), "", &["tenant acme: connector main gone"]),
        (
            "[[tenant.plugin]]\nname = \"other\"",
            "[[tenant.plugin]]\nname = \"third\"\nsource = \"b.wasm\"\n[[tenant.plugin]]\nname = \"other\"",
            &["tenant acme: plugin third added"],
        ),
    ] {
        assert!(ONE.contains(from), "{from}");
        let wanted = desk.config(&ONE.replacen(from, to, 1));
        assert_eq!(told(&diff(&one, &wanted)), expected, "{from} -> {to}");
        assert_eq!(fixed(&one, &wanted), Vec::<String>::new());
    }
    let turned = ONE.replacen(&main, "@", 1).replacen(&spare, &main, 1).replacen('@', &spare, 1);
    assert_eq!(told(&diff(&one, &desk.config(&turned))), ["tenant acme: order of connectors changed"]);
}

#[test]
fn what_cannot_change_is_named() {
    let desk = Desk::new();
    let one = desk.config(&format!("data_dir = \"d\"\nadmin = {{ listen = \"127.0.0.1:1\", token = \"t\" }}\n{ONE}"));
    let fixed = |top: &str| fixed(&one, &desk.config(&format!("{top}\n{ONE}"))).join("; ");
    assert_eq!(fixed("data_dir = \"d\"\nadmin = { listen = \"127.0.0.1:1\", token = \"t\" }"), "");
    let other = fixed("data_dir = \"e\"\nadmin = { listen = \"127.0.0.1:2\", token = \"t\" }");
    assert!(other.contains("data_dir: cannot change") && other.contains("admin.listen: cannot change"), "{other}");
    assert!(fixed("data_dir = \"d\"").contains("admin.listen"));
    assert!(fixed("admin = { listen = \"127.0.0.1:1\", token = \"t\" }").contains("data_dir"));
    assert_eq!(
        fixed("data_dir = \"d\"\nadmin = { listen = \"127.0.0.1:1\", token = \"u\" }"),
        "",
        "a token may change"
    );
}

/// A configuration of few words, so that two of them have much in common.
fn any(random: &mut Rng) -> String {
    let mut text = String::new();
    let mut pick = |names: &[&'static str]| {
        let mut names = names.to_vec();
        random.shuffle(&mut names);
        names.truncate(random.usize(1..=names.len()));
        (names, random.usize(..1_000))
    };
    for tenant in pick(&["t1", "t2", "t3"]).0 {
        let (connectors, dice) = pick(&["c1", "c2", "c3"]);
        text += &format!("[[tenant]]\nname = \"{tenant}\"\nquota = {{ calls_max = {} }}\n", 1 + dice % 2);
        for connector in &connectors {
            let key = 1 + pick(&["x"]).1 % 2;
            text += &format!(
                "[[tenant.telcoflow]]\nname = \"{connector}\"\napi_key = \"k{key}\"\nconnector_uuid = \"c\"\n"
            );
        }
        let (plugins, _) = pick(&["p1", "p2", "p3"]);
        for plugin in &plugins {
            let dice = pick(&["x"]).1;
            let (source, value) = (["a", "b"][dice % 2], dice / 2 % 2);
            text += &format!(
                "[[tenant.plugin]]\nname = \"{plugin}\"\nsource = \"{source}.wasm\"\nconfig = {{ v = \"{value}\" }}\n"
            );
        }
        for number in pick(&["+1", "+2"]).0 {
            let dice = pick(&["x"]).1;
            text += &format!("[[tenant.route]]\nto = \"{number}\"\nplugin = \"{}\"\n", plugins[dice % plugins.len()]);
            if dice.is_multiple_of(3) {
                text += &format!("connector = \"{}\"\n", connectors[dice % connectors.len()]);
            }
        }
    }
    text
}

/// A configuration by its names, without positions.
type Model = BTreeMap<Name, (Quota, BTreeMap<Name, Connector>, BTreeMap<Name, Plugin>, String)>;

fn model(config: &Config) -> Model {
    let tenant = |tenant: &Tenant| {
        let connectors = tenant.connectors.iter().map(|connector| (connector.name.clone(), connector.clone()));
        let plugins = tenant.plugins.iter().map(|plugin| (plugin.name.clone(), plugin.clone()));
        let routes = format!("{:?}", routes_of(tenant));
        (tenant.name.clone(), (tenant.quota, connectors.collect(), plugins.collect(), routes))
    };
    config.tenants.iter().map(tenant).collect()
}

/// Does what the changes say, and takes nothing else from what is wanted.
fn apply(mut model: Model, changes: &[Change], wanted: &Model) -> Model {
    for Change { tenant, what } in changes {
        if let What::Tenant(how) = what {
            put(&mut model, wanted, tenant, *how);
            continue;
        }
        let (Some(it), Some(wanted)) = (model.get_mut(tenant), wanted.get(tenant)) else {
            panic!("{what:?} of a tenant that is not there");
        };
        match what {
            What::Quota => it.0 = wanted.0,
            What::Connector(name, how) => put(&mut it.1, &wanted.1, name, *how),
            What::Plugin(name, how) => put(&mut it.2, &wanted.2, name, *how),
            What::Routes => it.3.clone_from(&wanted.3),
            What::Source(_) | What::Order | What::Tenant(_) => {}
        }
    }
    model
}

fn put<T: Clone>(map: &mut BTreeMap<Name, T>, wanted: &BTreeMap<Name, T>, name: &Name, how: How) {
    let before = match wanted.get(name) {
        Some(new) => map.insert(name.clone(), new.clone()),
        None => map.remove(name),
    };
    assert_eq!((before.is_some(), wanted.contains_key(name)), (how != How::Added, how != How::Gone), "{name} {how}");
}

#[test]
fn what_is_told_makes_one_configuration_the_other() {
    let seed = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(|| fastrand::u64(..));
    println!("SEED={seed}");
    let (mut random, desk) = (Rng::with_seed(seed), Desk::new());
    for _ in 0..400 {
        let (one, other) = (any(&mut random), any(&mut random));
        let (running, wanted) = (desk.config(&one), desk.config(&other));
        assert_eq!(diff(&running, &running), []);
        let changes = diff(&running, &wanted);
        let (from, to) = (model(&running), model(&wanted));
        assert_eq!(apply(from, &changes, &to), to, "SEED={seed}\n{one}\n---\n{other}");
    }
}
