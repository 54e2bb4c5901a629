//! The names of the prompts that the router asks for by itself.
//!
//! A line's welcome and a menu's text are named in the data; these are the fixed ones.

use std::sync::LazyLock;

use crate::id::Prompt;

macro_rules! prompt {
    ($(#[$doc:meta])* $name:ident = $text:literal) => {
        $(#[$doc])*
        pub fn $name() -> Prompt {
            static NAME: LazyLock<Prompt> =
                LazyLock::new(|| Prompt::new($text).expect("a literal identifier"));
            NAME.clone()
        }
    };
}

prompt! {
    /// `welcome`: a line's welcome unless the line names another.
    welcome = "welcome"
}
prompt! {
    /// `menu`: a menu's text unless the menu names another.
    menu = "menu"
}
prompt! {
    /// `unknown_extension`: nobody has the extension that was dialled.
    unknown_extension = "unknown_extension"
}
prompt! {
    /// `unknown_option`: the menu has no such choice.
    unknown_option = "unknown_option"
}
prompt! {
    /// `dial_extension`: asks for an extension, behind a key of a menu.
    dial_extension = "dial_extension"
}
prompt! {
    /// `nobody_available`: said before the call ends without an answer.
    nobody_available = "nobody_available"
}
prompt! {
    /// `closed`: outside a line's hours, unless the line names another.
    closed = "closed"
}
prompt! {
    /// `moh`: music for who waits in a queue, unless the queue names another.
    moh = "moh"
}
prompt! {
    /// `voicemail`: asks for a message.
    voicemail = "voicemail"
}
prompt! {
    /// `goodbye`: said when a menu option hangs up.
    goodbye = "goodbye"
}
