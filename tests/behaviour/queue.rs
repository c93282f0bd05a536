//! Requests that arrive in a storage queue.

mod agents;
mod assign;
mod confirmation;
mod deliveries;
mod durations;
mod fairness;
mod faults;
mod forms;
mod hostile;
mod instances;
mod lost_answers;
mod names;
mod other_clients;
mod partial_answers;
mod redeliveries;
mod refusals;
mod repeats;
mod replay;
mod throttling;
mod unknown_places;
mod unreadable_limits;
mod write_limits;
