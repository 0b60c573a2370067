//! The one time axis that stacked charts share. Must not draw a series.

use super::{
    Cx,
    chart::{ChartStyle, Margins, TimeAxis},
};
use ratatui::{buffer::Buffer, layout::Rect};

/// What charts are drawn with.
pub fn style<'a>(cx: &Cx<'a>) -> ChartStyle<'a> {
    ChartStyle {
        theme: cx.look.theme(),
        symbols: cx.look.symbols,
        utc_offset_s: cx.look.offset_s(),
        origin: cx.ui.run_start(cx.session),
    }
}

/// The axis of charts of this width, and their margins. It moves by whole cells: by single dots it would move twice as
/// often, and every glyph of every line would change each time.
pub fn axis(cx: &Cx, width: u16) -> (TimeAxis, Margins) {
    let margins = margins(cx, width);
    let cells = usize::from(margins.plot_width(width));
    (TimeAxis::snapped(cx.ui.view_end(cx.session), cx.ui.span_ms(cx.session), cells), margins)
}

/// What a chart keeps free beside its plot. A sign before a name needs its own two columns.
pub fn margins(cx: &Cx, width: u16) -> Margins {
    let margins = Margins::for_width(width);
    let signs = if margins.right > 0 && cx.look.has_signs() { 2 } else { 0 };
    Margins { right: margins.right + signs, ..margins }
}

/// The tick row on the bottom border of a column.
pub fn axis_row(buf: &mut Buffer, column: Rect, cx: &Cx) {
    if column.width < 3 || column.height == 0 {
        return;
    }
    let row = Rect { x: column.x + 1, y: column.bottom() - 1, width: column.width - 2, height: 1 };
    let (axis, margins) = axis(cx, row.width);
    axis.draw_row(row, buf, margins, cx.cursor(), &style(cx));
}

/// The moment at column `x` of a chart that fills `inner`; None beside the plot.
pub fn time_at(inner: Rect, x: u16, cx: &Cx) -> Option<i64> {
    let (axis, margins) = axis(cx, inner.width);
    let cell = x.checked_sub(inner.x + margins.left)?;
    if cell >= margins.plot_width(inner.width) {
        return None;
    }
    let per_cell = cx.look.symbols.dots().0;
    let dots = TimeAxis::dots(inner.width, margins, cx.look.symbols);
    Some(axis.time_at(usize::from(cell) * per_cell + per_cell / 2, dots))
}
