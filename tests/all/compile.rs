//! Compiling in a child, and the cache of its code: bombs, children that misbehave, and files that are not ours.
//!
//! The child is this test program, told by its first argument.

use std::ffi::OsString;
use std::fs::Permissions;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use ::sandbox::{CodeCacheError, CompileChild, CompileCost, CompileLimits, Compiler, GuestSetup, LoadError, Loaded};
use libtest_mimic::Trial;
use switchhook_tests::components::{self, bytes};
use switchhook_tests::logs::TestLog;
use switchhook_tests::run::threaded;
use tempfile::TempDir;
use tracing::Level;

/// The first argument of this program as a child that compiles.
pub(crate) const CHILD: &str = "compile";

/// What this program does as a child: what `switchhook compile` does.
pub(crate) fn child_main() {
    let numbers: Vec<u64> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    let [memory_bytes_max, cpu_s_max, ms_max, code_bytes_max] = numbers[..] else { std::process::exit(2) };
    let limits = CompileLimits { memory_bytes_max, cpu_s_max, ms_max, code_bytes_max, ..CompileLimits::default() };
    std::process::exit(::sandbox::compile_here(&limits).into())
}

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        threaded("compile::code_is_made_once_and_found_again", 2, |_| once()),
        threaded("compile::code_that_is_not_ours_is_made_anew_and_told_once", 2, not_ours),
        threaded("compile::a_key_that_others_know_is_replaced", 2, keys),
        threaded("compile::a_folder_of_others_is_refused_and_an_open_one_closed", 2, folders),
        threaded("compile::the_longest_unused_code_goes_first", 2, |_| least_used()),
        threaded("compile::leftovers_go_when_they_are_old", 2, |_| leftovers()),
        threaded("compile::a_bomb_costs_its_own_compilation", 2, |_| bombs()),
        threaded("compile::a_child_that_misbehaves_is_the_hosts_fault", 2, |_| misbehaving()),
        threaded("compile::a_child_has_no_secrets", 2, |_| no_secrets()),
        threaded("compile::many_at_once_share_the_cache", 2, |_| at_once()),
        threaded("compile::too_many_are_told_to_wait", 2, |_| too_many()),
    ]
}

/// A data directory and a compiler on it.
struct Desk {
    folder: TempDir,
    compiler: Arc<Compiler>,
}

fn child() -> CompileChild {
    CompileChild::new(std::env::current_exe().expect("the path of this program"), vec![CHILD.into()])
}

fn shell(script: &str) -> CompileChild {
    CompileChild::new("/bin/sh".into(), ["-c", script].map(OsString::from).to_vec())
}

fn open(folder: &Path, child: CompileChild, limits: CompileLimits) -> Result<Arc<Compiler>, CodeCacheError> {
    Compiler::open(components::sandbox().clone(), folder, child, limits).map(Arc::new)
}

impl Desk {
    fn with(child: CompileChild, limits: CompileLimits) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let compiler = open(folder.path(), child, limits).expect("a new folder");
        Self { folder, compiler }
    }

    fn new() -> Self {
        Self::with(child(), CompileLimits::default())
    }

    async fn load(&self, wasm: &[u8]) -> Result<Loaded, LoadError> {
        self.compiler.load("test", wasm.into()).await
    }

    async fn refused(&self, wasm: &[u8]) -> LoadError {
        let refused = self.load(wasm).await.expect_err("it is refused");
        assert_eq!(self.files(".new"), [] as [PathBuf; 0], "nothing is left of it: {refused}");
        refused
    }

    /// Whether a component that loads was compiled for it.
    async fn is_compiled(&self, name: &str) -> bool {
        let loaded = self.load(&bytes(name)).await.expect("it loads");
        loaded.plugin.prepare(GuestSetup::default()).await.expect("its code runs");
        assert_eq!(self.files(".new"), [] as [PathBuf; 0]);
        loaded.compiled_in.is_some()
    }

    fn code(&self) -> PathBuf {
        self.folder.path().join("code")
    }

    fn files(&self, ending: &str) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.code()).expect("the folder of code");
        let paths = entries.map(|entry| entry.expect("an entry").path());
        paths.filter(|path| path.to_string_lossy().ends_with(ending)).collect()
    }

    fn only_file(&self) -> PathBuf {
        let mut files = self.files(".code");
        assert_eq!(files.len(), 1);
        files.remove(0)
    }
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).expect("it is there").permissions().mode() & 0o777
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, Permissions::from_mode(mode)).expect("ours");
}

fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).expect("it can be read")
}

fn write(path: &Path, bytes: &[u8]) {
    std::fs::write(path, bytes).expect("it can be written");
}

async fn once() {
    let desk = Desk::new();
    for name in ["echo", "async-echo"] {
        assert!(desk.is_compiled(name).await);
        assert!(!desk.is_compiled(name).await);
    }
    let again = open(desk.folder.path(), shell("exit 9"), CompileLimits::default()).expect("the same folder");
    let loaded = again.load("test", bytes("echo").into()).await.expect("another process finds it");
    assert_eq!(loaded.compiled_in, None);
    assert_eq!(loaded.plugin.digest(), components::plugin("echo").digest());
    assert_eq!(mode(&desk.code()), 0o700);
    for file in desk.files("") {
        assert_eq!(mode(&file), 0o600, "{file:?}");
    }
}

async fn not_ours(log: Arc<TestLog>) {
    type Harm = fn(&Path, &Path);
    let harms: [(&str, Harm); 8] = [
        ("cut off, or no code", |file, _| write(file, &read(file)[..40])),
        ("cut off, or no code", |file, _| write(file, b"")),
        ("wrong seal", |file, _| write(file, &read(file)[..9_000])),
        ("wrong seal", |file, _| {
            let mut bytes = read(file);
            let last = bytes.len() - 1;
            bytes[last] ^= 1;
            write(file, &bytes);
        }),
        ("wrong seal", |file, _| {
            // The hash of another engine, where the file says which one it is for.
            let mut bytes = read(file);
            bytes[45] ^= 1;
            write(file, &bytes);
        }),
        ("wrong seal", |file, other| write(file, &read(other))),
        ("cannot be read", |file, other| {
            std::fs::remove_file(file).expect("ours");
            symlink(other, file).expect("a link to good code");
        }),
        ("cannot be read", |file, _| set_mode(file, 0o622)),
    ];
    let desk = Desk::new();
    assert!(desk.is_compiled("echo").await);
    let file = desk.only_file();
    let other = desk.folder.path().join("other");
    assert!(desk.is_compiled("keypad-menu").await);
    std::fs::rename(desk.files(".code").into_iter().find(|found| *found != file).expect("two"), &other).expect("ours");
    for (kind, harm) in harms {
        harm(&file, &other);
        assert!(desk.is_compiled("echo").await, "{kind}");
        assert!(!desk.is_compiled("echo").await, "{kind}: what was made anew is found");
        assert_eq!(log.lines_at(Level::WARN, kind).len(), 1, "{kind}");
    }
    assert_eq!(log.lines_at(Level::WARN, "compiled code is not used").len(), 3, "once for each kind");
}

async fn keys(log: Arc<TestLog>) {
    let desk = Desk::new();
    assert!(desk.is_compiled("echo").await);
    let key = desk.code().join("key");
    assert_eq!((mode(&key), read(&key).len()), (0o600, 32));
    let harms: [fn(&Path); 4] = [
        |key| set_mode(key, 0o640),
        |key| write(key, b"short"),
        |key| write(key, &[7; 33]),
        |key| {
            std::fs::remove_file(key).expect("ours");
            symlink("/dev/zero", key).expect("a link");
        },
    ];
    for (place, harm) in harms.into_iter().enumerate() {
        let before = read(&desk.only_file());
        harm(&key);
        let again = open(desk.folder.path(), child(), CompileLimits::default()).expect("it opens");
        assert_eq!((mode(&key), read(&key).len()), (0o600, 32));
        assert_eq!(log.lines_at(Level::WARN, "the key of compiled code").len(), place + 1);
        let loaded = again.load("test", bytes("echo").into()).await.expect("it loads");
        assert!(loaded.compiled_in.is_some(), "harm {place}: code of the old key is not used");
        assert_ne!(read(&desk.only_file())[8..40], before[8..40], "harm {place}: another key, another seal");
    }
}

