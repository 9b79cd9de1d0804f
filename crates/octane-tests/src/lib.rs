//! Tests of the whole: contract, the main job, the program, foreign servers (not published)
