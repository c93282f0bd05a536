//! `app-role record follow`: decisions as they are recorded.
//!
//! A row's key begins with the start of its request, so a new row can have any place in the table. A row is
//! new if the service stored it recently, by its own clock. Each read overlaps the previous one, because
//! the clocks of a table's servers may differ by seconds. Rows are recognized by their keys.

use std::{collections::HashMap, time::Duration as WallDuration};

use azure_rest::tables::literal;
use clap::Args;
use time::{Duration, OffsetDateTime};

use super::selection::Selection;
use crate::{
    broker_record::{RecordAccount, Row, Since},
    cloud::Cloud,
    exit::Exit,
    failure::Failure,
    options::GlobalOptions,
    output::{Progress, Screen, Stream},
    storage::{Table, TableError, filter},
};

/// The wait between two reads of the table.
const POLL: WallDuration = WallDuration::from_secs(5);

/// How far each read reaches back into the previous one.
const OVERLAP: Duration = Duration::minutes(2);

#[derive(Debug, Args)]
pub(crate) struct FollowArguments {
    #[command(flatten)]
    account: RecordAccount,
    #[command(flatten)]
    selection: Selection,
}

/// The rows that were printed, or that were there at the start.
struct Follower {
    table: Table,
    conditions: Vec<String>,
    /// Rows that the service stored before this are not read again.
    stored_since: Option<OffsetDateTime>,
    /// The keys of known rows, and when they were stored.
    known: HashMap<(String, String), Option<OffsetDateTime>>,
}

/// Runs `app-role record follow`.
pub(super) async fn run(
    global: &GlobalOptions,
    screen: Screen,
    arguments: &FollowArguments,
) -> Result<Exit, Failure> {
    let poll = Cloud::read(global)?.paced(POLL);
    let table = arguments.account.require(global)?.audit();
    let conditions = arguments.selection.conditions(global).await?;
    tokio::select! {
        ended = follow(screen, Follower::new(table, conditions), (arguments, poll)) => ended,
        _ = tokio::signal::ctrl_c() => Ok(Exit::Done),
    }
}

async fn follow(
    screen: Screen,
    mut follower: Follower,
    (arguments, poll): (&FollowArguments, WallDuration),
) -> Result<Exit, Failure> {
    let since = arguments.selection.since;
    let progress = Progress::start("waiting for the first answer …");
    let rows = follower.start(since.map(Since::of_keys)).await;
    let mut rows = rows.map_err(|error| Failure::from(&error))?;
    drop(progress);
    let _quiet = Progress::quiet();
    let mut stream = screen.stream(&Row::COLUMNS);
    let mut is_failing = false;
    loop {
        rows.sort_by_cached_key(|row| (row.stored(), row.newest_first()));
        for row in &rows {
            if !print(screen, &mut stream, row)? {
                return Ok(Exit::Done);
            }
        }
        tokio::time::sleep(poll).await;
        rows = match follower.new_rows().await {
            Ok(new) => {
                is_failing = false;
                new
            }
            Err(error @ (TableError::Denied(..) | TableError::NotFound(_))) => {
                return Err(Failure::from(&error));
            }
            Err(error) => {
                if !is_failing {
                    screen.note(format!("{error}; trying again"));
                }
                is_failing = true;
                Vec::new()
            }
        };
    }
}

fn print(screen: Screen, stream: &mut Stream, row: &Row) -> Result<bool, Failure> {
    if screen.prints_document() {
        stream.push(row)
    } else {
        Ok(screen.entry(row.line(), Row::INDENT))
    }
}

impl Follower {
    fn new(table: Table, conditions: Vec<String>) -> Self {
        Self { table, conditions, stored_since: None, known: HashMap::new() }
    }

    /// Returns the rows to begin with: those with such keys, if requested, and those that the service has
    /// stored since the start. Rows that it stored shortly before count as known from now on.
    async fn start(&mut self, keys: Option<String>) -> Result<Vec<Row>, TableError> {
        let began = self.service_time().await?;
        let mut rows = match keys {
            Some(keys) => self.read(vec![keys]).await?,
            None => Vec::new(),
        };
        let recent = self.read(vec![stored_since(began - OVERLAP)]).await?;
        let is_new = |row: &Row| row.stored().is_none_or(|stored| stored >= began);
        rows.extend(recent.into_iter().filter(is_new));
        Ok(rows)
    }

    /// Returns the time of the service, from an answer without a row.
    async fn service_time(&self) -> Result<OffsetDateTime, TableError> {
        let page = self.table.pages(&filter::text("PartitionKey", "eq", " ")).next().await?;
        Ok(page.and_then(|page| page.at).unwrap_or_else(OffsetDateTime::now_utc))
    }

    /// Returns the rows that were stored since the last read.
    async fn new_rows(&mut self) -> Result<Vec<Row>, TableError> {
        let conditions = self.stored_since.map(stored_since);
        self.read(conditions.into_iter().collect()).await
    }

    /// Reads rows, and returns those that are not known yet.
    async fn read(&mut self, conditions: Vec<String>) -> Result<Vec<Row>, TableError> {
        let conditions = conditions.into_iter().chain(self.conditions.iter().cloned());
        let mut pages = self.table.pages(&filter::all(conditions));
        let (mut began, mut rows) = (None, Vec::new());
        while let Some(page) = pages.next().await? {
            began = began.or(page.at);
            rows.extend(page.entities.into_iter().map(Row::from));
        }
        // Rows that were stored while the table was read may be missing.
        if let Some(began) = began {
            let since = began - OVERLAP;
            self.stored_since = Some(since);
            self.known.retain(|_, stored| stored.is_none_or(|stored| stored >= since));
        }
        rows.retain(|row| {
            let (partition, key) = row.keys();
            let key = (partition.to_owned(), key.to_owned());
            self.known.insert(key, row.stored()).is_none()
        });
        Ok(rows)
    }
}

/// The condition on rows that the service stored since a moment.
fn stored_since(moment: OffsetDateTime) -> String {
    format!("Timestamp ge {}", literal::time(moment))
}