async fn folders(log: Arc<TestLog>) {
    let desk = Desk::new();
    assert!(desk.is_compiled("echo").await);
    set_mode(&desk.code(), 0o777);
    let again = open(desk.folder.path(), child(), CompileLimits::default()).expect("it is closed, and used");
    assert_eq!(mode(&desk.code()), 0o700);
    assert_eq!(log.lines_at(Level::WARN, "others could enter").len(), 1);
    let loaded = again.load("test", bytes("echo").into()).await.expect("it loads");
    assert_eq!(loaded.compiled_in, None, "sealed code is good wherever it lay");
    let elsewhere = tempfile::tempdir().expect("a temporary folder");
    symlink(desk.code(), elsewhere.path().join("code")).expect("a link");
    let refused = open(elsewhere.path(), child(), CompileLimits::default()).err().expect("a link is refused");
    assert!(matches!(refused, CodeCacheError::Refused { .. }), "{refused}");
    write(&elsewhere.path().join("file"), b"");
    let refused = open(&elsewhere.path().join("file"), child(), CompileLimits::default()).err().expect("no folder");
    assert!(matches!(refused, CodeCacheError::Disk { .. }), "{refused}");
}

async fn least_used() {
    let desk = Desk::new();
    for name in ["echo", "keypad-menu", "voicemail"] {
        assert!(desk.is_compiled(name).await);
    }
    let sizes: Vec<u64> = desk.files(".code").iter().map(|file| read(file).len() as u64).collect();
    // The order of use is the files' times; a minute apart is certain on every file system.
    let minutes_ago = |minutes: u64| SystemTime::now() - Duration::from_secs(60 * minutes);
    for file in desk.files(".code") {
        std::fs::File::open(file).and_then(|file| file.set_modified(minutes_ago(5))).expect("ours");
    }
    assert!(!desk.is_compiled("echo").await, "used, so it is the last to go");
    let limits = CompileLimits { cache_bytes_max: sizes.iter().sum::<u64>() - 1, ..CompileLimits::default() };
    let small = open(desk.folder.path(), child(), limits).expect("it opens");
    assert_eq!(desk.files(".code").len(), 2, "one was dropped");
    assert_eq!(small.load("test", bytes("echo").into()).await.expect("it loads").compiled_in, None);
    let none = CompileLimits { cache_bytes_max: 1, ..CompileLimits::default() };
    let none = open(desk.folder.path(), child(), none).expect("it opens");
    assert_eq!(none.load("test", bytes("echo").into()).await.expect("it loads").compiled_in, None, "the newest stays");
}

async fn leftovers() {
    let desk = Desk::new();
    let (old, new) = (desk.code().join("1.new"), desk.code().join("2.new"));
    write(&old, b"half a compilation");
    write(&new, b"perhaps another process writes this");
    let hour = Duration::from_secs(3_600);
    std::fs::File::open(&old).and_then(|file| file.set_modified(SystemTime::now() - hour)).expect("ours");
    open(desk.folder.path(), child(), CompileLimits::default()).expect("it opens");
    assert!(!old.exists() && new.exists());
}

/// A component that exports `handle`, with so many functions of so many additions each.
fn component(functions: usize, additions: usize) -> Vec<u8> {
    let sum = "(i32.add (i32.mul (local.get 0) (local.get 1)) (local.tee 1 (i32.load (local.get 0))))";
    let body: String = (0..additions).map(|_| format!("(local.set 0 {sum})")).collect();
    let function = format!("(func (param i32) (result i32) (local i32) {body} (local.get 0))");
    let all = function.repeat(functions);
    let module = format!("(core module $m (memory 1) (func (export \"handle\")) {all})");
    let handle =
        "(core instance $i (instantiate $m)) (func (export \"handle\") (canon lift (core func $i \"handle\")))";
    wat::parse_str(format!("(component {module} {handle})")).expect("a component")
}

async fn bombs() {
    let cost = |limits: CompileLimits, bomb: Vec<u8>| async move {
        match Desk::with(child(), limits).refused(&bomb).await {
            LoadError::Costs(cost) => cost,
            other => panic!("{other}"),
        }
    };
    let limits = CompileLimits::default();
    let one_function = component(1, 300_000);
    let cpu = CompileLimits { cpu_s_max: 1, ..limits };
    assert_eq!(cost(cpu, one_function.clone()).await, CompileCost::Cpu, "one long function");
    assert_eq!(cost(cpu, component(100_000, 20)).await, CompileCost::Cpu, "many short ones");
    let memory = CompileLimits { memory_bytes_max: 300 << 20, ..limits };
    assert_eq!(cost(memory, one_function.clone()).await, CompileCost::Memory);
    let time = CompileLimits { ms_max: 300, ..limits };
    assert_eq!(cost(time, one_function).await, CompileCost::Time);
    let code = CompileLimits { code_bytes_max: 20_000, ..limits };
    assert_eq!(cost(code, bytes("echo")).await, CompileCost::Code);
    let desk = Desk::new();
    assert!(matches!(desk.refused(b"garbage").await, LoadError::Inspect(_)));
    assert!(matches!(desk.refused(&component(1, 1)).await, LoadError::Link(_)), "it compiles, and handles no call");
    assert!(desk.is_compiled("echo").await, "the host is well");
}

