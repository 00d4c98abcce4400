//! Reads what a component is without compiling it: its world, what it imports, what it was written in.

use std::collections::BTreeSet;

use wasmparser::component_types::ComponentEntityType;
use wasmparser::{
    ComponentExternalKind, ComponentName, ComponentTypeRef, Encoding, KnownCustom, Name, Parser, Payload,
    ProducersSectionReader, Validator, WasmFeatures,
};

use crate::limits::COMPONENT_BYTES_MAX;

/// The interface version this host serves.
pub const INTERFACE: &str = "switchhook:handler@0.1.0";

/// Interfaces that answer `NOT_GRANTED` without a grant, or WASI's word for it, with the grant's name.
const GRANTED: &[(&str, &str)] = &[
    ("recording", "recording"),
    ("websocket", "hosts"),
    ("http", "hosts"),
    ("wasi:http/outgoing-handler", "hosts"),
    ("key-value", "key_value"),
    ("calls", "calls"),
];

/// Which world a component implements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum World {
    /// `handle` is a plain function.
    CallHandler,
    /// `handle` is an async function.
    CallHandlerAsync,
    /// There is no `handle`, but `handle-chat`.
    MessageHandler,
}

impl World {
    /// The world's name in the contract.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CallHandler => "call-handler",
            Self::CallHandlerAsync => "call-handler-async",
            Self::MessageHandler => "message-handler",
        }
    }
}

/// One imported interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// As the component names it: `switchhook:handler/events@0.1.0`.
    pub name: String,
    /// The grant it is useless without, if there is one.
    pub grant: Option<&'static str>,
}

/// What a component says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspection {
    /// The world it implements: that of calls, if it handles both.
    pub world: World,
    /// Whether it handles chats.
    pub chats: bool,
    /// The interfaces it imports, in its own order.
    pub imports: Vec<Import>,
    /// Source languages its toolchains left their names for.
    pub languages: Vec<String>,
    /// What those toolchains call themselves, with their versions.
    pub toolchains: Vec<String>,
    /// Its size in bytes.
    pub size_bytes: usize,
}

impl Inspection {
    /// The grants without which some of its imports answer `NOT_GRANTED`.
    pub fn grants_wanted(&self) -> BTreeSet<&'static str> {
        self.imports.iter().filter_map(|import| import.grant).collect()
    }

    /// The version of the contract that it is built for, by its imports: the latest of them, or this host's when it imports
    /// nothing of the contract.
    pub fn interface(&self) -> String {
        let (package, served) = INTERFACE.split_once('@').unwrap_or((INTERFACE, ""));
        let ours = self.imports.iter().filter(|import| import.name.starts_with(package));
        let versions = ours.filter_map(|import| Some(import.name.rsplit_once('@')?.1));
        // They differ in the last number alone.
        let latest =
            versions.max_by_key(|version| version.rsplit('.').next().and_then(|last| last.parse::<u64>().ok()));
        format!("{package}@{}", latest.unwrap_or(served))
    }

    /// Whether it handles calls.
    pub fn calls(&self) -> bool {
        self.world != World::MessageHandler
    }
}

/// Bytes that are not a call handler.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InspectError {
    /// Over the limit.
    #[error("the component has {bytes} bytes, {COMPONENT_BYTES_MAX} are allowed")]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// No WebAssembly at all.
    #[error("this is not WebAssembly: it does not begin with \\0asm")]
    NotWasm,
    /// A core module.
    #[error(
        "this is a core module, not a component: build it for wasm32-wasip2, or wrap it with `wasm-tools component new`"
    )]
    CoreModule,
    /// Malformed.
    #[error("the component is malformed: {0}")]
    Malformed(String),
    /// No `handle`.
    #[error(
        "the component exports no function `handle` and no `handle-chat`: it does not implement {INTERFACE} (it exports: {exports})"
    )]
    NoHandle {
        /// What it exports instead.
        exports: String,
    },
    /// `handle-chat` as an async function.
    #[error("the component exports `handle-chat` as an async function; {INTERFACE} has it as a plain one")]
    AsyncChat,
    /// Built against a version of the contract that this host does not serve.
    #[error("the component imports {import}; this host serves {INTERFACE}")]
    OtherVersion {
        /// The import.
        import: String,
    },
}

