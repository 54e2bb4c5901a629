//! The demo company that a new data folder is filled with.

use switchboard_store::UnixMillis;
use switchboard_store::admin::{Admin, ImportError};

const COMPANY: &str = include_str!("../demo.toml");

/// Fills an empty store.
pub(crate) fn seed(admin: &Admin, now: UnixMillis) -> Result<(), ImportError> {
    admin.import(COMPANY, now).map(|_| ())
}

#[cfg(test)]
mod tests {
    use switchboard_routing::{Directory, ServiceKind};
    use switchboard_store::DirectoryFile;

    use super::COMPANY;
    use crate::prompts;

    #[test]
    fn the_demo_company_is_valid_and_has_what_the_banner_promises() {
        let file = DirectoryFile::parse(COMPANY).unwrap();
        assert!(file.passwords.is_empty(), "h43: no password is built in");
        let directory = Directory::build(&file.spec).unwrap();
        assert_eq!(directory.users().len(), 3);
        assert!(directory.called("+49301234567").is_some());
        assert_eq!(directory.service("*43"), Some(&ServiceKind::Echo));
        assert!(matches!(directory.service("*60"), Some(ServiceKind::PromptLoop(_))));
    }

    #[test]
    fn every_prompt_that_the_demo_names_exists_in_both_languages() {
        let spec = DirectoryFile::parse(COMPANY).unwrap().spec;
        let services = spec.services.iter().filter_map(|service| match &service.service {
            ServiceKind::PromptLoop(prompt) => Some(prompt),
            _ => None,
        });
        let named = spec.lines.iter().map(|line| &line.welcome_prompt);
        for prompt in named.chain(spec.menus.iter().map(|menu| &menu.prompt)).chain(services) {
            for language in [crate::cli::Language::En, crate::cli::Language::De] {
                assert!(
                    prompts::load(language).unwrap().get(prompt.as_str()).is_some(),
                    "{prompt}"
                );
            }
        }
    }
}
