//! The program as a service: what people do with it, with nothing else running.

mod blocks;
mod configuration;
mod fairness;
mod followers;
mod killed;
mod lifecycle;
mod server;
mod shutdown;
mod stream;
mod uploads;

pub(crate) use server::Server;
