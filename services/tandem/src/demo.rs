//! `tandem demo`: shows Tandem at work. Everything goes the way it goes in life: mail over SMTP to a listening
//! port, agents over gRPC with tokens of their own; only the customers and agents are made up.

mod agents;
mod feed;
mod mails;
mod summary;

use std::process::ExitCode;
use std::time::Duration;

use tandem_domain::Role;
use tandem_proto::v1;
use tempfile::TempDir;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::audit;
use crate::cli::{Demo, Format};
use crate::client::{Client, collect};
use crate::command::{apply_text, unrouted};
use crate::embedded::{Addresses, Embedded, EmbeddedConfig};
use crate::failure::Failure;
use crate::output::{print_line, show};
use agents::SimulatedAgent;
use feed::Tally;
use mails::{Mail, Post};
use summary::{Day, Summary, Waiting};

/// The example desk.
pub(crate) const DESK: &str = include_str!("../../../deploy/desks/acme.yaml");
const DESK_KEY: &str = "acme";
/// Between two mails.
const PACE: Duration = Duration::from_millis(120);
/// How long all of it may take.
const PATIENCE: Duration = Duration::from_mins(2);
/// As the shell says of what was interrupted.
const INTERRUPTED: u8 = 130;

/// Runs the demo.
pub(crate) async fn run(args: &Demo, output: Format) -> Result<ExitCode, Failure> {
    let dir = tempfile::Builder::new().prefix("tandem-demo-").tempdir();
    let dir = dir.map_err(|error| Failure::Fault(format!("no temporary directory: {error}")))?;
    let stage = Stage::set(&dir, output).await?;
    let shown = tokio::select! {
        // In this order: an interruption is how one that is kept running is meant to end.
        biased;
        shown = stage.show(args) => shown,
        interrupted = interrupted() => interrupted.map(|()| ExitCode::from(INTERRUPTED)),
    };
    stage.running.stop().await;
    shown
}

async fn interrupted() -> Result<(), Failure> {
    let signal = tokio::signal::ctrl_c().await;
    signal.map_err(|error| Failure::Fault(format!("signals cannot be heard: {error}")))
}

/// A Tandem with the example desk, on free ports.
struct Stage {
    running: Embedded,
    admin: Client,
    output: Format,
}

impl Stage {
    async fn set(dir: &TempDir, output: Format) -> Result<Self, Failure> {
        let config = EmbeddedConfig::load(None, Addresses::free())?;
        let running = Embedded::start(dir.path(), config).await?;
        let admin = running.client(Role::Admin, "demo").await?;
        apply_text(&admin, "the example desk", DESK).await?;
        Ok(Self { running, admin, output })
    }

    async fn show(&self, args: &Demo) -> Result<ExitCode, Failure> {
        let (url, smtp, data) = (self.running.url(), self.running.smtp, self.running.data_dir());
        self.say(&format!("gRPC {url} · SMTP {smtp} · data {}", data.display()))?;
        let mails = mails::all();
        let day = tokio::time::timeout(PATIENCE, self.day(args, &mails)).await;
        let day = day.map_err(|_| Failure::Fault("the demo did not come to its end in time".into()))??;
        // Everybody has left and nothing is under way any more: what is stored is at rest.
        let findings = audit::count(self.running.store.as_ref()).await?;
        let summary = Summary::of(mails.len(), day, findings);
        show(self.output, &summary, |summary| {
            format!("\n{}", summary::render(summary))
        })?;
        if args.keep {
            self.keep().await?;
        }
        Ok(ExitCode::from(u8::from(findings > 0)))
    }

    /// Customers write, agents work, until nothing is left that anybody can do.
    async fn day(&self, args: &Demo, mails: &[Mail]) -> Result<Day, Failure> {
        let evening = CancellationToken::new();
        let mut agents = self.hire(args, &evening).await?;
        let (people, machines) = mails::count(mails);
        self.say(&format!(
            "{} agents are online; {people} mails from people and {machines} from machines come in",
            agents.len()
        ))?;
        let over = |tally: &Tally| tally.messages() >= people as u64 && tally.is_quiet();
        let feed = feed::follow(self.running.bus.as_ref(), self.output, over);
        let (tally, ()) = tokio::try_join!(feed, self.write(mails))?;
        let waiting = self.waiting().await?;
        evening.cancel();
        while let Some(left) = agents.join_next().await {
            left.map_err(|error| Failure::Fault(format!("an agent died: {error}")))??;
        }
        Ok(Day {
            tally,
            waiting,
            unrouted: unrouted(&self.admin, DESK_KEY, usize::MAX).await?,
        })
    }

    async fn write(&self, mails: &[Mail]) -> Result<(), Failure> {
        let post = Post::new(self.running.smtp.port());
        for (number, mail) in mails.iter().enumerate() {
            post.send(number, mail).await?;
            tokio::time::sleep(PACE).await;
        }
        Ok(())
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
        let mut agents = JoinSet::new();
        for (number, agent) in listed.await?.into_iter().enumerate() {
            let simulated = SimulatedAgent {
                client: self.running.client(Role::Agent, &agent.agent).await?,
                desk: DESK_KEY.to_owned(),
                agent: agent.agent,
                seed: args.seed.wrapping_add(number as u64),
                speed: args.speed,
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
            let request = v1::ExplainTicketRequest { desk, ticket_id };
            let why = self.admin.tickets().explain_ticket(request).await?.into_inner().summary;
            let ticket = format!("T{ticket_id}");
            waiting.push(Waiting { ticket, why });
        }
        Ok(waiting)
    }

    async fn keep(&self) -> Result<(), Failure> {
        let data = self.running.data_dir().display();
        let commands = ["tickets", "agents", "messages --unrouted", "explain T1", "work ana"];
        let commands: Vec<_> = commands
            .iter()
            .map(|command| format!("  tandem --data-dir {data} {command}"))
            .collect();
        self.say(&format!(
            "\nstill running; look around, and end it with Ctrl-C:\n{}",
            commands.join("\n")
        ))?;
        interrupted().await
    }

    /// For people only.
    fn say(&self, line: &str) -> Result<(), Failure> {
        match self.output {
            Format::Text => print_line(line),
            Format::Json => Ok(()),
        }
    }
}
