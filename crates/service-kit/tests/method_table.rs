//! The table of who may call what, against the contracts.

use tandem_service_kit::auth::table::{METHODS, check_complete};
use tandem_service_kit::auth::{DeskRule, MethodRule};

#[test]
fn every_method_has_exactly_one_row_and_every_row_a_method() {
    assert_eq!(check_complete(METHODS, tandem_proto::DESCRIPTORS), Ok(()));
}

#[test]
fn a_missing_row_a_surplus_row_and_a_wrong_desk_are_found() {
    let mut table: Vec<MethodRule> = METHODS[1..].to_vec();
    table[0].desk = DeskRule::Any;
    table.push(table[1]);
    table.push(MethodRule {
        path: "/tandem.v1.TicketService/Shred",
        ..METHODS[0]
    });
    let faults = check_complete(&table, tandem_proto::DESCRIPTORS).unwrap_err();
    assert_eq!(faults.len(), 4, "{faults:#?}");
    for fragment in [
        "Submit has no row",
        "GetMessage names its desk",
        "ListMessages is no method",
        "Shred is no method",
    ] {
        assert!(
            faults.iter().any(|fault| fault.contains(fragment)),
            "{fragment}: {faults:#?}"
        );
    }
}