/// Reads a component. Costs a pass over its bytes.
pub fn inspect(wasm: &[u8]) -> Result<Inspection, InspectError> {
    if wasm.len() > COMPONENT_BYTES_MAX {
        return Err(InspectError::TooLarge { bytes: wasm.len() });
    }
    if !wasm.starts_with(b"\0asm") {
        return Err(InspectError::NotWasm);
    }
    let outline = Outline::read(wasm)?;
    let malformed = |error: wasmparser::BinaryReaderError| InspectError::Malformed(error.to_string());
    let types = Validator::new_with_features(WasmFeatures::all()).validate_all(wasm).map_err(malformed)?;
    let types = types.as_ref();
    // Whether a function is exported under this name, and is async.
    let function = |name: &str| match types.component_item_for_export(name).map(|item| item.ty) {
        Some(ComponentEntityType::Func(function)) => Some(types[function].async_),
        _ => None,
    };
    let chats = function("handle-chat");
    let world = match function("handle") {
        Some(true) => World::CallHandlerAsync,
        Some(false) => World::CallHandler,
        None if chats.is_some() => World::MessageHandler,
        None => return Err(InspectError::NoHandle { exports: outline.exports.join(", ") }),
    };
    if chats == Some(true) {
        return Err(InspectError::AsyncChat);
    }
    if let Some(import) = outline.imports.iter().find(|import| of_other_version(&import.name)) {
        return Err(InspectError::OtherVersion { import: import.name.clone() });
    }
    Ok(Inspection {
        world,
        chats: chats.is_some(),
        imports: outline.imports,
        languages: outline.languages.into_iter().collect(),
        toolchains: outline.toolchains.into_iter().collect(),
        size_bytes: wasm.len(),
    })
}

/// Whether it is of the contract, and of a version that differs in more than the last number. Those that do not only add to one
/// another; whether this host has what a component takes of a later one is seen when it is linked.
fn of_other_version(import: &str) -> bool {
    let (package, version) = INTERFACE.split_once('@').unwrap_or((INTERFACE, ""));
    let kin = |found: &str| {
        found.rsplit_once('.').map(|(track, _)| track) == version.rsplit_once('.').map(|(track, _)| track)
    };
    import.starts_with(package) && import.rsplit_once('@').is_some_and(|(_, found)| !kin(found))
}

/// Names only, at the outermost level; who made it at every level.
#[derive(Default)]
struct Outline {
    imports: Vec<Import>,
    exports: Vec<String>,
    languages: BTreeSet<String>,
    toolchains: BTreeSet<String>,
}

/// One module or component inside, while it is read.
#[derive(Default)]
struct Part {
    /// It comes with the tools, and says nothing of the program: what adapts WASI 0.1.
    adapter: bool,
    languages: BTreeSet<String>,
    toolchains: BTreeSet<String>,
}

/// Interpreters by the names of the modules they are made of, with the language that they interpret. Their own language is not
/// that of the program.
const INTERPRETERS: &[(&str, &str, &str)] = &[
    ("libpython", "Python", "CPython"),
    ("componentize_py", "Python", "componentize-py"),
    ("componentize_qjs", "JavaScript", "componentize-qjs"),
    ("starlingmonkey", "JavaScript", "StarlingMonkey"),
    ("spidermonkey", "JavaScript", "SpiderMonkey"),
];