async fn misbehaving() {
    let limits = CompileLimits { ms_max: 1_500, ..CompileLimits::default() };
    let of = |script: &'static str| async move { Desk::with(shell(script), limits).refused(&bytes("echo")).await };
    for script in ["exit 0", "cat >/dev/null", "echo this is no code", "head -c 100000 /dev/zero", "cat"] {
        let refused = of(script).await;
        assert!(matches!(&refused, LoadError::Compiler(why) if why.contains("another engine")), "{script}: {refused}");
    }
    for script in ["exit 1", "exec <&-; exit 77", "cat /dev/zero | head -c 9000000 >&2; exit 1"] {
        assert!(matches!(of(script).await, LoadError::Compiler(_)), "{script}");
    }
    for script in ["exec sleep 600", "while :; do :; done", "exec 2>&-; exec sleep 600"] {
        assert!(matches!(of(script).await, LoadError::Costs(CompileCost::Time)), "{script}");
    }
    assert!(matches!(of("kill -SEGV $$").await, LoadError::Compile(why) if why.contains("crashed")));
    let none = CompileChild::new("/no/such/program".into(), Vec::new());
    let refused = Desk::with(none, limits).refused(&bytes("echo")).await;
    assert!(refused.to_string().contains("/no/such/program does not start"), "{refused}");
}

async fn no_secrets() {
    let told = Desk::with(shell("env >&2; pwd >&2; printf '\\033[2J' >&2; exit 3"), CompileLimits::default());
    let LoadError::Compile(told) = told.refused(&bytes("echo")).await else { panic!("the child refuses") };
    let ours = std::env::var("PATH").expect("we have an environment");
    assert!(!told.contains(&ours) && !told.contains("HOME="), "{told}");
    assert!(told.contains("PWD=/ ") && !told.contains('\u{1b}'), "{told:?}");
}

async fn at_once() {
    let desk = Arc::new(Desk::new());
    let mut loads = tokio::task::JoinSet::new();
    for load in 0..12 {
        let desk = desk.clone();
        loads.spawn(async move {
            // Two compilers on one folder, as two processes would be.
            let other = open(desk.folder.path(), child(), CompileLimits::default()).expect("it opens");
            let name = ["echo", "voicemail"][load % 2];
            let compiler = if load % 3 == 0 { &other } else { &desk.compiler };
            compiler.load(name, bytes(name).into()).await.expect("it loads").plugin.digest().to_owned()
        });
    }
    let digests = loads.join_all().await;
    assert_eq!(digests.iter().collect::<std::collections::BTreeSet<_>>().len(), 2);
    assert_eq!(desk.files(".code").len(), 2);
    assert!(!desk.is_compiled("echo").await && !desk.is_compiled("voicemail").await);
}

async fn too_many() {
    let limits = CompileLimits { ms_max: 60_000, ..CompileLimits::default() };
    let desk = Desk::with(shell("exec sleep 60"), limits);
    let wasm: Arc<[u8]> = bytes("echo").into();
    let places = ::sandbox::limits::COMPILES_WAITING_MAX;
    let mut loads = tokio::task::JoinSet::new();
    for _ in 0..=places {
        let (compiler, wasm) = (desk.compiler.clone(), wasm.clone());
        loads.spawn(async move { compiler.load("echo", wasm).await });
    }
    let first = loads.join_next().await.expect("one ends").expect("no panic");
    assert!(matches!(first, Err(LoadError::Busy { compiles_max }) if compiles_max == places), "{first:?}");
    loads.shutdown().await;
    assert_eq!(desk.files(".new"), [] as [PathBuf; 0], "who stops waiting leaves nothing");
}
