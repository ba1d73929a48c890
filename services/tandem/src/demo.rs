//! `tandem demo`: shows Tandem at work. Everything goes the way it goes in life: mail over SMTP and chats over WebSocket to
//! listening ports, agents over gRPC with tokens of their own, webhooks to a receiver; only the people are made up.

mod agents;
mod feed;
mod letterbox;
mod mails;
mod script;
mod stage;
mod story;
mod summary;
mod tally;
mod teller;
mod visitors;
mod webhooks;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use tandem_domain::{Clock, Role};
use tandem_proto::v1;
use tandem_service_kit::ids::SystemClock;
use tandem_service_kit::lifecycle::signals;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_stream::StreamExt;
use tokio_util::sync::CancellationToken;

use crate::audit;
use crate::cli::{Demo, Format};
use crate::client::{Client, collect};
use crate::command::{apply_text, query, unrouted};
use crate::embedded::Embedded;
use crate::failure::Failure;
use crate::output::show;
use crate::view::on_the_wire;
use agents::SimulatedAgent;
use mails::{Mail, Post};
use stage::Surroundings;
use summary::{Day, Summary, Waiting, Webhooks};
use tally::Tally;
use teller::Teller;

/// The longest interval of measures.
const HOUR: Duration = Duration::from_hours(1);
const DESK_KEY: &str = "acme";
/// Between two mails.
const PACE: Duration = Duration::from_millis(220);
/// How long all of it may take.
const PATIENCE: Duration = Duration::from_mins(2);
/// Before it is looked again whether everything is measured.
const LOOK_AGAIN: Duration = Duration::from_millis(200);
/// What can be looked at afterwards.
const LOOK_AROUND: [&str; 8] = [
    "watch",
    "tickets",
    "escalations",
    "metrics --by queue",
    "messages --unrouted",
    "explain T1",
    "read T1",
    "work ana",
];
/// As the shell says of what was interrupted.
const INTERRUPTED: u8 = 130;

/// Runs the demo.
pub(crate) async fn run(args: &Demo, output: Format) -> Result<ExitCode, Failure> {
    let dir = tempfile::Builder::new().prefix("tandem-demo-").tempdir();
    let dir = dir.map_err(|error| Failure::Fault(format!("no temporary directory: {error}")))?;
    let teller = Arc::new(Teller::new(output));
    let around = Surroundings::set_up(dir.path(), Arc::clone(&teller)).await?;
    let theatre = Theatre {
        data: dir.path().join("data"),
        around,
        teller,
        interrupted: interruption()?,
    };
    let mails = mails::all();
    let Some((day, findings)) = theatre.play(args, &mails).await? else {
        return Ok(ExitCode::from(INTERRUPTED));
    };
    let summary = Summary::of(mails.len(), day, findings);
    show(output, &summary, |summary| format!("\n{}", summary::render(summary)))?;
    if args.keep {
        theatre.keep().await?;
    }
    Ok(ExitCode::from(u8::from(findings > 0)))
}

/// Cancelled by a signal.
fn interruption() -> Result<CancellationToken, Failure> {
    let unheard = |error| Failure::Fault(format!("signals cannot be heard: {error}"));
    let mut signals = signals().map_err(unheard)?;
    let interrupted = CancellationToken::new();
    let heard = interrupted.clone();
    tokio::spawn(async move {
        signals.next().await;
        heard.cancel();
    });
    Ok(interrupted)
}

/// Where it is played.
struct Theatre {
    data: PathBuf,
    around: Surroundings,
    teller: Arc<Teller>,
    interrupted: CancellationToken,
}

impl Theatre {
    /// A day, and how many faults are in what it leaves; none: it was interrupted.
    async fn play(&self, args: &Demo, mails: &[Mail]) -> Result<Option<(Day, usize)>, Failure> {
        let running = Embedded::start(&self.data, self.around.config()?).await?;
        let played = tokio::select! {
            day = tokio::time::timeout(PATIENCE, self.day(&running, args, mails)) => Some(day),
            () = self.interrupted.cancelled() => None,
        };
        let store = running.stop().await;
        let Some(day) = played else { return Ok(None) };
        let late = |_| Failure::Fault("the demo did not come to its end in time".into());
        let day = day.map_err(late)??;
        let findings = audit::count(&store).await?;
        store.close().await;
        Ok(Some((day, findings)))
    }

    async fn day(&self, running: &Embedded, args: &Demo, mails: &[Mail]) -> Result<Day, Failure> {
        let stage = Stage::set(running, &self.around, &self.teller).await?;
        stage.day(args, mails).await
    }

    /// Starts it again on what the day has left, until it is interrupted.
    async fn keep(&self) -> Result<(), Failure> {
        let running = Embedded::start(&self.data, self.around.config()?).await?;
        let commands = LOOK_AROUND.map(|command| format!("  tandem --data-dir {} {command}", self.data.display()));
        self.teller.aside(&format!(
            "\nstill running, with a chat at http://{}/chat; look around, and end it with Ctrl-C:\n{}",
            running.chat,
            commands.join("\n")
        ))?;
        self.interrupted.cancelled().await;
        running.stop().await.close().await;
        Ok(())
    }
}

/// A Tandem with the example desk, on free ports.
struct Stage<'a> {
    running: &'a Embedded,
    admin: Client,
    around: &'a Surroundings,
    teller: &'a Arc<Teller>,
}

impl<'a> Stage<'a> {
    async fn set(running: &'a Embedded, around: &'a Surroundings, teller: &'a Arc<Teller>) -> Result<Self, Failure> {
        let admin = running.client(Role::Admin, "demo").await?;
        apply_text(&admin, "the example desk", &around.desk()).await?;
        let (url, smtp, chat) = (running.url(), running.smtp, running.chat);
        teller.aside(&format!("gRPC {url} · SMTP {smtp} · chat http://{chat}/chat"))?;
        Ok(Self {
            running,
            admin,
            around,
            teller,
        })
    }

