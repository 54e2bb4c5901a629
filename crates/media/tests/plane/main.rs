//! Whole legs in virtual time: peers that we hear, over a wire that loses and reorders.

mod allocations;
mod audio;
mod bridges;
mod digits;
mod hall;
mod hostile;
mod moving;
mod reports;
mod room;
mod secured;
mod spoken;
mod transcoding;
