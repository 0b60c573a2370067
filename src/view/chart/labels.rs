//! Names at the right end of lines, moved apart so that none covers another. Must not draw them.
use crate::view::theme::Role;

/// One name and the row it would like.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Label {
    pub(super) row: usize,
    /// Names are in the order of their values, the greatest on top.
    pub(super) value: f64,
    pub(super) text: String,
    pub(super) role: Role,
    /// When there are more names than rows, the heavier stay, and of these the greatest values.
    pub(super) weight: u8,
}

/// Gives every label a row of its own among `rows`, each as near as can be to the one it wants, order kept.
pub(super) fn spread(mut labels: Vec<Label>, rows: usize) -> Vec<Label> {
    while labels.len() > rows {
        let lighter = |a: &Label, b: &Label| a.weight.cmp(&b.weight).then(a.value.total_cmp(&b.value));
        let Some(lightest) = (0..labels.len()).min_by(|a, b| lighter(&labels[*a], &labels[*b])) else { break };
        labels.remove(lightest);
    }
    labels.sort_by(|a, b| a.row.cmp(&b.row).then(b.value.total_cmp(&a.value)));
    // Least squares under "at least one row apart": neighbours that clash share the mean of their wishes.
    let mut groups: Vec<(f64, usize)> = Vec::new();
    for (i, label) in labels.iter().enumerate() {
        groups.push((label.row as f64 - i as f64, 1));
        while let [.., (a, n), (b, m)] = groups[..] {
            if a <= b {
                break;
            }
            groups.truncate(groups.len() - 2);
            groups.push(((a * n as f64 + b * m as f64) / (n + m) as f64, n + m));
        }
    }
    let most = rows.saturating_sub(labels.len());
    let places = groups.iter().flat_map(|(mean, n)| std::iter::repeat_n(*mean, *n));
    for (i, (label, mean)) in labels.iter_mut().zip(places).enumerate() {
        label.row = (mean.round().max(0.0) as usize).min(most) + i;
    }
    labels
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(wanted: &[usize], rows: usize) -> Vec<usize> {
        let label = |row: &usize| Label { row: *row, value: 0.0, text: String::new(), role: Role::Text, weight: 0 };
        spread(wanted.iter().map(label).collect(), rows).into_iter().map(|l| l.row).collect()
    }

    #[test]
    fn names_that_clash_move_apart_evenly() {
        assert_eq!(rows(&[3, 9], 12), [3, 9]);
        assert_eq!(rows(&[5, 5, 5], 12), [4, 5, 6]);
        assert_eq!(rows(&[0, 0, 0], 12), [0, 1, 2]);
        assert_eq!(rows(&[11, 11, 11], 12), [9, 10, 11]);
        assert_eq!(rows(&[8, 2, 2], 12), [2, 3, 8]);
        assert_eq!(rows(&[1, 1, 1, 1], 3).len(), 3);
        assert!(rows(&[1], 0).is_empty());
    }

    #[test]
    fn names_are_in_the_order_of_their_values_and_the_greatest_stays() {
        let label = |text: &str, value| Label { row: 2, value, text: text.into(), role: Role::Text, weight: 0 };
        let all = vec![label("low", 1.0), label("high", 9.0), label("mid", 5.0)];
        let texts = |rows| spread(all.clone(), rows).into_iter().map(|l| l.text).collect::<Vec<_>>();
        assert_eq!(texts(9), ["high", "mid", "low"]);
        assert_eq!(texts(1), ["high"]);
    }
}
