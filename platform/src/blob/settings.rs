//! The section `blobs` of a configuration: where blobs are kept, and how they are read. The same whatever is built
//! in, so that a configuration is checked the same everywhere.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{BlobKey, BlobStore, OpenError, ReadConfig};
use crate::config::{Contradiction, Secret};

const NOT_BUILT_IN: &str =
    "this program was built without Azure Blob Storage: build it with the feature `cluster`";

/// Where blobs are kept, and how they are read.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlobSettings {
    /// What keeps them.
    pub kind: BlobStoreKind,
    /// The folder; empty: one in the data folder.
    pub folder: PathBuf,
    /// Most bytes asked for in one request.
    pub sub_range_bytes: u64,
    /// Most bytes of one stream that wait to be used.
    pub read_ahead_bytes: u32,
    /// Most bytes handed out at once.
    pub chunk_bytes: usize,
    /// How long the store may be silent.
    pub timeout_ms: u64,
    /// Most bytes per second of all streams of a process together; 0: no limit.
    pub max_bytes_per_second: u64,
    /// Most bytes per second of one stream; 0: no limit.
    pub max_stream_bytes_per_second: u64,
    /// Azure Blob Storage, if it is that.
    pub azure: AzureSettings,
}

/// What keeps blobs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BlobStoreKind {
    /// A folder of this machine.
    #[default]
    Folder,
    /// A container of Azure Blob Storage.
    Azure,
}

/// A container of Azure Blob Storage, which has to exist. What is empty is not set.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AzureSettings {
    /// As the portal shows it; in place of account, key and endpoint.
    pub connection_string: Secret,
    /// Name of the account.
    pub account: String,
    /// Its key, if that is by what right.
    pub account_key: Secret,
    /// By what right, where there is no key.
    pub identity: AzureIdentity,
    /// Name of the container.
    pub container: String,
    /// What all keys are put below.
    pub prefix: String,
    /// Where the account's blobs are, if not where they usually are.
    pub endpoint: String,
    /// Where clients put blocks, if they reach the account's blobs elsewhere.
    pub public_endpoint: String,
}

/// By what right a container is used where there is no key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AzureIdentity {
    /// By none: there has to be a key.
    #[default]
    None,
    /// The workload's, as Kubernetes gives it.
    Workload,
    /// The virtual machine's.
    Managed,
}

impl Default for BlobSettings {
    fn default() -> Self {
        let usual = ReadConfig::default();
        Self {
            kind: BlobStoreKind::default(),
            folder: PathBuf::new(),
            sub_range_bytes: usual.sub_range_bytes,
            read_ahead_bytes: usual.read_ahead_bytes,
            chunk_bytes: usual.chunk_bytes,
            timeout_ms: u64::try_from(usual.timeout.as_millis()).unwrap_or(u64::MAX),
            max_bytes_per_second: 0,
            max_stream_bytes_per_second: 0,
            azure: AzureSettings::default(),
        }
    }
}

impl BlobSettings {
    /// What is wrong with them.
    pub fn contradictions(&self) -> Vec<Contradiction> {
        if self.kind == BlobStoreKind::Folder {
            return Vec::new();
        }
        let mut found = self.azure.contradictions();
        if cfg!(not(feature = "azure")) {
            found.push(Contradiction::new(&["blobs.kind"], NOT_BUILT_IN));
        }
        found
    }

    /// Opens the store; a folder that is not named is `usual`.
    pub fn open(&self, usual: &Path) -> Result<BlobStore, OpenError> {
        let config = self.read_config();
        match self.kind {
            BlobStoreKind::Folder if self.folder.as_os_str().is_empty() => BlobStore::local(usual, config),
            BlobStoreKind::Folder => BlobStore::local(&self.folder, config),
            #[cfg(feature = "azure")]
            BlobStoreKind::Azure => BlobStore::azure(self.azure.config()?, config),
            #[cfg(not(feature = "azure"))]
            BlobStoreKind::Azure => {
                Err(OpenError { place: "Azure Blob Storage".to_owned(), source: NOT_BUILT_IN.into() })
            }
        }
    }

    fn read_config(&self) -> ReadConfig {
        ReadConfig {
            sub_range_bytes: self.sub_range_bytes,
            read_ahead_bytes: self.read_ahead_bytes,
            chunk_bytes: self.chunk_bytes,
            timeout: Duration::from_millis(self.timeout_ms),
            max_bytes_per_second: Some(self.max_bytes_per_second).filter(|limit| *limit > 0),
            max_stream_bytes_per_second: Some(self.max_stream_bytes_per_second).filter(|limit| *limit > 0),
            ..ReadConfig::default()
        }
    }
}

