//! The progress bar on stderr: there while somebody watches a terminal, gone without a trace when done.

use std::time::Duration;

use indicatif::{HumanCount, ProgressDrawTarget, ProgressStyle};

const DRAWS_PER_SECOND: u8 = 10;
const REDRAW_WHILE_WAITING: Duration = Duration::from_millis(200);
const TEMPLATE: &str = "{wide_bar:.cyan/dim} {percent:>3}%  {decimal_bytes} of {decimal_total_bytes}  \
                        {decimal_bytes_per_sec}  {eta} left  {msg} rows";

const TRANSFER_TEMPLATE: &str = "{wide_bar:.cyan/dim} {percent:>3}%  {decimal_bytes} of {decimal_total_bytes}  \
                                 {decimal_bytes_per_sec}  {eta} left";

/// A progress bar that disappears when it is dropped. Draws nothing where stderr is no terminal.
pub(crate) struct ProgressBar {
    bar: indicatif::ProgressBar,
}

impl ProgressBar {
    /// Of an inspection.
    pub(crate) fn on_stderr() -> Self {
        Self::with_template(TEMPLATE)
    }

    /// Of a transfer, which has no rows.
    pub(crate) fn of_transfer() -> Self {
        Self::with_template(TRANSFER_TEMPLATE)
    }

    fn with_template(template: &str) -> Self {
        let bar = indicatif::ProgressBar::with_draw_target(
            None,
            ProgressDrawTarget::stderr_with_hz(DRAWS_PER_SECOND),
        );
        let style = ProgressStyle::with_template(template).expect("the template is valid: a test parses it");
        bar.set_style(style.progress_chars("━╸─"));
        bar.enable_steady_tick(REDRAW_WHILE_WAITING);
        Self { bar }
    }

    /// Shows how far the inspection is. May be called from any thread.
    pub(crate) fn show(&self, bytes_done: u64, bytes_total: u64, rows_done: u64) {
        self.bar.set_length(bytes_total);
        self.bar.set_position(bytes_done);
        self.bar.set_message(HumanCount(rows_done).to_string());
    }
}

impl ProgressBar {
    /// Says something above the bar.
    pub(crate) fn say(&self, message: &str) {
        self.bar.println(message);
    }
}

impl Drop for ProgressBar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_is_valid_and_any_progress_can_be_shown() {
        let progress = ProgressBar::on_stderr();
        progress.show(0, 0, 0);
        progress.show(5, 10, 1);
        progress.show(u64::MAX, u64::MAX, u64::MAX);
        ProgressBar::of_transfer().show(5, 10, 0);
    }
}
