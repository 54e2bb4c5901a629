mod channel;
mod named;
mod trackers;
