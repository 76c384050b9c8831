//! In which media type an answer goes: RFC 9110, section 12.5.1, for the two that GraphQL has.

use axum::http::HeaderMap;
use axum::http::header::ACCEPT;

/// The media type of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MediaType {
    /// `application/graphql-response+json`: the status says whether the request was executed.
    GraphqlResponse,
    /// `application/json`: what clients had before; the status says whether it was a request.
    Json,
}

impl MediaType {
    /// As a header.
    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        }
    }

    fn subtype(self) -> &'static str {
        match self {
            Self::GraphqlResponse => "graphql-response+json",
            Self::Json => "json",
        }
    }
}

/// How much one wants something: weight in thousandths, how exactly it was named, how early.
type Preference = (u16, u8, std::cmp::Reverse<usize>);

/// What the client likes best; `None` if it likes nothing there is. Whoever does not care gets `application/json`.
pub(super) fn negotiate(headers: &HeaderMap) -> Option<MediaType> {
    let texts: Vec<&str> = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect();
    if texts.is_empty() {
        return Some(MediaType::Json);
    }
    let ranges: Vec<&str> = texts.iter().flat_map(|text| text.split(',')).collect();
    let json = preference(&ranges, MediaType::Json);
    let graphql = preference(&ranges, MediaType::GraphqlResponse);
    match (json, graphql) {
        (None, None) => None,
        (json, graphql) if json >= graphql => Some(MediaType::Json),
        _ => Some(MediaType::GraphqlResponse),
    }
}

/// Of the ranges that name a type the most exact one counts. `None` if it is not wanted.
fn preference(ranges: &[&str], media_type: MediaType) -> Option<Preference> {
    let named = ranges.iter().enumerate().filter_map(|(position, range)| {
        let mut parts = range.split(';').map(str::trim);
        let exactness = exactness(parts.next()?, media_type)?;
        let weight = parts.find_map(weight).unwrap_or(1_000);
        Some((exactness, weight, std::cmp::Reverse(position)))
    });
    let (exactness, weight, position) =
        named.max_by_key(|(exactness, _, position)| (*exactness, *position))?;
    (weight > 0).then_some((weight, exactness, position))
}

fn exactness(range: &str, media_type: MediaType) -> Option<u8> {
    let (kind, subtype) = range.split_once('/')?;
    if kind == "*" && subtype == "*" {
        return Some(0);
    }
    if !kind.eq_ignore_ascii_case("application") {
        return None;
    }
    match subtype {
        "*" => Some(1),
        _ if subtype.eq_ignore_ascii_case(media_type.subtype()) => Some(2),
        _ => None,
    }
}

fn weight(parameter: &str) -> Option<u16> {
    let (name, value) = parameter.split_once('=')?;
    if !name.trim().eq_ignore_ascii_case("q") {
        return None;
    }
    let weight: f32 = value.trim().parse().ok()?;
    (0.0..=1.0).contains(&weight).then_some((weight * 1_000.0) as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(accept: &str, expected: Option<MediaType>) {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, accept.parse().unwrap());
        assert_eq!(negotiate(&headers), expected, "{accept}");
    }

    #[test]
    fn the_best_of_two() {
        use MediaType::{GraphqlResponse, Json};
        assert_eq!(negotiate(&HeaderMap::new()), Some(Json));
        check("*/*", Some(Json));
        check("application/*", Some(Json));
        check("application/json", Some(Json));
        check("application/graphql-response+json", Some(GraphqlResponse));
        check("application/graphql-response+json; charset=utf-8", Some(GraphqlResponse));
        check("APPLICATION/GraphQL-Response+JSON", Some(GraphqlResponse));
        check("application/graphql-response+json, application/json;q=0.9", Some(GraphqlResponse));
        check("application/json;q=0.9, application/graphql-response+json", Some(GraphqlResponse));
        check("application/graphql-response+json;q=0.5, application/json", Some(Json));
        check("application/graphql-response+json, application/json", Some(GraphqlResponse));
        check("application/json, application/graphql-response+json", Some(Json));
        check("application/graphql-response+json, */*", Some(GraphqlResponse));
        check("application/json;q=0, */*", Some(GraphqlResponse));
        check("application/json;q=0", None);
        check("text/html", None);
        check("text/html, */*;q=0.1", Some(Json));
    }
}
