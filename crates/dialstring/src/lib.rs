//! Dial strings with extensions, pauses and tones; tel URIs; DTMF digits; digit maps.
