//! Leaves a busy store alone for as long as it asks (`Retry-After` of 429 and 503). `object_store` does not look at
//! that, so it is noted as answers pass by, and every request to the account waits, whoever makes it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpRequest, HttpResponse, HttpService, ReqwestConnector,
};
use tokio::time::{Instant, sleep_until};

const RETRY_AFTER: &str = "retry-after";

/// Until when the store wants to be left alone. Clones are the same.
#[derive(Clone, Debug)]
pub(super) struct Busy {
    until: Arc<Mutex<Instant>>,
    longest: Duration,
}

impl Busy {
    /// Waits for `longest` at most, whatever the store asks.
    pub(super) fn new(longest: Duration) -> Self {
        Self { until: Arc::new(Mutex::new(Instant::now())), longest }
    }

    pub(super) async fn wait(&self) {
        let until = *self.until.lock().unwrap_or_else(PoisonError::into_inner);
        sleep_until(until).await;
    }

    /// Takes what an answer says. A date, which the Blob service does not send, is not read.
    pub(super) fn heard(&self, status: u16, retry_after: Option<&str>) {
        let seconds = retry_after.and_then(|text| text.trim().parse().ok());
        if let (429 | 503, Some(seconds)) = (status, seconds) {
            let pause = Duration::from_secs(seconds).min(self.longest);
            let mut until = self.until.lock().unwrap_or_else(PoisonError::into_inner);
            *until = (*until).max(Instant::now() + pause);
        }
    }
}

impl HttpConnector for Busy {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        let client = ReqwestConnector::default().connect(options)?;
        Ok(HttpClient::new(Considerate { client, busy: self.clone() }))
    }
}

#[derive(Debug)]
struct Considerate {
    client: HttpClient,
    busy: Busy,
}

#[async_trait]
impl HttpService for Considerate {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        self.busy.wait().await;
        let response = self.client.execute(request).await?;
        let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        self.busy.heard(response.status().as_u16(), retry_after);
        Ok(response)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn only_a_busy_store_is_left_alone_and_not_for_ever() {
        let busy = Busy::new(Duration::from_secs(10));
        let waited = async || {
            let began = Instant::now();
            busy.wait().await;
            began.elapsed().as_secs()
        };
        busy.heard(200, Some("5"));
        busy.heard(503, None);
        busy.heard(503, Some("Fri, 31 Dec 1999 23:59:59 GMT"));
        assert_eq!(waited().await, 0);
        busy.heard(503, Some("5"));
        busy.heard(429, Some("2"));
        assert_eq!(waited().await, 5);
        busy.heard(503, Some("3600"));
        assert_eq!(waited().await, 10);
    }
}
