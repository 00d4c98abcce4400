//! Keeps more in the host than it may.

use wasip2::http::types::{Fields, Method, OutgoingRequest, Scheme};

/// Sets texts of a mebibyte, and tells which were taken.
pub(crate) fn long() -> String {
    let text = "a".repeat(1 << 19);
    let request = OutgoingRequest::new(Fields::new());
    let tried = [
        ("method", request.set_method(&Method::Other(text.clone()))),
        ("scheme", request.set_scheme(Some(&Scheme::Other(text.clone())))),
        ("authority", request.set_authority(Some(&text))),
        ("path", request.set_path_with_query(Some(&format!("/{}", &text[..60_000])))),
    ];
    let taken: Vec<&str> = tried.iter().filter(|(_, set)| set.is_ok()).map(|(name, _)| *name).collect();
    format!("taken: {}", taken.join(" "))
}

/// Keeps headers of fifteen kibibytes, as many as there may be.
pub(crate) fn fields() {
    let mut kept = Vec::new();
    loop {
        let fields = Fields::new();
        if fields.append("x", &vec![b'y'; 15 << 10]).is_ok() {
            kept.push(fields);
        }
    }
}