impl AzureSettings {
    fn contradictions(&self) -> Vec<Contradiction> {
        const RIGHTS: &[&str] =
            &["blobs.azure.connection_string", "blobs.azure.account_key", "blobs.azure.identity"];
        let by_string = !self.connection_string.is_empty();
        let rights = [by_string, !self.account_key.is_empty(), self.identity != AzureIdentity::None];
        let rights = rights.into_iter().filter(|given| *given).count();
        let has_account = by_string || !self.account.is_empty();
        let checks: [(bool, &[&'static str], &str); 5] = [
            (rights == 1, RIGHTS, "expected exactly one of them"),
            (has_account, &["blobs.azure.account"], "expected the name of the account"),
            (
                !by_string || (self.account.is_empty() && self.endpoint.is_empty()),
                &["blobs.azure.connection_string", "blobs.azure.account", "blobs.azure.endpoint"],
                "expected either the string or the others",
            ),
            (!self.container.is_empty(), &["blobs.azure.container"], "expected the name of a container"),
            (
                self.prefix.is_empty() || self.prefix.parse::<BlobKey>().is_ok(),
                &["blobs.azure.prefix"],
                "expected segments of a-z, A-Z, 0-9, `.`, `_`, `-`, joined by `/`",
            ),
        ];
        let failed = checks.into_iter().filter(|(holds, _, _)| !holds);
        let failed = failed.map(|(_, keys, message)| Contradiction::new(keys, message));
        failed.chain(self.wrong_string()).collect()
    }

    #[cfg(not(feature = "azure"))]
    fn wrong_string(&self) -> Option<Contradiction> {
        None
    }
}

#[cfg(feature = "azure")]
mod azure {
    use super::super::azure::{AzureConfig, AzureConfigError, AzureCredential};
    use super::*;

    impl AzureSettings {
        pub(super) fn wrong_string(&self) -> Option<Contradiction> {
            let error = self.of_connection_string().err().filter(|_| !self.connection_string.is_empty())?;
            Some(Contradiction::new(&["blobs.azure.connection_string"], error.to_string()))
        }

        fn of_connection_string(&self) -> Result<AzureConfig, AzureConfigError> {
            AzureConfig::from_connection_string(self.connection_string.expose(), &self.container)
        }

        /// Settings without contradictions, as the adapter wants them.
        pub(super) fn config(&self) -> Result<AzureConfig, OpenError> {
            let wrong = |source| OpenError { place: format!("container {}", self.container), source };
            let mut config = if self.connection_string.is_empty() {
                self.of_parts()
            } else {
                self.of_connection_string().map_err(|error| wrong(error.into()))?
            };
            config.public_endpoint =
                Some(self.public_endpoint.clone()).filter(|endpoint| !endpoint.is_empty());
            if !self.prefix.is_empty() {
                config.prefix = Some(self.prefix.parse().map_err(|error| wrong(Box::from(error)))?);
            }
            Ok(config)
        }

        fn of_parts(&self) -> AzureConfig {
            let credential = match self.identity {
                AzureIdentity::None => AzureCredential::AccountKey(self.account_key.expose().to_owned()),
                AzureIdentity::Workload => AzureCredential::WorkloadIdentity,
                AzureIdentity::Managed => AzureCredential::ManagedIdentity,
            };
            AzureConfig {
                account: self.account.clone(),
                container: self.container.clone(),
                prefix: None,
                endpoint: Some(self.endpoint.clone()).filter(|endpoint| !endpoint.is_empty()),
                public_endpoint: None,
                credential,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(azure: AzureSettings) -> Vec<&'static str> {
        let settings = BlobSettings { kind: BlobStoreKind::Azure, azure, ..BlobSettings::default() };
        let found = settings.contradictions().into_iter().flat_map(|each| each.keys);
        found.filter(|key| *key != "blobs.kind").map(|key| key.trim_start_matches("blobs.azure.")).collect()
    }

    #[test]
    fn everything_that_is_missing_or_too_much_is_said() {
        assert!(BlobSettings::default().contradictions().is_empty());
        let nothing = ["connection_string", "account_key", "identity", "account", "container"];
        assert_eq!(keys(AzureSettings::default()), nothing);
        let container = || "files".to_owned();
        let by_string = |text: &str| AzureSettings {
            connection_string: Secret::new(text),
            container: container(),
            ..AzureSettings::default()
        };
        assert!(keys(by_string("AccountName=a;AccountKey=a2V5")).is_empty());
        let both =
            AzureSettings { account_key: Secret::new("a2V5"), ..by_string("AccountName=a;AccountKey=a2V5") };
        assert_eq!(keys(both), ["connection_string", "account_key", "identity"]);
        let by_identity = AzureSettings {
            account: "a".to_owned(),
            identity: AzureIdentity::Workload,
            container: container(),
            prefix: "not a key".to_owned(),
            ..AzureSettings::default()
        };
        assert_eq!(keys(by_identity), ["prefix"]);
    }

    #[cfg(feature = "azure")]
    #[test]
    fn a_connection_string_that_is_none_is_told_without_it() {
        let azure = AzureSettings {
            connection_string: Secret::new("AccountName=hunter2"),
            container: "files".to_owned(),
            ..AzureSettings::default()
        };
        let settings = BlobSettings { kind: BlobStoreKind::Azure, azure, ..BlobSettings::default() };
        let found = settings.contradictions();
        assert_eq!(found.len(), 1);
        assert!(found[0].message.contains("AccountKey") && !found[0].message.contains("hunter2"));
    }
}
