//! The command line of the demo.

use std::{
    net::{Ipv4Addr, TcpListener},
    process::{Command, Output},
};

fn run(arguments: &[&str]) -> (Option<i32>, String) {
    let Output { status, stderr, .. } =
        Command::new(env!("CARGO_BIN_EXE_demo")).args(arguments).output().unwrap();
    (status.code(), String::from_utf8(stderr).unwrap())
}

#[test]
fn a_port_in_use_is_named_before_anything_is_built_or_started() {
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let (code, error) = run(&["--port", &port]);
    assert_eq!(code, Some(1));
    assert!(error.starts_with(&format!("error: port {port} is in use")), "{error}");
}

#[test]
fn options_that_do_not_go_together_are_refused() {
    for arguments in [
        &["--print-env", "--once"][..],
        &["--print-env", "nobody"],
        &["--port", "0"],
        &["--port", "seven"],
        &["--policy", "p.json", "send", "{}"],
    ] {
        let (code, error) = run(arguments);
        assert_eq!(code, Some(2), "{arguments:?}: {error}");
    }
}
