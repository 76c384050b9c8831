//! Signed URLs by which blocks are uploaded where the store cannot sign its own: whoever has the URL may put blocks
//! of one upload until a moment, and nothing else. Same shape as a SAS URL of Azure: the client appends
//! `&comp=block&blockid=…`.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use data_inspector_domain::id::UploadId;
use data_inspector_domain::time::Timestamp;
use data_inspector_platform::blob::SignedUrl;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::hex;

/// What signatures are made with. All replicas have the same.
#[derive(Clone)]
pub struct GrantSecret([u8; 32]);

impl GrantSecret {
    /// These 32 bytes, which must be random.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// A new secret that nobody can guess.
    pub fn generate() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)?;
        Ok(Self(bytes))
    }
}

impl fmt::Debug for GrantSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GrantSecret")
    }
}

/// Leave to put blocks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Where to put them.
    pub url: String,
    /// Until when.
    pub not_after: Timestamp,
}

/// Leave that the storage itself has signed.
impl From<SignedUrl> for Grant {
    fn from(signed: SignedUrl) -> Self {
        let since_1970 = signed.not_after.duration_since(UNIX_EPOCH).unwrap_or_default();
        let micros = i64::try_from(since_1970.as_micros()).unwrap_or(i64::MAX);
        Self { url: signed.url, not_after: Timestamp::from_micros(micros) }
    }
}

/// Why a URL gives no leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GrantError {
    /// It was not signed here, or changed since.
    #[error("the upload URL is not one that was given out")]
    Forged,
    /// Its time is over.
    #[error("the upload URL has expired; ask for the upload again to get a new one")]
    Expired,
}

/// Makes signed URLs, and checks them.
#[derive(Clone, Debug)]
pub struct GrantSigner {
    secret: GrantSecret,
    public_url: String,
    lifetime: Duration,
}

impl GrantSigner {
    /// A signer for a server that clients reach at `public_url`.
    pub fn new(secret: GrantSecret, public_url: &str, lifetime: Duration) -> Self {
        Self { secret, public_url: public_url.trim_end_matches('/').to_owned(), lifetime }
    }

    /// How long what it signs is valid.
    pub fn lifetime(&self) -> Duration {
        self.lifetime
    }

    /// Leave to put blocks of an upload from now on.
    pub fn grant(&self, upload_id: UploadId) -> Grant {
        let expires_at = seconds_since_1970().saturating_add(self.lifetime.as_secs());
        let signature = hex::encode(&self.mac(upload_id, expires_at).finalize().into_bytes());
        let url = format!("{}/blobs/{upload_id}?exp={expires_at}&sig={signature}", self.public_url);
        let micros = i64::try_from(expires_at).unwrap_or(i64::MAX).saturating_mul(1_000_000);
        Grant { url, not_after: Timestamp::from_micros(micros) }
    }

    /// Whether the parameters `exp` and `sig` of a URL for this upload give leave now.
    pub fn verify(&self, upload_id: UploadId, exp: &str, sig: &str) -> Result<(), GrantError> {
        let expires_at: u64 = exp.parse().map_err(|_| GrantError::Forged)?;
        let signature = hex::decode_32(sig).ok_or(GrantError::Forged)?;
        self.mac(upload_id, expires_at).verify_slice(&signature).map_err(|_| GrantError::Forged)?;
        if seconds_since_1970() < expires_at { Ok(()) } else { Err(GrantError::Expired) }
    }

    /// Neither part can run over into the other: an id has a fixed length.
    fn mac(&self, upload_id: UploadId, expires_at: u64) -> Hmac<Sha256> {
        let mut mac = Hmac::new_from_slice(&self.secret.0).expect("a key may have any length");
        mac.update(upload_id.to_string().as_bytes());
        mac.update(&expires_at.to_be_bytes());
        mac
    }
}

fn seconds_since_1970() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;

    const UPLOAD: &str = "up_01KAYEQQ3VFN7B0VH5JYX0JJ7Q";
    const OTHER_UPLOAD: &str = "up_01KAYEQQ3VFN7B0VH5JYX0JJ7R";

    fn signer(lifetime: Duration) -> GrantSigner {
        GrantSigner::new(GrantSecret::new([7; 32]), "http://127.0.0.1:8080/", lifetime)
    }

    /// The values of `exp` and `sig`.
    fn parameters(grant: &Grant) -> (&str, &str) {
        let (_, query) = grant.url.split_once('?').unwrap();
        let (exp, sig) = query.split_once('&').unwrap();
        (exp.strip_prefix("exp=").unwrap(), sig.strip_prefix("sig=").unwrap())
    }

    #[test]
    fn a_grant_is_for_one_upload() {
        let signer = signer(Duration::from_secs(3600));
        let grant = signer.grant(UPLOAD.parse().unwrap());
        assert!(grant.url.starts_with("http://127.0.0.1:8080/blobs/up_01KAYEQQ3VFN7B0VH5JYX0JJ7Q?exp="));
        let (exp, sig) = parameters(&grant);
        assert_eq!(signer.verify(UPLOAD.parse().unwrap(), exp, sig), Ok(()));
        assert_eq!(signer.verify(OTHER_UPLOAD.parse().unwrap(), exp, sig), Err(GrantError::Forged));
    }

    #[test]
    fn a_grant_ends() {
        let signer = signer(Duration::ZERO);
        let grant = signer.grant(UPLOAD.parse().unwrap());
        let (exp, sig) = parameters(&grant);
        assert_eq!(signer.verify(UPLOAD.parse().unwrap(), exp, sig), Err(GrantError::Expired));
    }

    #[test]
    fn a_grant_that_was_touched_is_forged() {
        let signer = signer(Duration::from_secs(3600));
        let grant = signer.grant(UPLOAD.parse().unwrap());
        let (exp, sig) = parameters(&grant);
        let later = (exp.parse::<u64>().unwrap() + 1).to_string();
        let other_sig = sig.replace(&sig[..1], if sig.starts_with('0') { "1" } else { "0" });
        for (exp, sig) in [(&*later, sig), (exp, &other_sig), (exp, ""), ("", sig), (exp, &sig[1..])] {
            assert_eq!(
                signer.verify(UPLOAD.parse().unwrap(), exp, sig),
                Err(GrantError::Forged),
                "{exp} {sig}"
            );
        }
        let other_secret = GrantSigner { secret: GrantSecret::new([8; 32]), ..signer };
        assert_eq!(other_secret.verify(UPLOAD.parse().unwrap(), exp, sig), Err(GrantError::Forged));
    }
}
