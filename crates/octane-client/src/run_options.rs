//! What every way to deliver results has in common: its settings, what cancels it, and who receives its events.

use crate::cancellation::CancellationToken;
use crate::event::Event;
use crate::settings::UploadSettings;

/// The options of an upload, a delivery or a merge.
pub(crate) struct RunOptions<'a> {
    pub(crate) settings: UploadSettings,
    pub(crate) cancellation: CancellationToken,
    pub(crate) on_event: Box<dyn Fn(&Event) + Send + Sync + 'a>,
}

impl Default for RunOptions<'_> {
    fn default() -> Self {
        Self {
            settings: UploadSettings::default(),
            cancellation: CancellationToken::none(),
            on_event: Box::new(|_| {}),
        }
    }
}

/// The methods that set the field `options: RunOptions<'a>`; the documentation is that of the settings.
macro_rules! run_options {
    ($(#[$settings:meta])+) => {
        $(#[$settings])+
        pub fn settings(mut self, settings: UploadSettings) -> Self {
            self.options.settings = settings;
            self
        }

        /// Cancels it early.
        pub fn cancellation(mut self, token: CancellationToken) -> Self {
            self.options.cancellation = token;
            self
        }

        /// Is called with everything that happens, as it happens.
        pub fn on_event(mut self, on_event: impl Fn(&Event) + Send + Sync + 'a) -> Self {
            self.options.on_event = Box::new(on_event);
            self
        }
    };
}

pub(crate) use run_options;
