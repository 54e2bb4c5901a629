//! What digits are at the stage where the router waits for them.

use switchboard_dialstring::{Digit, Match};

use crate::directory::{Action, Directory, Menu};

/// What digits are at the stage where the router waits for them: options and extensions together,
/// so that a collector knows after each digit whether a longer choice is possible.
///
/// A `#` after an extension or an option ends it. An option that begins an extension is
/// [`Match::FullAndMore`], any other [`Match::Full`].
#[derive(Debug, Clone, Copy)]
pub struct Matcher<'a> {
    directory: &'a Directory,
    menu: Option<&'a Menu>,
    extensions: bool,
    /// Whether the option that asks for an extension does anything on this line.
    processing: bool,
}

impl<'a> Matcher<'a> {
    pub(super) fn none(directory: &'a Directory) -> Self {
        Self { directory, menu: None, extensions: false, processing: false }
    }

    pub(super) fn extensions(directory: &'a Directory) -> Self {
        Self { directory, menu: None, extensions: true, processing: true }
    }

    pub(super) fn menu(directory: &'a Directory, menu: &'a Menu, processing: bool) -> Self {
        let extensions = menu.direct_dialling && processing;
        Self { directory, menu: Some(menu), extensions, processing }
    }

    /// What these digits are.
    pub fn matches(&self, digits: &[Digit]) -> Match {
        if let [number @ .., Digit::Pound] = digits
            && !number.is_empty()
        {
            let extension = self.extensions && self.directory.extension_match(number).is_match();
            let option = matches!(number, [key] if self.option(*key).is_some());
            return Match::new(extension || option, false);
        }
        let option = match digits {
            [] => Match::new(false, self.menu.is_some_and(|menu| menu.has_options())),
            [key] => Match::new(self.option(*key).is_some(), false),
            _ => Match::None,
        };
        if self.extensions { option.or(self.directory.extension_match(digits)) } else { option }
    }

    pub(super) fn takes_extensions(&self) -> bool {
        self.extensions
    }

    /// What a key of the menu does here.
    pub(super) fn option(&self, key: Digit) -> Option<Action> {
        let action = self.menu?.option(key)?;
        (self.processing || action != Action::DialExtension).then_some(action)
    }
}
