use app_roles::ids::AppRoleId;

use super::{
    super::sample_row::{ROLE, row},
    *,
};

const OTHER_ROLE: &str = "77777777-7777-7777-7777-777777777777";
const APPROVER: &str = "55555555-5555-5555-5555-555555555555";

#[test]
fn a_denial_after_a_part_of_the_writes_says_which_roles_are_in_effect() {
    let mut row = row();
    let mut other = row.subject.roles[0].clone();
    other.id = AppRoleId::parse(OTHER_ROLE).unwrap();
    row.subject.roles.push(other);
    row.shown.roles.push(row.shown.roles[0].clone());
    let written = Written { roles: [AppRoleId::parse(ROLE).unwrap()].into() };
    let approvers = [ObjectId::parse(APPROVER).unwrap()].into();
    let answer = denied_late(&row, &written, &approvers);
    let told = answer.roles.iter().map(|role| (role.status, role.code, role.approved_by.clone()));
    let expected = [
        (Status::AlreadyAssigned, None, Some(format!("http:{APPROVER}"))),
        (Status::Denied, Some(Code::ApprovalDenied), None),
    ];
    assert_eq!(told.collect::<Vec<_>>(), expected);
}
