//! Who a connector is: key, certificate, and whom it trusts. Files and secrets are fetched, so that what is wrong with
//! them is told with everything else.
//!
//! Nothing here repeats a secret, a header value or what is in a file.

use std::io::Read;
use std::path::PathBuf;

use carriers::{IdentityFiles, TlsFile, TlsFileError, TlsFileFault, TlsFiles};

use super::problem::{Place, ProblemKind};
use super::read::{At, Field};
use super::resolve::Resolver;
use super::resolved::{ApiKey, Credentials};
use super::secret::Secret;
use super::written::WrittenSecret;
use crate::limits;

/// What a connector says of itself, as written.
pub(super) struct WrittenIdentity {
    pub(super) api_key: Field<WrittenSecret>,
    pub(super) connector_uuid: Field<String>,
    pub(super) cert_path: Field<String>,
    pub(super) key_path: Field<String>,
    pub(super) ca_path: Field<String>,
}

/// A half of a pair that is given, refused or missing.
type Half<'f> = (&'static str, bool, &'f Place);

impl Resolver<'_> {
    /// Who the connector is, and the CAs that it trusts. `secure`: it dials `wss`.
    pub(super) fn identity(
        &mut self,
        written: WrittenIdentity,
        section: &Place,
        secure: bool,
    ) -> Option<(Credentials, Option<PathBuf>)> {
        let WrittenIdentity { api_key, connector_uuid, cert_path, key_path, ca_path } = written;
        let (no_key, no_connector) = (api_key.is_absent(), connector_uuid.is_absent());
        let (no_cert, no_cert_key) = (cert_path.is_absent(), key_path.is_absent());
        if no_key && no_connector && no_cert && no_cert_key {
            let what = "missing: a connector shows who it is by `api_key` and `connector_uuid`, \
                        or by `cert_path` and `key_path`";
            self.reader.missing(&section.child("api_key"), what, "add one pair, or both");
        }
        self.both_halves([("api_key", no_key, section), ("connector_uuid", no_connector, section)]);
        self.both_halves([("cert_path", no_cert, section), ("key_path", no_cert_key, section)]);

        let key = match no_key && no_connector {
            true => Some(None),
            false => self.api_key(api_key, connector_uuid).map(Some),
        };
        let tls = self.tls_files(cert_path, key_path, ca_path, secure);
        let (key, TlsFiles { ca_path, identity }) = (key?, tls?);
        let credentials = match (key, identity) {
            (Some(key), Some(files)) => Credentials::Both(key, files),
            (Some(key), None) => Credentials::Key(key),
            (None, Some(files)) => Credentials::Certificate(files),
            (None, None) => return None,
        };
        Some((credentials, ca_path))
    }

    /// The halves of a pair belong together: with one given, the other's absence is explained by it.
    fn both_halves(&mut self, [one, other]: [Half<'_>; 2]) {
        if one.1 == other.1 {
            return;
        }
        let (missing, _, section) = if one.1 { one } else { other };
        let what = format!("missing: `{}` and `{}` go together", one.0, other.0);
        self.reader.missing(&section.child(missing), what, "add it");
    }

    fn api_key(&mut self, api_key: Field<WrittenSecret>, connector_uuid: Field<String>) -> Option<ApiKey> {
        let api_key = api_key.given().and_then(|at| self.secret(at));
        let connector_uuid = connector_uuid.given().and_then(|at| self.header_value(at));
        Some(ApiKey { api_key: api_key?, connector_uuid: connector_uuid? })
    }

    /// Tries the files, so that a mistake is found before a server is asked.
    fn tls_files(
        &mut self,
        cert_path: Field<String>,
        key_path: Field<String>,
        ca_path: Field<String>,
        secure: bool,
    ) -> Option<TlsFiles> {
        let complete = [&cert_path, &key_path, &ca_path].iter().all(|field| !matches!(field, Field::Refused))
            && cert_path.is_absent() == key_path.is_absent();
        let [cert, key, ca] = [cert_path, key_path, ca_path].map(Field::given);
        let path = |at: &At<String>| self.folder.join(&at.value);
        let identity = match (&cert, &key) {
            (Some(cert), Some(key)) => Some(IdentityFiles { cert_path: path(cert), key_path: path(key) }),
            _ => None,
        };
        let files = TlsFiles { ca_path: ca.as_ref().map(path), identity };
        let errors = files.check();
        for error in &errors {
            let at = match error.file {
                TlsFile::Certificate => &cert,
                TlsFile::Key => &key,
                TlsFile::Ca => &ca,
            };
            if let Some(At { place, .. }) = at {
                self.reader.report(kind_of(error), place, error.what(), error.fault.help());
            }
        }
        let useless = if secure { None } else { cert.as_ref().or(ca.as_ref()) };
        if let Some(At { place, .. }) = useless {
            let what = "`base_url` is `ws`, which has no certificates";
            self.reader.bad_value(
                place,
                what,
                "write `wss` in `base_url`, or remove `cert_path`, `key_path` and `ca_path`",
            );
        }
        (complete && errors.is_empty() && useless.is_none()).then_some(files)
    }

    /// Fetches a secret from where it is kept. The line's end at its end is not part of it.
    pub(super) fn secret(&mut self, written: At<WrittenSecret>) -> Option<Secret> {
        self.secret_of(written, check_header_value)
    }

    /// The same of a whole header's value, which may have spaces in it.
    pub(super) fn secret_value(&mut self, written: At<WrittenSecret>) -> Option<Secret> {
        self.secret_of(written, |text| check_header_value(&text.replace(' ', "")))
    }

    fn secret_of(
        &mut self,
        At { value, place }: At<WrittenSecret>,
        check: impl FnOnce(&str) -> Result<(), String>,
    ) -> Option<Secret> {
        let found = match &value {
            WrittenSecret::Literal(secret) => Ok(secret.clone()),
            WrittenSecret::Env(name) => self.secret_of_env(name),
            WrittenSecret::File(path) => self.secret_of_file(path),
        };
        let checked = found.and_then(|secret| match check(secret.expose()) {
            Ok(()) => Ok(secret),
            Err(what) => {
                let from = match &value {
                    WrittenSecret::Literal(_) => "the secret".to_owned(),
                    WrittenSecret::Env(name) => format!("the environment variable {name:?}"),
                    WrittenSecret::File(path) => format!("the file {path:?}"),
                };
                Err((format!("{from} {what}"), "put the key there, and nothing else".to_owned()))
            }
        });
        checked.map_err(|(what, help)| self.reader.report(ProblemKind::Secret, &place, what, help)).ok()
    }

    fn secret_of_env(&self, name: &str) -> Result<Secret, (String, String)> {
        let variable = format!("the environment variable {name:?}");
        let Some(text) = (self.env)(name) else {
            return Err((format!("{variable} is not set"), "set it before the start".to_owned()));
        };
        match text.into_string() {
            Ok(text) => Ok(Secret::new(text.trim_end_matches(['\r', '\n']).to_owned())),
            Err(_) => Err((format!("{variable} is not UTF-8"), "put the key there, and nothing else".to_owned())),
        }
    }

    fn secret_of_file(&mut self, path: &str) -> Result<Secret, (String, String)> {
        let path = self.folder.join(path);
        self.files.insert(path.clone());
        let mut text = String::new();
        let read = std::fs::File::open(&path)
            .and_then(|file| file.take(limits::SECRET_BYTES_MAX + 1).read_to_string(&mut text));
        match read {
            Ok(_) => Ok(Secret::new(text.trim_end_matches(['\r', '\n']).to_owned())),
            Err(error) => Err((
                format!("`{}` cannot be read: {error}", path.display()),
                "correct the path (a relative one starts at the folder of this configuration), or its permissions"
                    .to_owned(),
            )),
        }
    }

    pub(super) fn header_value(&mut self, At { value, place }: At<String>) -> Option<String> {
        match check_header_value(&value) {
            Ok(()) => Some(value),
            Err(what) => {
                self.reader.bad_value(&place, format!("the value {what}"), "correct it");
                None
            }
        }
    }
}

pub(super) fn kind_of(error: &TlsFileError) -> ProblemKind {
    match error.fault {
        TlsFileFault::Missing | TlsFileFault::Unreadable(_) => ProblemKind::Unreadable,
        _ => ProblemKind::Certificate,
    }
}

/// Whether a text can be sent in a header as it is, and if not, why, without repeating it.
fn check_header_value(text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Err("is empty".to_owned());
    }
    if text.len() as u64 > limits::SECRET_BYTES_MAX {
        return Err(format!("is longer than {} bytes", limits::SECRET_BYTES_MAX));
    }
    if !text.bytes().all(|b| b.is_ascii_graphic()) {
        return Err("has a space or a character in it that no header may carry".to_owned());
    }
    Ok(())
}
