//! Gateways and what they are made of: on paper, on the simulated server, and on the real one.

mod accepted;
mod adopt;
mod crash;
mod golden;
mod look;
mod news;
mod real;
mod rounds;
mod rules;
mod stage;
mod transitions;
mod trouble;
mod validation;
