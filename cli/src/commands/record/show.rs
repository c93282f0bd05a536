//! `app-role record show`: the decisions on record, newest first.

use clap::Args;
use time::Duration;

use super::selection::Selection;
use crate::{
    broker_record::{RecordAccount, Row, Since},
    exit::Exit,
    failure::Failure,
    numbers,
    options::GlobalOptions,
    output::{Progress, Screen},
    storage::{Table, filter},
};

/// The period that is read first, because the newest rows are usually enough.
const RECENT: Duration = Duration::days(1);

#[derive(Debug, Args)]
pub(crate) struct ShowArguments {
    #[command(flatten)]
    account: RecordAccount,
    #[command(flatten)]
    selection: Selection,
    /// Largest number of rows
    #[arg(long, value_name = "ROWS", default_value_t = 50, value_parser = numbers::positive)]
    limit: u32,
}

/// The newest rows, and how many there are.
#[derive(Default)]
struct Newest {
    rows: Vec<Row>,
    found: usize,
}

/// Runs `app-role record show`.
pub(super) async fn run(
    global: &GlobalOptions,
    screen: Screen,
    arguments: &ShowArguments,
) -> Result<Exit, Failure> {
    let table = arguments.account.require(global)?.audit();
    let conditions = arguments.selection.conditions(global).await?;
    let limit = usize::try_from(arguments.limit).unwrap_or(usize::MAX);
    let since = arguments.selection.since;
    let newest = match since {
        Some(_) => read(&table, &conditions, since, limit).await?,
        None => {
            let recent = read(&table, &conditions, Some(Since::ago(RECENT)), limit).await?;
            // One more tells that there are others.
            let is_enough = recent.found > limit;
            if is_enough { recent } else { read(&table, &conditions, None, limit).await? }
        }
    };
    show(screen, &newest, limit)
}

fn show(screen: Screen, newest: &Newest, limit: usize) -> Result<Exit, Failure> {
    if screen.prints_document() {
        screen.json(&newest.rows)?;
    } else {
        // Without a reader, there is nothing left to do.
        let _ = newest.rows.iter().all(|row| screen.entry(row.line(), Row::INDENT));
    }
    if newest.rows.is_empty() {
        screen.note("the record has no such row");
    } else if newest.found > limit {
        screen.note(format!("only the newest rows are shown, {limit} at most; --limit shows more"));
    }
    Ok(Exit::Done)
}

/// Reads the newest rows. The table's order is that of its partitions, so all rows must be looked at.
async fn read(
    table: &Table,
    conditions: &[String],
    since: Option<Since>,
    limit: usize,
) -> Result<Newest, Failure> {
    let progress = Progress::start("reading the record …");
    let keys = since.map(Since::of_keys);
    let mut pages = table.pages(&filter::all(keys.into_iter().chain(conditions.iter().cloned())));
    let mut newest = Newest::default();
    while let Some(page) = pages.next().await.map_err(|error| Failure::from(&error))? {
        newest.found += page.entities.len();
        newest.rows.extend(page.entities.into_iter().map(Row::from));
        newest.rows.sort_by_cached_key(Row::newest_first);
        newest.rows.truncate(limit);
        progress.say(&format!("reading the record: {} rows …", newest.found));
    }
    Ok(newest)
}
