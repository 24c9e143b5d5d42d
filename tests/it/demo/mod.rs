//! One table of cases against the simulated API server and the real one: they answer alike, or it is a named
//! exception.
//!
//! Each case runs in a namespace of its own on each server and writes down what was asked and answered. The two
//! transcripts are compared after uids, versions, times and generated names are taken out. What matters most the
//! cases assert themselves, so that two servers that are wrong alike fail too.
//!
//! `EGRET_TEST_TRANSCRIPTS=DIR` writes the transcripts down as files.

mod answer;
mod ask;
mod cases;
mod compare;
mod exceptions;
mod normal;
mod run;
mod server;
mod table;
mod watch;
