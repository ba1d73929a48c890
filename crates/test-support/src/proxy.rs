//! A TCP proxy that does to a connection what networks do.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

/// Stands on loopback between a client and a server; ends, with its connections, when it is dropped.
pub struct Proxy {
    port: u16,
    weather: watch::Sender<Weather>,
    running: JoinHandle<()>,
}

#[derive(Clone, Copy, Default)]
struct Weather {
    mode: Mode,
    cuts: u64,
}

#[derive(Clone, Copy, Default)]
enum Mode {
    #[default]
    Clear,
    Delayed(Duration),
    Paused,
    Refusing,
}

impl Proxy {
    /// A proxy in front of what listens at `target`, now or later.
    ///
    /// # Panics
    /// If no loopback port can be bound.
    pub async fn start(target: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .expect("a loopback port is free");
        let port = listener.local_addr().expect("it is bound").port();
        let weather = watch::Sender::default();
        let running = tokio::spawn(accept(listener, target, weather.subscribe()));
        Self { port, weather, running }
    }

    /// The loopback port to connect to instead of the target.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Closes all connections; new ones work.
    pub fn cut(&self) {
        self.weather.send_modify(|weather| weather.cuts += 1);
    }

    /// Closes all connections, and each new one as soon as it is made.
    pub fn refuse(&self) {
        self.set(Mode::Refusing);
        self.cut();
    }

    /// Holds everything back; connections stay, as if the cable were out.
    pub fn pause(&self) {
        self.set(Mode::Paused);
    }

    /// Lets whatever is sent, either way, arrive this much later.
    pub fn delay(&self, delay: Duration) {
        self.set(Mode::Delayed(delay));
    }

    /// Passes on everything again, also what was held back.
    pub fn heal(&self) {
        self.set(Mode::Clear);
    }

    fn set(&self, mode: Mode) {
        self.weather.send_modify(|weather| weather.mode = mode);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.running.abort();
    }
}

async fn accept(listener: TcpListener, target: SocketAddr, weather: watch::Receiver<Weather>) {
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        if !matches!(weather.borrow().mode, Mode::Refusing) {
            connections.spawn(connect(client, target, weather.clone()));
        }
        while connections.try_join_next().is_some() {}
    }
}

async fn connect(client: TcpStream, target: SocketAddr, mut weather: watch::Receiver<Weather>) {
    let Ok(server) = TcpStream::connect(target).await else {
        return;
    };
    // Small packets must not wait for each other: only what a test asks for slows the traffic down.
    if client
        .set_nodelay(true)
        .and_then(|()| server.set_nodelay(true))
        .is_err()
    {
        return;
    }
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let cuts = weather.borrow().cuts;
    let upstream = pass_on(from_client, to_server, weather.clone());
    let downstream = pass_on(from_server, to_client, weather.clone());
    tokio::select! {
        // First: what was held back before a cut is lost, even if all is clear by now.
        biased;
        _ = weather.wait_for(|weather| weather.cuts != cuts) => {}
        // Either side that closes or breaks ends both: nothing that is tested so half-closes.
        _ = upstream => {}
        _ = downstream => {}
    }
}

async fn pass_on(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut weather: watch::Receiver<Weather>,
) -> io::Result<()> {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let count = from.read(&mut buffer).await?;
        if count == 0 {
            return Ok(());
        }
        hold_back(&mut weather).await;
        to.write_all(&buffer[..count]).await?;
    }
}

async fn hold_back(weather: &mut watch::Receiver<Weather>) {
    let moving = weather
        .wait_for(|weather| !matches!(weather.mode, Mode::Paused))
        .await
        .map(|weather| weather.mode);
    if let Ok(Mode::Delayed(delay)) = moving {
        tokio::time::sleep(delay).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn echo() -> SocketAddr {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        tokio::spawn(async move {
            while let Ok((mut connection, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let (mut from, mut to) = connection.split();
                    tokio::io::copy(&mut from, &mut to).await
                });
            }
        });
        address
    }

    async fn client(proxy: &Proxy) -> TcpStream {
        TcpStream::connect((Ipv4Addr::LOCALHOST, proxy.port()))
            .await
            .expect("the proxy listens")
    }

    async fn round_trip(connection: &mut TcpStream) -> io::Result<u8> {
        connection.write_all(&[7]).await?;
        connection.read_u8().await
    }

    #[tokio::test]
    async fn it_passes_on_both_ways() {
        let proxy = Proxy::start(echo().await).await;
        assert_eq!(round_trip(&mut client(&proxy).await).await.expect("passed on"), 7);
    }

    #[tokio::test]
    async fn a_cut_ends_the_connections_that_are_there_only() {
        let proxy = Proxy::start(echo().await).await;
        let mut connection = client(&proxy).await;
        round_trip(&mut connection).await.expect("passed on");
        proxy.cut();
        assert!(round_trip(&mut connection).await.is_err());
        round_trip(&mut client(&proxy).await).await.expect("a new one works");
    }

    #[tokio::test]
    async fn a_pause_holds_back_and_loses_nothing() {
        let proxy = Proxy::start(echo().await).await;
        let mut connection = client(&proxy).await;
        round_trip(&mut connection).await.expect("passed on");
        proxy.pause();
        connection.write_all(&[9]).await.expect("the proxy still takes it");
        let nothing = tokio::time::timeout(Duration::from_millis(50), connection.read_u8()).await;
        assert!(nothing.is_err());
        proxy.heal();
        assert_eq!(connection.read_u8().await.expect("it comes now"), 9);
    }

    #[tokio::test]
    async fn what_was_held_back_before_a_cut_is_lost() {
        let proxy = Proxy::start(echo().await).await;
        let mut connection = client(&proxy).await;
        round_trip(&mut connection).await.expect("passed on");
        proxy.pause();
        connection.write_all(&[9]).await.expect("the proxy still takes it");
        proxy.cut();
        proxy.heal();
        assert!(connection.read_u8().await.is_err());
    }

    #[tokio::test]
    async fn a_delay_applies_each_way() {
        let proxy = Proxy::start(echo().await).await;
        let mut connection = client(&proxy).await;
        proxy.delay(Duration::from_millis(40));
        let begin = tokio::time::Instant::now();
        round_trip(&mut connection).await.expect("passed on");
        assert!(begin.elapsed() >= Duration::from_millis(80));
    }

    #[tokio::test]
    async fn while_refusing_no_connection_lives() {
        let proxy = Proxy::start(echo().await).await;
        proxy.refuse();
        assert!(round_trip(&mut client(&proxy).await).await.is_err());
        proxy.heal();
        round_trip(&mut client(&proxy).await).await.expect("it works again");
    }
}
