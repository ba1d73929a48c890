//! What was answered with success is there after a crash.

use std::collections::BTreeSet;
use std::sync::mpsc::channel;
use std::thread;

use crate::support::{Server, desk_file, run};

const SENDERS: usize = 4;
const BEFORE_THE_CRASH: usize = 20;

#[test]
fn what_was_acknowledged_before_a_crash_is_there_after_it() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let data = directory.path().join("data");
    let server = Server::on(&data);
    server.apply(&desk_file("acme")).well();
    let acknowledged = acknowledged_until_the_crash(server);
    assert!(acknowledged.len() >= BEFORE_THE_CRASH);

    let server = Server::on(&data);
    // What the dead process had in hand for the router is taken up again when its claim runs out; it is stored.
    let messages = server.json(&["messages", "--desk", "acme", "--limit", "100000"]);
    let messages = messages.as_array().expect("a list");
    let mut subjects: Vec<_> = messages.iter().map(|message| message["subject"].to_string()).collect();
    let stored: BTreeSet<_> = subjects.iter().cloned().collect();
    subjects.sort_unstable();
    assert!(subjects.iter().eq(&stored), "a message is there twice: {subjects:?}");
    for subject in acknowledged {
        assert!(stored.contains(&format!("\"{subject}\"")), "{subject} is lost");
    }
    server.stop();
    let audited = run(&["audit", "--data-dir", data.to_str().expect("a path in UTF-8")]).well();
    assert!(audited.ends_with("nothing found\n"), "{audited}");
}

/// Sends mails from several sides until the server, killed amid them, takes no more.
fn acknowledged_until_the_crash(server: Server) -> BTreeSet<String> {
    let (mailbox, program) = server.apart();
    let (sender, acknowledged) = channel();
    thread::scope(|scope| {
        for side in 0..SENDERS {
            let (mailbox, sender) = (&mailbox, sender.clone());
            scope.spawn(move || {
                let subjects = (0..).map(|number| format!("mail-{side}-{number}"));
                for subject in subjects.take_while(|subject| mailbox.mail("help@acme.example", subject)) {
                    sender.send(subject).expect("the test listens to the end");
                }
            });
        }
        drop(sender);
        let before: Vec<_> = acknowledged.iter().take(BEFORE_THE_CRASH).collect();
        program.crash();
        before.into_iter().chain(acknowledged.iter()).collect()
    })
}
