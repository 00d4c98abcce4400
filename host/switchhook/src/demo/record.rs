//! What a demonstration leaves behind: one stereo WAV a call, the caller left and the handler right.

use std::fs;
use std::path::{Path, PathBuf};

use audio::WavError;

/// Why a recording could not be written.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum RecordError {
    /// The folder cannot be made.
    #[error("{}: the folder cannot be made: {message}: name another one, or make room", path.display())]
    Folder {
        /// Which one.
        path: PathBuf,
        /// What the system said.
        message: String,
    },
    /// The file cannot be written.
    #[error("{}: {error}: name another folder, or make room", path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// What was wrong.
        error: WavError,
    },
}

/// Writes `FOLDER/CALL.wav`, making the folder, and answers its path. Both sides start together at
/// `sample_rate_hz`; the shorter one ends in silence. A file of that name is replaced.
///
/// # Errors
/// The folder cannot be made or the file cannot be written.
pub fn write_call(
    folder: &Path,
    call: &str,
    sample_rate_hz: u32,
    caller: &[i16],
    handler: &[i16],
) -> Result<PathBuf, RecordError> {
    fs::create_dir_all(folder)
        .map_err(|error| RecordError::Folder { path: folder.to_owned(), message: error.to_string() })?;
    let path = folder.join(file_name(call));
    write_file(&path, sample_rate_hz, caller, handler)?;
    Ok(path)
}

/// Writes one file as [`write_call`] does; its folder must be there.
///
/// # Errors
/// The file cannot be written.
pub fn write_file(path: &Path, sample_rate_hz: u32, caller: &[i16], handler: &[i16]) -> Result<(), RecordError> {
    audio::write_stereo(path, sample_rate_hz, caller, handler)
        .map_err(|error| RecordError::File { path: path.to_owned(), error })
}

/// `CALL.wav`, with everything that is not a letter, a digit, `-` or `_` turned into `_`: a call's name may hold what
/// a carrier sent.
pub fn file_name(call: &str) -> String {
    let safe = |c: char| {
        if c.is_ascii_alphanumeric() || c == '-' || c == '_' { c } else { '_' }
    };
    format!("{}.wav", call.chars().map(safe).collect::<String>())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{RecordError, file_name, write_call};

    #[test]
    fn the_caller_is_left_and_the_handler_right() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = write_call(&folder.path().join("new/demo"), "call-1", 8_000, &[1, 2, 3], &[-1]).expect("written");
        assert_eq!(path.file_name().and_then(|name| name.to_str()), Some("call-1.wav"));
        let bytes = fs::read(path).expect("it is there");
        let (header, samples) = bytes.split_at(bytes.len() - 12);
        let interleaved: Vec<i16> = samples.chunks(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect();
        assert_eq!(interleaved, [1, -1, 2, 0, 3, 0]);
        let channels_at = header.windows(4).position(|four| four == b"fmt ").expect("a format") + 10;
        assert_eq!(header[channels_at], 2);
    }

    #[test]
    fn a_name_stays_in_its_folder() {
        assert_eq!(file_name("../a b/+1555"), "___a_b__1555.wav");
        assert_eq!(file_name("call-1_x"), "call-1_x.wav");
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_named() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("file");
        fs::write(&file, "").expect("writable");
        let error = write_call(&file.join("demo"), "call-1", 8_000, &[], &[]).expect_err("a file is in the way");
        assert!(matches!(error, RecordError::Folder { .. }), "{error:?}");
        assert!(error.to_string().contains("file/demo"), "{error}");
    }
}
