//! `edot-tui status`: watches until everything is known, or known to be absent, and prints it once. Must not format figures;
//! `report` does that.

mod fleet;

use super::{
    args::{SettingFlags, screen, size, up_to_an_hour},
    block_on,
    feeds_ready::wait_until_ready,
    read_ui,
};
use crate::{
    config::Settings,
    error::{CommandError, SUCCESS},
    open, report,
    session::Session,
    stdio,
    ui::{Screen, Ui},
    view::{self, Cx, Look},
};
use clap::{Args, ValueEnum};
use ratatui::{buffer::Buffer, layout::Rect};
use std::time::Duration;

#[derive(Debug, Args)]
pub struct Status {
    /// What to print
    #[arg(short, long, value_name = "FORMAT", default_value = "text", value_enum, help_heading = "Output")]
    pub output: StatusFormat,
    /// The longest to wait until every feed is up or known to be absent
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = up_to_an_hour, help_heading = "Output")]
    pub wait: Duration,
    /// With -o screen: columns and rows
    #[arg(long, value_name = "COLSxROWS", default_value = "120x36", value_parser = size, help_heading = "Output")]
    pub size: (u16, u16),
    /// With -o screen: the screen to print
    #[arg(long, value_name = "SCREEN", default_value = "overview", value_parser = screen(), help_heading = "Output")]
    pub screen: Screen,
    #[command(flatten)]
    pub settings: SettingFlags,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum StatusFormat {
    Text,
    Json,
    Screen,
}

/// Prints the status.
///
/// # Errors
/// The source cannot be opened, or the HPA is not there.
pub fn run(settings: &Settings, args: &Status) -> Result<u8, CommandError> {
    match open::fleet::is_wanted(settings)? {
        true => block_on(fleet::print(settings, args)),
        false => block_on(print(settings, args)),
    }
}

async fn print(settings: &Settings, args: &Status) -> Result<u8, CommandError> {
    let look = open::look(settings)?;
    let ui = Ui { screen: args.screen, ..read_ui(settings, true)? };
    let mut running = open::live_within(settings, None, args.wait).await?;
    running.hpa_found().await?;
    let session = wait_until_ready(&mut running.source, args.wait).await;
    running.stop.cancel();
    session.watching.notes.iter().for_each(|note| stdio::message(note));
    let text = match args.output {
        StatusFormat::Json => serde_json::to_string_pretty(&report::status(&session))? + "\n",
        StatusFormat::Text => report::status_as_text(&report::status(&session)),
        StatusFormat::Screen => screen_text(&session, args.size, &ui, &look),
    };
    stdio::data(&text).map(|()| SUCCESS)
}

/// The screen as the user would have it, in characters.
fn screen_text(session: &Session, size: (u16, u16), ui: &Ui, look: &Look) -> String {
    let mut buffer = Buffer::empty(Rect::new(0, 0, size.0, size.1));
    view::draw(&mut buffer, &Cx::new(session, session.now_ms(), ui, look));
    view::golden::planes(&buffer).text.join("\n") + "\n"
}
