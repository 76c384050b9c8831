//! The playground: GraphiQL, bundled by `web/playground`, with no word to any other server.

use axum::Router;
use axum::http::HeaderValue;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

/// Everything from here, nothing from elsewhere. The editor styles its lines one by one, hence `unsafe-inline` for
/// styles; it brings its icons as a font in the style sheet.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self' \
     data:; img-src 'self' data:; worker-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; \
     frame-ancestors 'none'";

struct Asset {
    path: &'static str,
    content_type: &'static str,
    /// Compressed: no browser that runs the playground cannot read it.
    gzip: &'static [u8],
}

macro_rules! asset {
    ($path:literal, $file:literal, $content_type:literal) => {
        Asset {
            path: $path,
            content_type: $content_type,
            gzip: include_bytes!(concat!("../../../web/playground/dist/", $file, ".gz")),
        }
    };
}

static ASSETS: [Asset; 6] = [
    asset!("/playground", "index.html", "text/html; charset=utf-8"),
    asset!("/playground/playground.js", "playground.js", "text/javascript; charset=utf-8"),
    asset!("/playground/playground.css", "playground.css", "text/css; charset=utf-8"),
    asset!("/playground/editor.worker.js", "editor.worker.js", "text/javascript; charset=utf-8"),
    asset!("/playground/json.worker.js", "json.worker.js", "text/javascript; charset=utf-8"),
    asset!("/playground/graphql.worker.js", "graphql.worker.js", "text/javascript; charset=utf-8"),
];

/// The routes `/playground` and what belongs to it.
pub(super) fn router() -> Router {
    ASSETS.iter().fold(Router::new(), |router, asset| router.route(asset.path, get(async || serve(asset))))
}

fn serve(asset: &'static Asset) -> Response {
    let headers = [
        (CONTENT_TYPE, asset.content_type),
        (CONTENT_ENCODING, "gzip"),
        (CACHE_CONTROL, "no-cache"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "no-referrer"),
    ];
    (headers.map(|(name, value)| (name, HeaderValue::from_static(value))), asset.gzip).into_response()
}
