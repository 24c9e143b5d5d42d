//! Gateways and what they are made of: on paper, on the simulated server, and on the real one.

mod accepted;
mod adopt;
mod crash;
mod forget;
mod golden;
mod install;
mod kubeconfigs;
mod look;
mod news;
mod real;
mod real_install;
mod rounds;
mod rules;
mod scenarios;
mod stage;
mod together;
mod transitions;
mod trouble;
mod uninstall;
mod validation;