    /// Customers write, agents work, until nothing is left that anybody can do.
    async fn day(&self, args: &Demo, mails: &[Mail]) -> Result<Day, Failure> {
        let evening = CancellationToken::new();
        let mut agents = self.hire(args, &evening).await?;
        let (people, machines) = mails::count(mails);
        self.teller.aside(&format!(
            "{} agents are online; {people} mails from people, {machines} from machines and {} chats come in",
            agents.len(),
            script::chats().len()
        ))?;
        let (written, all_written) = watch::channel(None);
        let feed = feed::follow(self.running.bus.as_ref(), self.teller, all_written);
        let (tally, chat_messages) = tokio::try_join!(feed, self.write(mails, written))?;
        let waiting = self.waiting().await?;
        let measures = self.measures(&tally).await?;
        evening.cancel();
        while let Some(left) = agents.join_next().await {
            left.map_err(|error| Failure::Fault(format!("an agent died: {error}")))??;
        }
        Ok(Day {
            tally,
            chat_messages,
            waiting,
            unrouted: unrouted(&self.admin, DESK_KEY, usize::MAX).await?,
            measures,
            webhooks: Webhooks {
                verified: self.around.receiver.verified(),
                refused: self.around.receiver.refused(),
            },
        })
    }

    /// Mails and chats, side by side; how many messages visitors have written.
    async fn write(&self, mails: &[Mail], written: watch::Sender<Option<u64>>) -> Result<u64, Failure> {
        let chats = visitors::all(self.running.chat, Arc::clone(self.teller));
        let ((), chat_messages) = tokio::try_join!(self.post(mails), chats)?;
        let (people, _) = mails::count(mails);
        written.send_replace(Some(people as u64 + chat_messages));
        Ok(chat_messages)
    }

    async fn post(&self, mails: &[Mail]) -> Result<(), Failure> {
        let post = Post::new(self.running.smtp.port());
        for (number, mail) in mails.iter().enumerate() {
            post.send(number, mail).await?;
            tokio::time::sleep(PACE).await;
        }
        Ok(())
    }

    /// By channel, as soon as everything that was seen is measured.
    async fn measures(&self, tally: &Tally) -> Result<Vec<v1::MeasureRow>, Failure> {
        let accepted: u64 = tally.accepted.values().sum();
        loop {
            let rows = query(&self.admin, today()?, usize::MAX).await?;
            let sum = |count: fn(&v1::MeasureCounts) -> u64| -> u64 {
                rows.iter().filter_map(|row| row.counts.as_ref()).map(count).sum()
            };
            if sum(|counts| counts.received) == tally.opened.len() as u64 && sum(|counts| counts.accepted) == accepted {
                return Ok(rows);
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    async fn hire(&self, args: &Demo, evening: &CancellationToken) -> Result<JoinSet<Result<(), Failure>>, Failure> {
        let listed = collect(usize::MAX, async |page_size, page_token| {
            let desk = DESK_KEY.to_owned();
            let request = v1::ListAgentsRequest {
                desk,
                page_size,
                page_token,
            };
            let page = self.admin.agents().list_agents(request).await?.into_inner();
            Ok((page.agents, page.next_page_token))
        });
        let script = Arc::new(script::phrases());
        let mut agents = JoinSet::new();
        for (number, agent) in listed.await?.into_iter().enumerate() {
            let simulated = SimulatedAgent {
                client: self.running.client(Role::Agent, &agent.agent).await?,
                desk: DESK_KEY.to_owned(),
                agent: agent.agent,
                seed: args.seed.wrapping_add(number as u64),
                speed: args.speed,
                script: Arc::clone(&script),
            };
            agents.spawn(simulated.run(evening.clone()));
        }
        Ok(agents)
    }

    /// What nobody could take, and why.
    async fn waiting(&self) -> Result<Vec<Waiting>, Failure> {
        let queued = collect(usize::MAX, async |page_size, page_token| {
            let request = v1::ListTicketsRequest {
                desk: DESK_KEY.to_owned(),
                states: vec![v1::RoutingState::Queued.into()],
                page_size,
                page_token,
                ..v1::ListTicketsRequest::default()
            };
            let page = self.admin.tickets().list_tickets(request).await?.into_inner();
            Ok((page.tickets, page.next_page_token))
        });
        let mut waiting = Vec::new();
        for v1::Ticket { ticket_id, .. } in queued.await? {
            let desk = DESK_KEY.to_owned();
            let request = v1::ExplainTicketRequest {
                desk,
                ticket_id,
                at: None,
            };
            let why = self.admin.tickets().explain_ticket(request).await?.into_inner().summary;
            let ticket = format!("T{ticket_id}");
            waiting.push(Waiting { ticket, why });
        }
        Ok(waiting)
    }
}

/// Everything of this and the last hour: the demo may begin shortly before the full hour.
fn today() -> Result<v1::QueryMetricsRequest, Failure> {
    let now = jiff::Timestamp::from_microsecond(SystemClock.now().as_micros());
    let now = now.map_err(|error| Failure::Fault(format!("this machine's clock is out of range: {error}")))?;
    Ok(v1::QueryMetricsRequest {
        desk: DESK_KEY.to_owned(),
        from: Some(on_the_wire(now - 2 * HOUR)),
        to: Some(on_the_wire(now + HOUR)),
        interval: v1::MeasureInterval::Total.into(),
        group_by: vec![v1::MeasureDimension::Channel.into()],
        ..v1::QueryMetricsRequest::default()
    })
}
