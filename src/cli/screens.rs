//! Flags of the screens: how they begin, and what they leave behind.

use clap::Args;

use super::{SCREEN, words};
use crate::config::{PrintOnExit, Settings, Source, Value};

/// How the screens begin and end.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct Screens {
    /// Begin where the last run left the screens.
    #[arg(long, help_heading = SCREEN)]
    pub restore: bool,

    /// Leave the last screen on the terminal when you quit: as text, or as an SVG picture.
    #[arg(
        long,
        value_name = "FORM",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "text",
        value_parser = words::<PrintOnExit>(),
        help_heading = SCREEN
    )]
    pub print_on_exit: Option<PrintOnExit>,
}

impl Screens {
    /// Settings with these flags over them. A screen that is asked for by name goes before the last one.
    pub fn over(self, mut settings: Settings, names_a_screen: bool) -> Settings {
        if self.restore {
            settings.restore = Value::new(true, Source::Flag("--restore"));
        }
        if names_a_screen {
            settings.restore = Value::new(false, Source::Flag("--view"));
        }
        if let Some(form) = self.print_on_exit {
            settings.print_on_exit = Value::new(form, Source::Flag("--print-on-exit"));
        }
        settings
    }

    /// Why they mean nothing beside a verb; `prints`: one that opens no screen.
    pub(super) fn misplaced(self, has_verb: bool, prints: bool) -> Option<&'static str> {
        if self.restore && has_verb {
            return Some(
                "--restore begins where egret ended on the clusters of a kubeconfig; the verb has others",
            );
        }
        let is_print = self.print_on_exit.is_some() && prints;
        is_print.then_some("--print-on-exit is of the screens, and the verb opens none")
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::super::Cli;
    use super::*;

    fn read(line: &str) -> Settings {
        let cli = Cli::try_parse_from(line.split(' ')).unwrap();
        cli.screens.over(Settings::default(), cli.view.is_some())
    }

    #[test]
    fn the_last_screen_is_printed_as_text_unless_a_form_is_named() {
        for (line, wanted) in [
            ("egret", PrintOnExit::No),
            ("egret --print-on-exit", PrintOnExit::Text),
            ("egret --print-on-exit=svg demo", PrintOnExit::Svg),
            ("egret --print-on-exit demo", PrintOnExit::Text),
        ] {
            assert_eq!(read(line).print_on_exit.value, wanted, "{line}");
        }
    }

    #[test]
    fn flags_of_the_screens_are_refused_where_there_are_none() {
        let check = |line: &str| Cli::try_parse_from(line.split(' ')).unwrap().check();
        for line in ["egret --restore get pods", "egret --restore demo", "egret --print-on-exit get pods"] {
            assert!(check(line).is_err(), "{line}");
        }
        for line in ["egret --restore", "egret --print-on-exit demo"] {
            assert!(check(line).is_ok(), "{line}");
        }
    }

    #[test]
    fn a_screen_that_is_named_goes_before_the_last_one() {
        assert!(read("egret --restore").restore.value);
        assert!(!read("egret --restore --view pods").restore.value);
    }
}
