//! Reads what a component is without compiling it: its world, what it imports, what it was written in.

use std::collections::BTreeSet;

use wasmparser::component_types::ComponentEntityType;
use wasmparser::{
    ComponentExternalKind, ComponentTypeRef, Encoding, KnownCustom, Parser, Payload, Validator, WasmFeatures,
};

use crate::limits::COMPONENT_BYTES_MAX;

/// The interface version this host serves.
pub const INTERFACE: &str = "switchhook:handler@0.1.0";

/// Interfaces that answer `NOT_GRANTED` without a grant, with the grant's name.
const GRANTED: &[(&str, &str)] = &[
    ("recording", "recording"),
    ("websocket", "hosts"),
    ("http", "hosts"),
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

fn of_other_version(import: &str) -> bool {
    let (package, version) = INTERFACE.split_once('@').unwrap_or((INTERFACE, ""));
    import.starts_with(package) && import.rsplit_once('@').is_some_and(|(_, found)| found != version)
}

/// Names only, at the outermost level; languages at every level.
#[derive(Default)]
struct Outline {
    imports: Vec<Import>,
    exports: Vec<String>,
    languages: BTreeSet<String>,
    toolchains: BTreeSet<String>,
}

impl Outline {
    fn read(wasm: &[u8]) -> Result<Self, InspectError> {
        let malformed = |error: wasmparser::BinaryReaderError| InspectError::Malformed(error.to_string());
        let mut outline = Self::default();
        let mut depth = 0_u32;
        for payload in Parser::new(0).parse_all(wasm) {
            match payload.map_err(malformed)? {
                Payload::Version { encoding: Encoding::Module, .. } if depth == 0 => {
                    return Err(InspectError::CoreModule);
                }
                Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
                Payload::End(_) => depth = depth.saturating_sub(1),
                Payload::ComponentImportSection(section) if depth == 0 => {
                    for import in section {
                        let import = import.map_err(malformed)?;
                        if let ComponentTypeRef::Instance(_) = import.ty {
                            outline.import(import.name.name);
                        }
                    }
                }
                Payload::ComponentExportSection(section) if depth == 0 => {
                    for export in section {
                        let export = export.map_err(malformed)?;
                        if export.kind != ComponentExternalKind::Type {
                            outline.exports.push(export.name.name.to_string());
                        }
                    }
                }
                Payload::CustomSection(section) => outline.custom(section.as_known()),
                _ => {}
            }
        }
        Ok(outline)
    }

    fn import(&mut self, name: &str) {
        let interface = name.strip_prefix("switchhook:handler/").and_then(|rest| rest.split('@').next());
        let grant = GRANTED.iter().find(|(granted, _)| Some(*granted) == interface).map(|(_, grant)| *grant);
        self.imports.push(Import { name: name.to_string(), grant });
    }

    /// Producers that cannot be read are not worth refusing a component for.
    fn custom(&mut self, section: KnownCustom<'_>) {
        let KnownCustom::Producers(fields) = section else { return };
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
