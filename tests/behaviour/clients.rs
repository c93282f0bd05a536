//! Other people's programs: the examples in `examples/clients`, and clients that generators make from the
//! OpenAPI documents.

mod examples;
mod generated;
mod over_http;
mod over_the_queue;
mod scripted_broker;
mod tools;
