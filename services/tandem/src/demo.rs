//! `tandem demo`: shows Tandem at work. Everything goes the way it goes in life: mail over SMTP to a listening
//! port, agents over gRPC with tokens of their own; only the customers and agents are made up.

mod agents;
mod feed;
mod mails;
mod summary;

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Duration;

use tandem_domain::Role;
use tandem_proto::v1;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::audit;
use crate::cli::{Demo, Format};
use crate::client::{Client, collect};
use crate::command::apply_text;
use crate::embedded::{Embedded, EmbeddedConfig};
use crate::failure::Failure;
use crate::output::{print_line, show};
use agents::SimulatedAgent;
use feed::Tally;
use mails::{Mail, Post};
use summary::{Summary, Waits};

/// The example desk.
pub const DESK: &str = include_str!("../../../deploy/desks/acme.yaml");
const DESK_KEY: &str = "acme";
/// Between two mails.
const PACE: Duration = Duration::from_millis(120);
/// How long all of it may take.
const PATIENCE: Duration = Duration::from_secs(120);
const UNBOUNDED: usize = 10_000;

/// Runs the demo.
pub async fn run(args: &Demo, output: Format) -> Result<ExitCode, Failure> {
    let dir = tempfile::Builder::new().prefix("tandem-demo-").tempdir();
    let dir = dir.map_err(|error| Failure::Fault(format!("no temporary directory: {error}")))?;
    let free_port = ([127, 0, 0, 1], 0).into();
    let config = EmbeddedConfig::load(
        None,
        &[("TANDEM_GRPC__LISTEN", free_port), ("TANDEM_SMTP__LISTEN", free_port)],
    )?;
    let running = Embedded::start(dir.path(), config).await?;
    let mails = mails::all();
    say(
        output,
        &format!(
            "gRPC {} · SMTP {} · data {}",
            running.url(),
            running.smtp,
            dir.path().display()
        ),
    )?;
    let admin = running.client(Role::Admin, "demo").await?;
    apply_text(&admin, DESK_KEY, DESK).await?;
    let outcome = tokio::time::timeout(PATIENCE, act(&running, args, output, &admin, &mails)).await;
    let (tally, unrouted) =
        outcome.map_err(|_| Failure::Fault("the demo did not come to its end in time".into()))??;
    if args.keep {
        keep(&running, output).await?;
    }
    let store = std::sync::Arc::clone(&running.store);
    running.stop().await;
    let findings = audit::count(store.as_ref()).await?;
    let summary = summarise(&mails, tally, unrouted, findings);
    show(output, &summary, |summary| format!("\n{}", summary::render(summary)))?;
    Ok(ExitCode::from(u8::from(findings > 0)))
}

/// Customers write, agents work, until nothing is left that anybody can do.
async fn act(
    running: &Embedded,
    args: &Demo,
    output: Format,
    admin: &Client,
    mails: &[Mail],
) -> Result<(Tally, Vec<v1::Message>), Failure> {
    let evening = CancellationToken::new();
    let mut agents = hire(running, args, admin, &evening).await?;
    let (people, machines) = mails::count(mails);
    say(
        output,
        &format!(
            "{} agents are online; {people} mails from people and {machines} from machines come in",
            agents.len()
        ),
    )?;
    let post = Post::new(running.smtp.port());
    let writing = async {
        for (number, mail) in mails.iter().enumerate() {
            post.send(number, mail).await?;
            tokio::time::sleep(PACE).await;
        }
        Ok::<_, Failure>(())
    };
    let over = |tally: &Tally| tally.messages() >= people as u64 && tally.is_quiet();
    let (tally, ()) = tokio::try_join!(feed::follow(running.bus.as_ref(), output, over), writing)?;
    evening.cancel();
    while let Some(left) = agents.join_next().await {
        left.map_err(|error| Failure::Fault(format!("an agent died: {error}")))??;
    }
    Ok((tally, unrouted(admin).await?))
}

async fn hire(
    running: &Embedded,
    args: &Demo,
    admin: &Client,
    evening: &CancellationToken,
) -> Result<JoinSet<Result<(), Failure>>, Failure> {
    let request = v1::ListAgentsRequest {
        desk: DESK_KEY.to_owned(),
        page_size: 500,
        page_token: String::new(),
    };
    let listed = admin.agents().list_agents(request).await?.into_inner().agents;
    let mut agents = JoinSet::new();
    for (number, agent) in listed.into_iter().enumerate() {
        let simulated = SimulatedAgent {
            client: running.client(Role::Agent, &agent.agent).await?,
            desk: DESK_KEY.to_owned(),
            agent: agent.agent,
            seed: args.seed.wrapping_add(number as u64),
            speed: args.speed,
        };
        agents.spawn(simulated.run(evening.clone()));
    }
    Ok(agents)
}

async fn unrouted(admin: &Client) -> Result<Vec<v1::Message>, Failure> {
    let pages = collect(UNBOUNDED, |page_size, page_token| {
        let request = v1::ListUnroutedRequest {
            desk: DESK_KEY.to_owned(),
            page_size,
            page_token,
        };
        let mut messages = admin.messages();
        async move {
            messages
                .list_unrouted(request)
                .await
                .map(|r| r.into_inner())
                .map(|r| (r.messages, r.next_page_token))
        }
    });
    pages.await
}

async fn keep(running: &Embedded, output: Format) -> Result<(), Failure> {
    say(
        output,
        &format!("\nstill running at {}; look around with", running.url()),
    )?;
    for command in ["tickets", "agents", "messages --unrouted", "explain T1", "work NAME"] {
        say(
            output,
            &format!("  tandem --data-dir {} {command}", running.data_dir().display()),
        )?;
    }
    say(output, "and end it with Ctrl-C")?;
    tokio::signal::ctrl_c()
        .await
        .map_err(|error| Failure::Fault(format!("signals cannot be heard: {error}")))
}

fn summarise(mails: &[Mail], tally: Tally, unrouted: Vec<v1::Message>, findings: usize) -> Summary {
    let mut reasons = BTreeMap::new();
    for message in unrouted {
        *reasons.entry(message.unrouted_reason).or_default() += 1;
    }
    let mut languages = BTreeMap::new();
    for ticket in tally.opened.values() {
        *languages.entry(ticket.language.clone()).or_default() += 1;
    }
    let waiting = tally
        .opened
        .iter()
        .filter(|(_, ticket)| ticket.accepted_at.is_none())
        .map(|(id, _)| *id);
    Summary {
        mails_sent: mails.len(),
        mails_accepted: mails.len(),
        tickets: tally.opened.len(),
        joined: tally.joined,
        unrouted: reasons,
        offers: tally.offered,
        declined: tally.declined,
        missed: tally.expired,
        done: tally.done.len(),
        waits_seconds: Waits::of(&tally),
        tickets_by_language: languages,
        waiting: waiting.collect(),
        accepted_by_agent: tally.accepted,
        audit_findings: findings,
    }
}

fn say(output: Format, line: &str) -> Result<(), Failure> {
    if output == Format::Json {
        Ok(())
    } else {
        print_line(line)
    }
}
