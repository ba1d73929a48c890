//! The page over HTTP, and what a browser is told of it.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::client::world_with;
use crate::harness::{Service, World};

/// What is answered to a request, in lower case, head and body.
async fn asks(service: &Service, request: &str) -> String {
    let mut stream = TcpStream::connect(service.chat).await.unwrap();
    let request = format!(
        "{request} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nAccept-Language: de-AT, en;q=0.5\r\n\r\n",
        service.chat
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer.to_lowercase()
}

#[tokio::test]
async fn the_page_runs_nothing_from_elsewhere_and_may_be_framed_by_the_accounts_sites_only() {
    let (_world, _router, service) = World::started().await;
    let page = asks(&service, "GET /chat/acme/widget").await;
    assert!(page.starts_with("http/1.1 200"), "{page}");
    let policy = page
        .lines()
        .find(|line| line.starts_with("content-security-policy"))
        .unwrap();
    for rule in [
        "default-src 'none'",
        "script-src 'self'",
        "connect-src 'self'",
        "frame-ancestors https://shop.acme.example",
    ] {
        assert!(policy.contains(rule), "{policy}");
    }
    assert!(!policy.contains("unsafe"), "{policy}");
    for header in ["x-content-type-options: nosniff", "referrer-policy: no-referrer"] {
        assert!(page.contains(header), "{header}");
    }
    assert!(!page.contains("set-cookie"));
    assert!(page.contains("<html lang=\"de\">"));
    assert!(
        asks(&service, "GET /chat/acme/widget?lang=en")
            .await
            .contains("<html lang=\"en\">")
    );
    service.stop().await;
}

#[tokio::test]
async fn its_files_are_served_with_their_kinds() {
    let (_world, _router, service) = World::started().await;
    for (file, kind) in [
        ("chat.js", "text/javascript"),
        ("texts.js", "text/javascript"),
        ("connection.js", "text/javascript"),
        ("chat.css", "text/css"),
    ] {
        let answer = asks(&service, &format!("GET /chat/_/{file}")).await;
        assert!(
            answer.starts_with("http/1.1 200") && answer.contains(&format!("content-type: {kind}")),
            "{answer}"
        );
    }
    for missing in [
        "/chat/_/../../etc/passwd",
        "/chat/_/secret",
        "/chat/acme/support",
        "/",
        "/chat/%3Cscript%3E/x",
    ] {
        let answer = asks(&service, &format!("GET {missing}")).await;
        assert!(
            answer.starts_with("http/1.1 404") && !answer.contains("<script>"),
            "{missing} {answer}"
        );
    }
    service.stop().await;
}

#[tokio::test]
async fn nothing_can_be_posted() {
    let (_world, _router, service) = World::started().await;
    for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
        let answer = asks(&service, &format!("{method} /chat/acme/widget")).await;
        assert!(answer.starts_with("http/1.1 405"), "{answer}");
        assert!(!answer.contains("access-control-allow"), "{answer}");
    }
    service.stop().await;
}

#[tokio::test]
async fn of_several_chats_none_is_named_and_the_only_one_is_taken() {
    let (_world, _router, service) = World::started().await;
    let question = asks(&service, "GET /chat").await;
    assert!(
        question.starts_with("http/1.1 200") && question.contains("<form"),
        "{question}"
    );
    assert!(!question.contains("acme"), "{question}");
    let chosen = asks(&service, "GET /chat?desk=acme&account=widget").await;
    assert!(chosen.contains("location: /chat/acme/widget\r\n"), "{chosen}");
    service.stop().await;

    let (_world, _router, service) = world_with(&[]).await;
    let only = asks(&service, "GET /chat?lang=de").await;
    assert!(
        only.starts_with("http/1.1 303") && only.contains("location: /chat/acme/widget?lang=de\r\n"),
        "{only}"
    );
    service.stop().await;
}
