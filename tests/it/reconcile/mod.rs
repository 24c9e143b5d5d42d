//! Gateways and what they are made of: on paper, on the simulated server, and on the real one.

mod accepted;
mod adopt;
mod crash;
mod golden;
mod look;
mod real;
mod rounds;
mod rules;
mod scenarios;
mod stage;
mod together;
mod transitions;
mod trouble;
mod validation;
