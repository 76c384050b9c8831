//! How much a caller may ask for: each has a bucket of points that fills at a steady rate, and an operation takes out
//! what the gate says it costs. The buckets are those of this process: at several replicas a caller has several.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_graphql::Response;
use axum::http::{HeaderName, HeaderValue};
use data_inspector_domain::id::PrincipalId;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::cache::Cache;
use super::fault::{Fault, FaultKind};
use crate::auth::Viewer;
use crate::graphql::ErrorCode;

/// Callers whose buckets are remembered; one that is forgotten begins with a full bucket.
const CALLERS: usize = 20_000;

/// How much a caller may ask for.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RateConfig {
    /// Points a caller can save up; an operation costs as many as the objects it may ask for. 0: there is no limit.
    pub burst: u32,
    /// Points a caller gets a second.
    pub points_per_second: u32,
}

impl Default for RateConfig {
    fn default() -> Self {
        Self { burst: 100_000, points_per_second: 10_000 }
    }
}

/// Whose bucket it is. All who are nobody share one.
pub(super) type CallerKey = Option<PrincipalId>;

pub(super) fn caller_of(viewer: Option<&Viewer>) -> CallerKey {
    viewer.map(|viewer| viewer.scope.principal_id)
}

/// The buckets.
pub(super) struct Rates {
    config: RateConfig,
    buckets: Mutex<Cache<CallerKey, Bucket>>,
}

#[derive(Clone, Copy)]
struct Bucket {
    points: f64,
    at: Instant,
}

/// Where a caller stands after an operation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Standing {
    cost: u32,
    remaining: u32,
    limit: u32,
    full_after: Duration,
}

impl Rates {
    pub(super) fn new(config: RateConfig) -> Self {
        Self { config, buckets: Mutex::new(Cache::new(CALLERS)) }
    }

    /// Takes what an operation costs; `None` where nothing is counted. What costs more than any bucket holds takes a
    /// full one.
    pub(super) fn take(&self, caller: CallerKey, cost: u32, now: Instant) -> Result<Option<Standing>, Fault> {
        let (limit, speed) = (self.config.burst, f64::from(self.config.points_per_second.max(1)));
        if limit == 0 {
            return Ok(None);
        }
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let full = Bucket { points: f64::from(limit), at: now };
        let bucket = buckets.get(&caller).unwrap_or(full);
        let gained = now.saturating_duration_since(bucket.at).as_secs_f64() * speed;
        let points = (bucket.points + gained).min(full.points) - f64::from(cost.min(limit));
        if points < 0.0 {
            return Err(too_fast(Duration::from_secs_f64(-points / speed)));
        }
        buckets.put(caller, Bucket { points, at: now });
        let full_after = Duration::from_secs_f64((full.points - points) / speed);
        Ok(Some(Standing { cost, remaining: points as u32, limit, full_after }))
    }
}

fn too_fast(wait: Duration) -> Fault {
    let seconds = wait.as_secs_f64().ceil();
    let message = format!("you ask for too much at once; try again in {seconds} s");
    let fault = Fault::one(FaultKind::TooManyRequests, ErrorCode::RateLimited, message);
    Fault { retry_after: Some(wait), ..fault }
}

impl Standing {
    /// Tells it: in `extensions.rateLimit`, and in the headers of the draft "RateLimit header fields for HTTP".
    pub(super) fn tell(self, response: &mut Response) {
        let Self { cost, remaining, limit, full_after } = self;
        let seconds = full_after.as_secs_f64().ceil() as u64;
        let told = serde_json::json!({ "cost": cost, "remaining": remaining, "limit": limit, "fullAfterSeconds": seconds });
        if let Ok(told) = async_graphql::Value::from_json(told) {
            response.extensions.insert("rateLimit".to_owned(), told);
        }
        for (name, value) in [
            ("ratelimit-policy", format!("\"points\";q={limit}")),
            ("ratelimit", format!("\"points\";r={remaining};t={seconds}")),
        ] {
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.http_headers.insert(HeaderName::from_static(name), value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_empties_and_fills() {
        let rates = Rates::new(RateConfig { burst: 100, points_per_second: 10 });
        let start = Instant::now();
        let take = |cost: u32, after: u64| {
            let taken = rates.take(None, cost, start + Duration::from_secs(after));
            taken
                .map(|standing| standing.unwrap().remaining)
                .map_err(|fault| fault.retry_after.unwrap().as_secs())
        };
        assert_eq!(take(60, 0), Ok(40));
        assert_eq!(take(60, 0), Err(2));
        assert_eq!(take(60, 2), Ok(0));
        // What is refused takes nothing.
        assert_eq!(take(50, 7), Ok(0));
        assert_eq!(take(1_000, 100), Ok(0));
        assert!(rates.take(Some(principal()), 100, start).unwrap().is_some(), "everybody has a bucket");
    }

    #[test]
    fn without_a_limit_nothing_is_counted() {
        let rates = Rates::new(RateConfig { burst: 0, points_per_second: 10 });
        assert_eq!(rates.take(None, 1_000_000, Instant::now()).unwrap(), None);
    }

    fn principal() -> PrincipalId {
        "user_01KAYEQQ3VFN7B0VH5JYX0JJ7Q".parse().unwrap()
    }
}