impl Outline {
    fn read(wasm: &[u8]) -> Result<Self, InspectError> {
        let malformed = |error: wasmparser::BinaryReaderError| InspectError::Malformed(error.to_string());
        let mut outline = Self::default();
        let mut parts = vec![Part::default()];
        let mut interpreted = BTreeSet::new();
        for payload in Parser::new(0).parse_all(wasm) {
            let outermost = parts.len() == 1;
            match payload.map_err(malformed)? {
                Payload::Version { encoding: Encoding::Module, .. } if outermost => {
                    return Err(InspectError::CoreModule);
                }
                Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => parts.push(Part::default()),
                Payload::End(_) => outline.close(parts.pop()),
                Payload::ComponentImportSection(section) if outermost => {
                    for import in section {
                        let import = import.map_err(malformed)?;
                        if let ComponentTypeRef::Instance(_) = import.ty {
                            outline.import(import.name.name);
                        }
                    }
                }
                Payload::ComponentExportSection(section) if outermost => {
                    for export in section {
                        let export = export.map_err(malformed)?;
                        if export.kind != ComponentExternalKind::Type {
                            outline.exports.push(export.name.name.to_string());
                        }
                    }
                }
                inside => {
                    if let Some(part) = parts.last_mut() {
                        interpreted.extend(part.read(inside));
                    }
                }
            }
        }
        if !interpreted.is_empty() {
            outline.languages = interpreted.iter().map(|(language, _)| language.to_string()).collect();
            outline.toolchains.extend(interpreted.into_iter().map(|(_, tool)| tool));
        }
        Ok(outline)
    }

    fn close(&mut self, part: Option<Part>) {
        let Some(mut part) = part.filter(|part| !part.adapter) else { return };
        if part.languages.contains("Rust") {
            // The C library that is linked with Rust.
            part.languages.retain(|language| !language.starts_with('C'));
        }
        self.languages.append(&mut part.languages);
        self.toolchains.append(&mut part.toolchains);
    }

    fn import(&mut self, name: &str) {
        let interface = name.split('@').next().unwrap_or(name);
        let interface = interface.strip_prefix("switchhook:handler/").unwrap_or(interface);
        let grant = GRANTED.iter().find(|(granted, _)| *granted == interface).map(|(_, grant)| *grant);
        self.imports.push(Import { name: name.to_string(), grant });
    }
}

impl Part {
    /// What a section says of who made it: the language and the interpreter of each module that is a part of one. Sections of names that
    /// cannot be read are not worth refusing a component for.
    fn read(&mut self, section: Payload<'_>) -> Vec<(&'static str, String)> {
        let mut interpreters = Vec::new();
        match section {
            // What adapts a module takes from it.
            Payload::ImportSection(section) => {
                let mut imports = section.into_imports().flatten();
                self.adapter |= imports.any(|import| import.module == "__main_module__");
            }
            Payload::CustomSection(section) => match section.as_known() {
                KnownCustom::Producers(fields) => self.producers(fields),
                KnownCustom::Name(names) => interpreters.extend(names.into_iter().flatten().filter_map(|name| {
                    let Name::Module { name, .. } = name else { return None };
                    interpreter(name)
                })),
                KnownCustom::ComponentName(names) => {
                    interpreters.extend(names.into_iter().flatten().flat_map(|name| {
                        let modules = if let ComponentName::CoreModules(modules) = name { Some(modules) } else { None };
                        let names = modules.into_iter().flatten().flatten();
                        names.filter_map(|named| interpreter(named.name)).collect::<Vec<_>>()
                    }))
                }
                _ => {}
            },
            _ => {}
        }
        interpreters
    }

    fn producers(&mut self, fields: ProducersSectionReader<'_>) {
        for field in fields.into_iter().flatten() {
            let values = field.values.into_iter().flatten();
            match field.name {
                "language" => self.languages.extend(values.map(|value| value.name.to_string())),
                "processed-by" | "sdk" => self
                    .toolchains
                    .extend(values.map(|value| format!("{} {}", value.name, value.version).trim_end().to_string())),
                _ => {}
            }
        }
    }
}

/// The language and the interpreter that a module's name tells of: `libpython3.14.so`.
fn interpreter(module: &str) -> Option<(&'static str, String)> {
    let lower = module.to_lowercase();
    let (word, language, tool) = INTERPRETERS.iter().find(|(word, ..)| lower.contains(word))?;
    let version: String = match lower.split_once(word) {
        Some((_, rest)) => rest.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect(),
        None => String::new(),
    };
    Some((language, format!("{tool} {}", version.trim_matches('.')).trim_end().to_owned()))
}
