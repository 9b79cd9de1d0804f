//! Reads contexts.

use super::reader::{InvalidPayload, PayloadReader};
use crate::context::{Build, Context, Release, SuiteRef, Tag, TestField, TestFieldKind};

impl PayloadReader<'_> {
    pub(super) fn context_child(
        &mut self,
        child: &str,
        context: &mut Context,
    ) -> Result<(), InvalidPayload> {
        match child {
            "build" => {
                context.build = Some(Build {
                    server_id: self.text("server_id"),
                    job_id: self.text("job_id"),
                    job_name: self.maybe_text("job_name"),
                    build_id: self.text("build_id"),
                    build_name: self.maybe_text("build_name"),
                    sub_type: self.maybe_text("sub_type"),
                    artifact_id: self.maybe_text("artifact_id"),
                });
            }
            "suite_ref" => {
                context.suite = Some(SuiteRef {
                    id: self.id().into(),
                    external_run_id: self.maybe_text("external_run_id"),
                    component: self.maybe_text("component"),
                });
            }
            "program_ref" => context.program = Some(self.id().into()),
            "release_ref" => context.release = Some(Release::Id(self.id().into())),
            "release" => context.release = Some(Release::Name(self.text("name"))),
            "release_name" => {
                let name = self.leave_with_text()?;
                context.release = (!name.is_empty()).then_some(Release::Name(name));
                return Ok(());
            }
            "milestone_ref" => context.milestone = Some(self.id().into()),
            "backlog_items" => {
                return self.items(|reader| context.backlog_items.push(reader.id().into()));
            }
            "product_areas" => {
                return self.items(|reader| context.product_areas.push(reader.id().into()));
            }
            "test_fields" => {
                return self.items(|reader| {
                    let kind = reader.walker.attribute("type");
                    context.test_fields.push(TestField {
                        kind: kind
                            .and_then(TestFieldKind::from_payload)
                            .unwrap_or(TestFieldKind::TestLevel),
                        value: reader.text("value"),
                    });
                });
            }
            "environment" => {
                return self.items(|reader| {
                    context.environment.push(Tag {
                        tag_type: reader.text("type"),
                        value: reader.text("value"),
                    });
                });
            }
            _ => {}
        }
        self.leave()
    }
}
