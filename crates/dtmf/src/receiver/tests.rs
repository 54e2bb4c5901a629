mod channel;
mod named;
