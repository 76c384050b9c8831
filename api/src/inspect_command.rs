//! `data-inspector inspect FILE`: how the answer, or the failure, reaches the person who asked. Not here: how
//! the answer is found (the driver, which `main.rs` calls) and how it looks (`report`).

use std::io::{self, BufWriter, ErrorKind, IsTerminal as _, StdoutLock, Write as _, stderr, stdout};
use std::process::ExitCode;

use console::Term;
use data_inspector_api::report::{Style, render, render_html, render_markdown, visible};
use data_inspector_domain::failure::{Failure, FailureOrigin};
use data_inspector_domain::profile::Profile;

use crate::inspect_arguments::InspectArguments;

/// Width of a report that is not read on a terminal.
const WIDTH_WITHOUT_TERMINAL: usize = 100;

/// Prints the answer on stdout and whatever went wrong on stderr: exit code 0 if the file was inspected, else 1.
pub(crate) fn answer(arguments: &InspectArguments, outcome: Result<Profile, Failure>) -> ExitCode {
    let profile = match outcome {
        Ok(profile) => profile,
        Err(failure) => return fail(&message(&failure)),
    };
    let text = match arguments {
        InspectArguments { json: true, .. } => return print_json(&profile),
        InspectArguments { html: true, .. } => render_html(&profile, &file_name(arguments)),
        InspectArguments { markdown: true, .. } => render_markdown(&profile, &file_name(arguments)),
        _ => render(&profile, &file_name(arguments), style_of_stdout()),
    };
    print(&text)
}

/// Prints an answer on stdout.
pub(crate) fn print(text: &str) -> ExitCode {
    print_with(|out| out.write_all(text.as_bytes()))
}

/// Prints the canonical JSON as it is made: of 50,000 columns it has 200 MB.
fn print_json(profile: &Profile) -> ExitCode {
    print_with(|out| {
        let mut out = BufWriter::new(out);
        serde_json::to_writer(&mut out, profile)?;
        out.write_all(b"\n")?;
        out.flush()
    })
}

fn print_with(write: impl FnOnce(&mut StdoutLock<'_>) -> io::Result<()>) -> ExitCode {
    match write(&mut stdout().lock()).and_then(|()| stdout().flush()) {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever read the answer has seen enough: `data-inspector inspect FILE | head`.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => fail(&format!("cannot write the answer: {error}")),
    }
}

fn file_name(arguments: &InspectArguments) -> String {
    let name = arguments.file.file_name().unwrap_or(arguments.file.as_os_str());
    name.to_string_lossy().into_owned()
}

/// What the terminal on stdout can do. `NO_COLOR` and a dumb terminal turn colours off.
pub(crate) fn style_of_stdout() -> Style {
    let terminal = Term::stdout();
    let size = if stdout().is_terminal() { terminal.size_checked() } else { None };
    Style {
        colour: terminal.features().colors_supported(),
        width: size.map_or(WIDTH_WITHOUT_TERMINAL, |(_, columns)| columns.into()),
    }
}

/// What failed and where; and why, if it is for whoever runs this machine to mend.
fn message(failure: &Failure) -> String {
    let mut message = failure.to_string();
    if let Some(byte) = failure.at_byte {
        message += &format!(" (at byte {byte})");
    }
    let is_for_operator = matches!(failure.code.origin(), FailureOrigin::Storage | FailureOrigin::Platform);
    if let Some(cause) = failure.operator_message.as_ref().filter(|_| is_for_operator) {
        message += &format!("; cause: {cause}");
    }
    message
}

/// Says on stderr what went wrong.
pub(crate) fn fail(message: &str) -> ExitCode {
    // Nobody is left to be told if stderr is gone too.
    let _ = writeln!(stderr(), "data-inspector: {}", visible(message));
    ExitCode::FAILURE
}
