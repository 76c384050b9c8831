//! Trusted documents: where a file says which, no other document is executed. What a front end sends is known when it
//! is built; whoever finds a way to send something else gets nowhere.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::fault::{Fault, FaultKind};
use super::gate::DocumentHash;
use crate::graphql::ErrorCode;
use crate::hex;

/// Documents by their hash; nothing: every document is taken.
#[derive(Default)]
pub(super) struct Trusted(Option<HashMap<DocumentHash, Arc<str>>>);

/// The file of trusted documents is none.
#[derive(Debug, thiserror::Error)]
pub enum TrustedError {
    /// It cannot be read.
    #[error("cannot read {path}")]
    Read {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// It is no object of texts.
    #[error("{path} is no JSON object of documents by their SHA-256")]
    Json {
        /// Which file.
        path: PathBuf,
        /// Where.
        source: serde_json::Error,
    },
    /// A name is not that of its document.
    #[error("{path}: {hash} is not the SHA-256 of its document")]
    Hash {
        /// Which file.
        path: PathBuf,
        /// The name.
        hash: String,
    },
}

impl Trusted {
    /// The documents of a file: a JSON object, from the SHA-256 of a document in hexadecimal digits to the document.
    /// An empty path: every document is taken.
    pub(super) fn read(path: &Path) -> Result<Self, TrustedError> {
        if path.as_os_str().is_empty() {
            return Ok(Self(None));
        }
        let path = || path.to_owned();
        let text = std::fs::read_to_string(path());
        let text = text.map_err(|source| TrustedError::Read { path: path(), source })?;
        let named: BTreeMap<String, Arc<str>> =
            serde_json::from_str(&text).map_err(|source| TrustedError::Json { path: path(), source })?;
        let mut documents = HashMap::new();
        for (hash, document) in named {
            let known = hex::decode_32(&hash).filter(|known| *known == super::hash(&document));
            let known = known.ok_or_else(|| TrustedError::Hash { path: path(), hash })?;
            documents.insert(known, document);
        }
        Ok(Self(Some(documents)))
    }

    /// The document of a hash, if it is a trusted one.
    pub(super) fn find(&self, hash: &DocumentHash) -> Option<Arc<str>> {
        self.0.as_ref()?.get(hash).cloned()
    }

    /// A document that somebody sends may be executed.
    pub(super) fn check(&self, hash: impl FnOnce() -> DocumentHash) -> Result<(), Fault> {
        match &self.0 {
            Some(documents) if !documents.contains_key(&hash()) => Err(not_trusted()),
            _ => Ok(()),
        }
    }
}

fn not_trusted() -> Fault {
    let message = "this server executes only documents that it knows";
    Fault::one(FaultKind::Invalid, ErrorCode::DocumentNotTrusted, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said of a file with this text.
    fn complaint(text: &str) -> String {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let complaint = Trusted::read(file.path()).err().map(|error| error.to_string()).unwrap_or_default();
        complaint.replace(&file.path().display().to_string(), "FILE")
    }

    #[test]
    fn a_file_that_says_something_else_is_refused() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(complaint(&format!(r#"{{"{empty}": ""}}"#)), "");
        assert_eq!(
            complaint(&format!(r#"{{"{empty}": "{{ hello }}"}}"#)),
            format!("FILE: {empty} is not the SHA-256 of its document")
        );
        assert_eq!(complaint(r#"{"e3b0": ""}"#), "FILE: e3b0 is not the SHA-256 of its document");
        assert_eq!(complaint("[]"), "FILE is no JSON object of documents by their SHA-256");
        let nowhere = Trusted::read(Path::new("/nowhere/documents.json"));
        assert!(matches!(nowhere, Err(TrustedError::Read { .. })));
    }
}
