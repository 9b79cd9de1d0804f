//! What the envelope of a payload says.

use octane_results::{Context, PayloadSettings, SuiteRef};

use crate::settings::UploadSettings;
use crate::target::Target;

pub(super) fn payload_settings(
    target: Option<&Target>,
    settings: &UploadSettings,
) -> PayloadSettings {
    let mut context: Context = settings.context.clone();
    if let Some(target) = target {
        context.suite = Some(SuiteRef::new(target.suite.id, &target.suite_run));
        if let Some(module) = &target.module
            && !context.product_areas.contains(&module.id)
        {
            context.product_areas.insert(0, module.id);
        }
    }
    let mut payload = PayloadSettings::new(settings.dialect, context);
    payload
        .testing_tool_type
        .clone_from(&settings.testing_tool_type);
    payload
}
