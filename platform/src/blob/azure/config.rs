//! Where the container is, and by what right it is used.

use std::fmt;
use std::time::Duration;

use object_store::azure::MicrosoftAzureBuilder;
use object_store::{ClientOptions, RetryConfig};
use reqwest::Url;

use crate::blob::BlobKey;

/// A container of a storage account.
#[derive(Clone, Debug)]
pub struct AzureConfig {
    /// Name of the account.
    pub account: String,
    /// Name of the container.
    pub container: String,
    /// What all keys are put below, so that a container can be shared.
    pub prefix: Option<BlobKey>,
    /// Where the account's blobs are, if not at `https://ACCOUNT.blob.core.windows.net`. Plain HTTP is for
    /// emulators.
    pub endpoint: Option<String>,
    /// Where clients reach the account's blobs, if not there. A grant is for both.
    pub public_endpoint: Option<String>,
    /// By what right.
    pub credential: AzureCredential,
}

/// By what right a container is used. Shown, it has no secret.
#[derive(Clone)]
pub enum AzureCredential {
    /// The key of the account.
    AccountKey(String),
    /// The workload's identity, as Kubernetes gives it: `AZURE_CLIENT_ID`, `AZURE_TENANT_ID` and
    /// `AZURE_FEDERATED_TOKEN_FILE` in the environment. It has to have the roles to use blobs and to generate
    /// delegation keys.
    WorkloadIdentity,
    /// The identity of the virtual machine.
    ManagedIdentity,
}

/// A connection string that cannot be used. It repeats nothing of it but the name of a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the connection string has no {missing}")]
pub struct AzureConfigError {
    /// What is missing.
    pub missing: &'static str,
}

impl AzureConfig {
    /// The account of a connection string as the portal shows it: `AccountName=…;AccountKey=…`, with
    /// `BlobEndpoint=…`, or `DefaultEndpointsProtocol=…;EndpointSuffix=…`, where they differ from the usual.
    pub fn from_connection_string(text: &str, container: &str) -> Result<Self, AzureConfigError> {
        let setting = |name: &str| {
            let mut settings = text.split(';').filter_map(|setting| setting.split_once('='));
            settings
                .find(|(key, _)| key.trim().eq_ignore_ascii_case(name))
                .map(|(_, value)| value.trim().to_owned())
        };
        let account = setting("AccountName").ok_or(AzureConfigError { missing: "AccountName" })?;
        let key = setting("AccountKey").ok_or(AzureConfigError { missing: "AccountKey" })?;
        let by_suffix = || {
            let protocol = setting("DefaultEndpointsProtocol").unwrap_or_else(|| "https".to_owned());
            setting("EndpointSuffix").map(|suffix| format!("{protocol}://{account}.blob.{suffix}"))
        };
        let endpoint = setting("BlobEndpoint").or_else(by_suffix);
        let endpoint = endpoint.map(|endpoint| endpoint.trim_end_matches('/').to_owned());
        let credential = AzureCredential::AccountKey(key);
        let (container, prefix, public_endpoint) = (container.to_owned(), None, None);
        Ok(Self { account, container, prefix, endpoint, public_endpoint, credential })
    }

    pub(super) fn place(&self) -> String {
        format!("container {} of account {}", self.container, self.account)
    }

    /// A URL of the account, as clients reach it.
    pub(super) fn public_url(&self, url: &Url) -> String {
        let Some(public) = &self.public_endpoint else { return url.as_str().to_owned() };
        let usual = format!("https://{}.blob.core.windows.net", self.account);
        let endpoint = self.endpoint.as_deref().unwrap_or(&usual).trim_end_matches('/');
        let below = url.as_str().strip_prefix(endpoint).unwrap_or(url.path());
        format!("{}{below}", public.trim_end_matches('/'))
    }

    /// Without retries and limits of its own: they are [`ReadConfig`](crate::blob::ReadConfig)'s.
    pub(super) fn builder(&self, timeout: Duration) -> MicrosoftAzureBuilder {
        let options = ClientOptions::new()
            .with_timeout_disabled()
            .with_read_timeout(timeout)
            .with_connect_timeout(timeout.min(Duration::from_secs(10)))
            .with_allow_http(
                self.endpoint.as_deref().is_some_and(|endpoint| endpoint.starts_with("http://")),
            );
        let retry = RetryConfig { max_retries: 0, ..RetryConfig::default() };
        let builder = match &self.credential {
            AzureCredential::AccountKey(key) => {
                MicrosoftAzureBuilder::new().with_access_key(key).with_credential_type("access_key")
            }
            AzureCredential::WorkloadIdentity => {
                MicrosoftAzureBuilder::from_env().with_credential_type("workload_identity")
            }
            AzureCredential::ManagedIdentity => {
                MicrosoftAzureBuilder::from_env().with_credential_type("managed_identity")
            }
        };
        let builder = builder.with_account(&self.account).with_container_name(&self.container);
        let builder = builder.with_client_options(options).with_retry(retry).with_use_emulator(false);
        match &self.endpoint {
            Some(endpoint) => builder.with_endpoint(endpoint.clone()),
            None => builder,
        }
    }
}

impl fmt::Debug for AzureCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AccountKey(_) => "AccountKey(..)",
            Self::WorkloadIdentity => "WorkloadIdentity",
            Self::ManagedIdentity => "ManagedIdentity",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_are_sent_where_they_can_go() {
        let text = "AccountName=a;AccountKey=aw==;BlobEndpoint=http://azurite:1/a";
        let mut config = AzureConfig::from_connection_string(text, "files").unwrap();
        let url = "http://azurite:1/a/files/x?sv=1&sig=s".parse().unwrap();
        assert_eq!(config.public_url(&url), url.as_str());
        config.public_endpoint = Some("http://localhost:2/a/".to_owned());
        assert_eq!(config.public_url(&url), "http://localhost:2/a/files/x?sv=1&sig=s");
        config.endpoint = None;
        config.public_endpoint = Some("https://files.example.com".to_owned());
        let url = "https://a.blob.core.windows.net/files/x?sig=s".parse().unwrap();
        assert_eq!(config.public_url(&url), "https://files.example.com/files/x?sig=s");
    }

    #[test]
    fn connection_strings_are_understood_and_never_shown() {
        let config = |text| AzureConfig::from_connection_string(text, "files");
        let usual = config(
            "DefaultEndpointsProtocol=https;AccountName=acme;AccountKey=c2VjcmV0==;EndpointSuffix=core.windows.net",
        );
        let usual = usual.unwrap();
        assert_eq!((usual.account.as_str(), usual.container.as_str()), ("acme", "files"));
        assert_eq!(usual.endpoint.as_deref(), Some("https://acme.blob.core.windows.net"));
        assert!(matches!(&usual.credential, AzureCredential::AccountKey(key) if key == "c2VjcmV0=="));
        assert!(!format!("{usual:?}").contains("c2Vj"));
        let local = config("accountname=a; accountkey=aw==; blobendpoint=http://127.0.0.1:1/a/;").unwrap();
        assert_eq!(local.endpoint.as_deref(), Some("http://127.0.0.1:1/a"));
        assert_eq!(config("AccountName=a;AccountKey=aw==").unwrap().endpoint, None);
        assert_eq!(config("AccountName=a").unwrap_err().missing, "AccountKey");
        assert_eq!(config("").unwrap_err().missing, "AccountName");
    }
}
