//! Runs a command on a pseudoterminal, as an operator sees it.

use std::{
    ffi::OsStr,
    fs::File,
    io::{Read as _, Write as _},
    os::{fd::OwnedFd, unix::ffi::OsStrExt as _},
    process::Stdio,
};

use rustix::{
    fs::{Mode, OFlags, open},
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{Winsize, tcsetwinsize},
};
use tokio::{io::AsyncWriteExt as _, process::Command};

/// The source of standard input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Input<'a> {
    /// A pipe with this text.
    Pipe(&'a str),
    /// The terminal, at which this is typed.
    Typed(&'a str),
}

/// Opens a terminal with this number of columns: the side of its window, and the side of its programs.
fn pseudoterminal(columns: u16) -> (OwnedFd, OwnedFd) {
    let window = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&window).unwrap();
    unlockpt(&window).unwrap();
    let name = ptsname(&window, Vec::new()).unwrap();
    let name = OsStr::from_bytes(name.as_bytes());
    // Without CLOEXEC, a program that another test starts would keep the terminal open.
    let programs =
        open(name, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty()).unwrap();
    let size = Winsize { ws_row: 50, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(&window, size).unwrap();
    (window, programs)
}

/// Runs a command on a terminal of 100 columns. Returns everything that reaches the terminal.
pub(crate) async fn seen(command: Command, input: Input<'_>) -> String {
    seen_in(100, command, input).await
}

/// Runs a command on a terminal with this number of columns. Returns everything that reaches the terminal.
pub(crate) async fn seen_in(columns: u16, mut command: Command, input: Input<'_>) -> String {
    let (window, programs) = pseudoterminal(columns);
    let program_side = || Stdio::from(programs.try_clone().unwrap());
    command.stdout(program_side()).stderr(program_side());
    match input {
        Input::Pipe(_) => command.stdin(Stdio::piped()),
        Input::Typed(_) => command.stdin(program_side()),
    };
    let mut child = command.spawn().unwrap();
    // The window is closed only when no program has the other side open.
    drop((command, programs));
    let mut window = File::from(window);
    match input {
        Input::Pipe(text) => {
            let mut stdin = child.stdin.take().unwrap();
            // A command that reads no input may have ended already.
            let _ = stdin.write_all(text.as_bytes()).await;
        }
        Input::Typed(text) => window.write_all(text.as_bytes()).unwrap(),
    }
    let reader = tokio::task::spawn_blocking(move || {
        let mut seen = Vec::new();
        // Linux reports the end as an error.
        let _ = window.read_to_end(&mut seen);
        seen
    });
    child.wait().await.unwrap();
    String::from_utf8(reader.await.unwrap()).unwrap()
}
