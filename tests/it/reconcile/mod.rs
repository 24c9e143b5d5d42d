//! Gateways and what they are made of: on paper, on the simulated server, and on the real one.

mod accepted;
mod adopt;
mod crash;
mod golden;
mod keepers;
mod look;
mod real;
mod real_adopt;
mod real_trouble;
mod rounds;
mod rules;
mod scenarios;
mod stage;
mod together;
mod transitions;
mod trouble;
mod validation;
