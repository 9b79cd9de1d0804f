"""The templates of the older module. They are data: payloads are written by the native part, byte for byte as these prescribe."""

from __future__ import annotations

TEST_RUN = '<test_run package="{package}" module="{module}" class="{testclass}" name="{testname}" status="{status}" started="{started}" duration="{duration}">'

EVIDENCE_TEMPLATE_TEST_SUITE = (
    "<?xml version='1.0' encoding='UTF-8'?>"
    "<test_result>"
    "<suite_ref id='{testSuiteID}' external_run_id='{externalRunID}'/>"
    "<release_name>{releaseName}</release_name>"
    "<product_areas><product_area_ref id='{applicationModuleID}'/></product_areas>"
    "<test_runs>{test_results}</test_runs>"
    "<test_fields><test_field field_type='Testing_Tool_Type' value='Quartz'/></test_fields>"
    "</test_result>"
)
