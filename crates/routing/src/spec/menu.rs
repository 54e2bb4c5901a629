//! Voice menus.

use serde::{Deserialize, Serialize};
use switchboard_dialstring::Digit;

use super::ForwardTo;
use crate::id::{GroupId, MenuId, Prompt, QueueId, UserId};

/// A voice menu.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MenuSpec {
    /// The menu's identifier.
    pub id: MenuId,
    /// For people to read.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// What the caller hears.
    #[serde(default = "menu_prompt")]
    pub prompt: Prompt,
    /// Whether extensions can be dialled beside the options, on lines that process extensions.
    #[serde(default)]
    pub direct_dialling: bool,
    /// How often a wrong choice is complained about before the call goes on (1 to 9).
    #[serde(default = "invalid")]
    pub invalid: u8,
    /// How often the menu is played to a caller who presses nothing before the call goes on
    /// (1 to 9). Counted apart from wrong choices.
    #[serde(default = "silent")]
    pub silent: u8,
    /// The options.
    #[serde(default)]
    pub options: Vec<OptionSpec>,
}

impl MenuSpec {
    /// A menu without options.
    pub fn new(id: MenuId) -> Self {
        Self {
            id,
            name: String::new(),
            prompt: menu_prompt(),
            direct_dialling: false,
            invalid: invalid(),
            silent: silent(),
            options: Vec::new(),
        }
    }
}

fn menu_prompt() -> Prompt {
    crate::prompts::menu()
}

fn invalid() -> u8 {
    3
}

fn silent() -> u8 {
    1
}

/// A key of a menu and what it does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OptionSpec {
    /// The key.
    pub key: Digit,
    /// What it does.
    pub action: MenuAction,
}

/// What a key of a menu does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum MenuAction {
    /// Ring a user.
    User(UserId),
    /// Ring all members of a group.
    Group(GroupId),
    /// Enter a queue.
    Queue(QueueId),
    /// Go to another menu.
    Menu(MenuId),
    /// Let the caller dial an extension, on lines that process extensions.
    DialExtension,
    /// Play the menu again.
    Repeat,
    /// End the call.
    HangUp,
    /// Leave the menu: go on with the line's next rule.
    Next,
}

impl MenuAction {
    /// The user that the action names.
    pub fn user(&self) -> Option<&UserId> {
        match self {
            Self::User(user) => Some(user),
            _ => None,
        }
    }
}

impl ForwardTo {
    /// The user that the destination names.
    pub fn user(&self) -> Option<&UserId> {
        match self {
            Self::User(user) => Some(user),
            _ => None,
        }
    }
}
