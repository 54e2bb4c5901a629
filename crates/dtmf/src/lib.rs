//! Sans-IO DTMF: telephone-event receiver and sender, digit collector, tone generator.
