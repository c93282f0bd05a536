//! The process that drives the browser.

use std::{
    io::{self, BufRead as _, BufReader, Write as _},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{Mutex, PoisonError},
};

use serde::Deserialize;
use serde_json::Value;

use crate::error::BrowserError;

/// A process that takes requests and answers them in turn. It ends when its input is closed.
pub(crate) struct Driver {
    streams: Mutex<Streams>,
}

struct Streams {
    requests: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    process: Child,
}

/// The driver's answer to one request.
#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    value: Value,
    error: Option<String>,
}

impl Driver {
    pub(crate) fn start(mut command: Command) -> Result<Self, BrowserError> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().map_err(BrowserError::Ended)?;
        let requests = process.stdin.take();
        let answers = process.stdout.take().ok_or_else(|| ended("it has no output"))?;
        let streams = Streams { requests, answers: BufReader::new(answers), process };
        Ok(Self { streams: Mutex::new(streams) })
    }

    /// Sends a request and waits for its answer.
    pub(crate) fn ask(&self, request: &Value) -> Result<Value, BrowserError> {
        let mut streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        let requests = streams.requests.as_mut().ok_or_else(|| ended("its input is closed"))?;
        writeln!(requests, "{request}").map_err(BrowserError::Ended)?;
        let mut line = String::new();
        if streams.answers.read_line(&mut line).map_err(BrowserError::Ended)? == 0 {
            return Err(ended("its output is closed"));
        }
        let answer: Answer = serde_json::from_str(&line).map_err(BrowserError::Answer)?;
        answer.error.map_or(Ok(answer.value), |error| Err(BrowserError::Refused(error)))
    }
}

fn ended(why: &str) -> BrowserError {
    BrowserError::Ended(io::Error::other(why))
}

impl Drop for Streams {
    fn drop(&mut self) {
        drop(self.requests.take());
        // The driver closes the browser first. Its status says nothing more.
        let _ = self.process.wait();
    }
}
