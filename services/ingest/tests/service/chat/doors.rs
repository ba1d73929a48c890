//! Which pages may open sockets, and under which names the server answers.

use tokio_tungstenite::tungstenite::handshake::client::Request;

use super::client::{open, upgrade, world_with};
use crate::harness::{ACME, Service, World};

/// The status with which an upgrade with this header is answered; 101 if it is opened.
async fn answered(service: &Service, header: &'static str, value: Option<&str>) -> u16 {
    let mut request = upgrade(service.chat, ACME);
    match value {
        Some(value) => drop(request.headers_mut().insert(header, value.parse().unwrap())),
        None => drop(request.headers_mut().remove(header)),
    }
    status(service, request).await
}

async fn status(service: &Service, request: Request) -> u16 {
    open(service.chat, request).await.err().unwrap_or(101)
}

#[tokio::test]
async fn only_the_own_page_and_the_accounts_sites_open_sockets() {
    let (_world, _router, service) = World::started().await;
    let own = format!("http://{}", service.chat);
    for good in [own.as_str(), "https://shop.acme.example"] {
        assert_eq!(answered(&service, "origin", Some(good)).await, 101, "{good}");
    }
    let other_port = format!("http://127.0.0.1:{}", service.chat.port() - 1);
    let bad = [
        "https://evil.example",
        "http://shop.acme.example",
        "https://shop.globex.example",
        "null",
        "",
        &other_port,
    ];
    for bad in bad {
        assert_eq!(answered(&service, "origin", Some(bad)).await, 403, "{bad}");
    }
    assert_eq!(answered(&service, "origin", None).await, 403);
    service.stop().await;
}

#[tokio::test]
async fn a_name_that_was_made_to_point_here_is_not_answered() {
    let (_world, _router, service) = world_with(&[("TANDEM_CHAT__HOSTS", "chat.acme.example")]).await;
    for (host, expected) in [
        ("chat.acme.example", 101),
        ("evil.example", 421),
        ("chat.acme.example.evil.example", 421),
    ] {
        let mut request = upgrade(service.chat, ACME);
        request.headers_mut().insert("host", host.parse().unwrap());
        request
            .headers_mut()
            .insert("origin", format!("https://{host}").parse().unwrap());
        assert_eq!(status(&service, request).await, expected, "{host}");
    }
    service.stop().await;
}

#[tokio::test]
async fn what_is_no_chat_account_of_a_desk_is_not_found() {
    let (_world, _router, service) = World::started().await;
    for path in [
        "nobody/widget",
        "acme/support",
        "acme/nothing",
        "ACME/widget",
        "acme/%2e%2e",
    ] {
        let mut request = upgrade(service.chat, ACME);
        *request.uri_mut() = format!("ws://{}/chat/v1/{path}", service.chat).parse().unwrap();
        assert_eq!(status(&service, request).await, 404, "{path}");
    }
    service.stop().await;
}

#[tokio::test]
async fn an_older_protocol_of_websocket_is_refused() {
    let (_world, _router, service) = World::started().await;
    assert_eq!(answered(&service, "sec-websocket-version", Some("8")).await, 400);
    assert_eq!(answered(&service, "upgrade", Some("h2c")).await, 400);
    service.stop().await;
}
