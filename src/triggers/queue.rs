//! Requests from a storage queue.

use app_roles::requester::Requester;
use function_folders::use_case::REQUEST_BINDING;
use functions_handler::{
    invocation::{EnvelopeFault, Invocation},
    reply::Reply,
};
use tracing::Instrument;

use super::{delivery, message, replies};
use crate::app::App;
use broker::Ask;

/// Works on one delivery of a message.
pub async fn run(app: &App, requester: &Requester, invocation: &Invocation) -> Reply {
    let (ask, message) = match read(app, requester, invocation) {
        Ok(read) => read,
        Err(fault) => return replies::bad_envelope(&fault),
    };
    let work = async {
        delivery::spread_redeliveries(app, &ask).await;
        let decoded = message::decode(&message);
        match app.broker.grant(&ask, decoded.as_ref()).await {
            Ok(recorded) => replies::answered(&ask, &recorded, &message),
            Err(again) => replies::not_yet(decoded.ok().as_ref(), &again),
        }
    };
    work.instrument(delivery::span(&ask)).await
}

fn read(
    app: &App,
    requester: &Requester,
    invocation: &Invocation,
) -> Result<(Ask, Vec<u8>), EnvelopeFault> {
    let message = invocation.binary(REQUEST_BINDING)?;
    Ok((delivery::of_queue(app, requester, invocation)?, message))
}
