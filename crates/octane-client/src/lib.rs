//! Automated test results into ALM Octane, and their runs linked to the stories they prove
