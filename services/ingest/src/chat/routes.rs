//! What is answered to which request. Nothing is changed by any of them: the sockets carry no cookie and every word
//! travels in frames, so there is nothing that a strange page could make a visitor's browser do.

use std::net::IpAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{Path, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{StatusCode, Uri};

use super::config::{FRAME_BYTES, READ_BUFFER_BYTES, WRITE_BUFFER_BYTES};
use super::origin::{Hosts, may_open};
use super::page;
use super::resume::Entrance;
use super::shared::Chats;
use super::socket;
use crate::instruments::OpenSocket;
use crate::places::network;

const FORWARDED_FOR: &str = "x-forwarded-for";

/// Who is at the other end of the connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer {
    /// The address.
    pub address: IpAddr,
    /// Whether it brings others.
    pub is_proxy: bool,
}

impl Peer {
    /// The visitor's address: of what a proxy forwards, what the proxy itself has added, the last.
    fn visitor(&self, headers: &HeaderMap) -> IpAddr {
        let forwarded = || {
            let last = headers.get_all(FORWARDED_FOR).iter().next_back()?.to_str().ok()?;
            last.rsplit(',').next()?.trim().parse().ok()
        };
        let visitor = self.is_proxy.then(forwarded).flatten();
        visitor.unwrap_or(self.address)
    }
}

/// Everything that is served. The files' folder is named as no desk can be.
pub(super) fn routes(chats: Arc<Chats>) -> Router {
    let hosts = Arc::new(Hosts::new(&chats.config.hosts));
    Router::new()
        .route("/chat", get(choose))
        .route("/chat/_/{file}", get(page::file))
        .route("/chat/{desk}/{account}", get(open_page))
        .route("/chat/v1/{desk}/{account}", get(open_socket))
        .fallback(async || refusal(StatusCode::NOT_FOUND, "there is nothing here: the chat is at /chat"))
        .with_state(chats)
        .layer(from_fn_with_state(hosts, guard))
}

/// Answers only for this server's own names, and tells browsers what its pages never do.
async fn guard(State(hosts): State<Arc<Hosts>>, request: Request, next: Next) -> Response {
    let host = text(request.headers(), &header::HOST);
    let mut response = if hosts.contains(host) {
        next.run(request).await
    } else {
        let why = "this server is not known under that name: name it in [chat] hosts";
        refusal(StatusCode::MISDIRECTED_REQUEST, why)
    };
    let always = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    for (name, value) in always {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    let policy = response.headers_mut().entry(header::CONTENT_SECURITY_POLICY);
    policy.or_insert(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
    response
}

/// The only chat account there is, or the question which.
async fn choose(State(chats): State<Arc<Chats>>, headers: HeaderMap, uri: Uri) -> Response {
    let query = uri.query().unwrap_or_default();
    match page::chosen(query, &chats.directory.chats()) {
        Some(location) => (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response(),
        None => page::question(page::language(query, &headers)),
    }
}

async fn open_page(
    State(chats): State<Arc<Chats>>,
    Path((desk, account)): Path<(String, String)>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    let entrance = entrance(&desk, &account);
    let Some(account) = entrance.and_then(|entrance| chats.account(&entrance)) else {
        return refusal(StatusCode::NOT_FOUND, NO_SUCH_CHAT);
    };
    page::chat(
        page::language(uri.query().unwrap_or_default(), &headers),
        &account.origins,
    )
}

async fn open_socket(
    State(chats): State<Arc<Chats>>,
    Path((desk, account)): Path<(String, String)>,
    axum::Extension(peer): axum::Extension<Peer>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    let Some(entrance) = entrance(&desk, &account) else {
        return refusal(StatusCode::NOT_FOUND, NO_SUCH_CHAT);
    };
    let Some(account) = chats.account(&entrance) else {
        return refusal(StatusCode::NOT_FOUND, NO_SUCH_CHAT);
    };
    let (origin, host) = (text(&headers, &header::ORIGIN), text(&headers, &header::HOST));
    if !may_open(origin, host, &account.origins) {
        let why = "pages of this origin may not chat here: name it in the account's `origins`";
        return refusal(StatusCode::FORBIDDEN, why);
    }
    if chats.draining.is_cancelled() {
        return refusal(StatusCode::SERVICE_UNAVAILABLE, "this server stops: try another");
    }
    let Some(place) = chats.peers.take(network(peer.visitor(&headers))) else {
        return refusal(
            StatusCode::TOO_MANY_REQUESTS,
            "too many sockets from this address: close one",
        );
    };
    let counted = chats.sockets.token();
    upgrade
        .read_buffer_size(READ_BUFFER_BYTES)
        .max_write_buffer_size(WRITE_BUFFER_BYTES)
        .max_message_size(FRAME_BYTES)
        .max_frame_size(FRAME_BYTES)
        .on_upgrade(async move |socket| {
            let _open = OpenSocket::count();
            socket::serve(chats, entrance, socket).await;
            drop((place, counted));
        })
}

const NO_SUCH_CHAT: &str =
    "there is no such chat: a desk and one of its chat accounts are needed, as in /chat/acme/widget";

fn entrance(desk: &str, account: &str) -> Option<Entrance> {
    Some(Entrance {
        desk: desk.parse().ok()?,
        account: account.parse().ok()?,
    })
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> &'a str {
    let value = headers.get(name).and_then(|value| value.to_str().ok());
    value.unwrap_or_default()
}

fn refusal(status: StatusCode, why: &'static str) -> Response {
    (status, why).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_known_proxy_adds_itself_is_believed() {
        let address: IpAddr = "192.0.2.1".parse().unwrap();
        let mut headers = HeaderMap::new();
        headers.append(FORWARDED_FOR, HeaderValue::from_static("10.0.0.1"));
        headers.append(FORWARDED_FOR, HeaderValue::from_static("10.0.0.2, 203.0.113.9"));
        let visitor = |is_proxy| Peer { address, is_proxy }.visitor(&headers).to_string();
        assert_eq!(visitor(true), "203.0.113.9");
        assert_eq!(visitor(false), "192.0.2.1");
        assert_eq!(
            Peer {
                address,
                is_proxy: true
            }
            .visitor(&HeaderMap::new()),
            address
        );
    }
}
