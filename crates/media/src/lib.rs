//! Telephone media: G.711, WAV prompts, call-progress tones, playout, echo and relay of RTP streams, sans-IO.
