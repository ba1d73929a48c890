//! `AgentService.SetTyping`: who listens to the conversation now hears of it.

use futures::StreamExt;
use tandem_domain::{Channel, Role};
use tandem_proto::v1;
use tonic::Code;

use crate::harness::{ACME, DEADLINE, World, assert_refused};

fn typing(ticket_id: u64, agent: &str, typing: bool) -> v1::SetTypingRequest {
    v1::SetTypingRequest {
        desk: ACME.into(),
        agent: agent.into(),
        ticket_id,
        typing,
    }
}

#[tokio::test]
async fn an_owners_typing_is_hinted_on_the_conversation() {
    let (world, replica) = World::with_desks().await;
    let mut ana = world.caller_as(&replica, Role::Agent, "ana").await;
    ana.go_online("ana").await;
    let number = replica.open_ticket_on(ACME, Channel::Chat, None).await;
    let ticket = ana.ticket(number).await;
    let subject = format!("tandem.hint.router.{ACME}.conversation.{}", ticket.conversation_id);
    let mut hints = world.bus.hints(&subject).await.unwrap();
    ana.accept("ana", ticket.offer.unwrap().offer_id, "take").await.unwrap();
    for is_typing in [true, false] {
        ana.agents.set_typing(typing(number, "", is_typing)).await.unwrap();
    }
    let mut heard = Vec::new();
    while heard.len() < 3 {
        let (_, payload) = tokio::time::timeout(DEADLINE, hints.next()).await.unwrap().unwrap();
        heard.push(String::from_utf8(payload.to_vec()).unwrap());
    }
    assert_eq!(heard, ["", "typing", "idle"], "the accept, then the signs");
}

#[tokio::test]
async fn only_who_serves_the_customer_is_shown() {
    let (world, replica) = World::with_desks().await;
    let mut ana = world.caller_as(&replica, Role::Agent, "ana").await;
    ana.go_online("ana").await;
    let number = replica.open_ticket(ACME, None).await;
    let offered = ana.agents.set_typing(typing(number, "ana", true)).await;
    assert_refused(offered, Code::PermissionDenied, "ticket_id");
    let foreign = ana.agents.set_typing(typing(number, "ben", true)).await;
    assert_eq!(foreign.unwrap_err().code(), Code::PermissionDenied);
    let nowhere = ana.agents.set_typing(typing(99, "ana", true)).await;
    assert_eq!(nowhere.unwrap_err().code(), Code::NotFound);
    let unsaid = ana.agents.set_typing(typing(0, "ana", true)).await;
    assert_refused(unsaid, Code::InvalidArgument, "ticket_id");
}
