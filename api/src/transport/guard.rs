//! From where a request may come. A browser sends requests for pages of strangers; this is where they end.

use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, HOST, HeaderName, ORIGIN};

use super::TransportConfig;
use super::fault::{Fault, FaultKind};
use crate::graphql::ErrorCode;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Refuses what a page of a stranger made a browser send. Programs send none of these headers.
pub(super) fn check_site(headers: &HeaderMap, config: &TransportConfig) -> Result<(), Fault> {
    check_host(headers, config)?;
    let site = text(headers, &SEC_FETCH_SITE).unwrap_or("none");
    let is_foreign = !["none", "same-origin"].contains(&site);
    if is_foreign && !is_allowed(text(headers, &ORIGIN), config) {
        return Err(forbidden("requests from pages of other sites are not taken"));
    }
    Ok(())
}

/// The same for a socket, which browsers open for anybody and without `Sec-Fetch-Site` in older releases.
pub(super) fn check_origin(headers: &HeaderMap, config: &TransportConfig) -> Result<(), Fault> {
    check_site(headers, config)?;
    let Some(origin) = text(headers, &ORIGIN) else { return Ok(()) };
    let own =
        text(headers, &HOST).is_some_and(|host| origin.split_once("://").is_some_and(|(_, at)| at == host));
    if own || is_allowed(Some(origin), config) {
        return Ok(());
    }
    Err(forbidden("sockets from pages of other sites are not taken"))
}

/// Where whoever sits at the machine needs no token, a name that a stranger made point to this machine is no way in.
fn check_host(headers: &HeaderMap, config: &TransportConfig) -> Result<(), Fault> {
    if !config.loopback_only {
        return Ok(());
    }
    let host = text(headers, &HOST).unwrap_or_default();
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let is_loopback = ["localhost", "127.0.0.1", "[::1]"].contains(&name);
    if is_loopback { Ok(()) } else { Err(forbidden("this server answers on loopback only")) }
}

fn is_allowed(origin: Option<&str>, config: &TransportConfig) -> bool {
    origin.is_some_and(|origin| config.allowed_origins.iter().any(|allowed| allowed == origin))
}

fn forbidden(message: &str) -> Fault {
    Fault::one(FaultKind::Forbidden, ErrorCode::Forbidden, message)
}

fn text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

/// What the client authenticates with.
pub(super) fn authorization(headers: &HeaderMap) -> Option<&str> {
    // A header that is no text is no token, and not nobody.
    headers.get(AUTHORIZATION).map(|value| value.to_str().unwrap_or("?"))
}
