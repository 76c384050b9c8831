//! Small pictures made of block characters, one cell high.

const HEIGHTS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const EIGHTHS: [char; 7] = ['▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/// A histogram in at most `cells` cells. Every cell adds up the same number of bars, so that cells compare; a
/// cell is blank exactly if nothing was counted in it.
pub(super) fn sparkline(counts: &[u64], cells: usize) -> String {
    let fewest = counts.len().div_ceil(cells.max(1)).max(1);
    let bars_per_cell =
        (fewest..=counts.len()).find(|bars| counts.len().is_multiple_of(*bars)).unwrap_or(fewest);
    let add_up = |bars: &[u64]| bars.iter().map(|count| u128::from(*count)).sum::<u128>();
    let sums: Vec<u128> = counts.chunks(bars_per_cell).map(add_up).collect();
    let highest = sums.iter().copied().max().unwrap_or(0);
    sums.iter().map(|sum| height(*sum, highest)).collect()
}

/// Rounds up, so that little is seen and only the highest fills its cell.
fn height(sum: u128, highest: u128) -> char {
    if sum == 0 {
        return ' ';
    }
    let steps = HEIGHTS.len() as u128;
    HEIGHTS[((sum * steps).div_ceil(highest) - 1) as usize]
}

/// A bar of `share` (`0.0..=1.0`) of `cells` cells, in steps of an eighth of a cell. Empty only for nothing, full
/// only for all.
pub(super) fn bar(share: f64, cells: usize) -> String {
    let steps = cells * 8;
    let filled = (share * steps as f64).round() as usize;
    let filled = match share {
        share if share <= 0.0 => 0,
        share if share >= 1.0 => steps,
        _ => filled.clamp(1, steps - 1),
    };
    let mut bar = "█".repeat(filled / 8);
    bar.extend((filled % 8).checked_sub(1).map(|eighths| EIGHTHS[eighths]));
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sparklines_show_the_shape() {
        let check = |counts: &[u64], cells: usize, shape: &str| assert_eq!(sparkline(counts, cells), shape);
        check(&[], 4, "");
        check(&[0, 0], 4, "  ");
        check(&[1, 2, 4, 8], 4, "▁▂▄█");
        check(&[1, 0, 1_000_000], 4, "▁ █");
        check(&[1, 1, 2, 2, 4, 4], 4, "▂▄█");
        check(&[3, 3, 3, 3, 3, 3, 3, 3], 5, "████");
        check(&[u64::MAX, u64::MAX, u64::MAX], 1, "█");
    }

    #[test]
    fn bars_are_empty_only_for_nothing_and_full_only_for_all() {
        let check = |share: f64, shape: &str| assert_eq!(bar(share, 2), shape);
        check(0.0, "");
        check(1e-9, "▏");
        check(0.25, "▌");
        check(0.5, "█");
        check(0.99999, "█▉");
        check(1.0, "██");
    }
}
