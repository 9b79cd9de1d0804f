//! Valid payloads, derived from the element list of the official schema and not from our table.

use super::Random;
use super::node::{Item, Node};

/// A payload with random elements of the schema.
pub(crate) fn payload(random: &mut Random) -> Node {
    let mut root = Node::new("test_result");
    if random.once_in(2) {
        let mut build = Node::new("build")
            .with("server_id", text(random))
            .with("job_id", text(random))
            .with("build_id", text(random));
        for name in ["job_name", "build_name", "sub_type", "artifact_id"] {
            optional(&mut build, name, random);
        }
        root.push(build);
    }
    context(&mut root, random);
    let mut runs = Node::new("test_runs");
    let is_gherkin = random.once_in(3);
    for _ in 0..random.below(4) {
        runs.push(if is_gherkin {
            gherkin_run(random)
        } else {
            test_run(random)
        });
    }
    root.push(runs);
    root
}

fn text(random: &mut Random) -> String {
    const TEXTS: &[&str] = &[
        "x",
        "adds tax",
        "a<b & 'c' \"d\"",
        "é😀",
        " x ",
        "\u{2028}",
        "a\tb",
        "1",
    ];
    if random.once_in(12) {
        return random.pick(&["x", "é", "😀"]).repeat(255);
    }
    (random.pick(TEXTS)).to_owned()
}

fn long(random: &mut Random) -> String {
    const LONGS: &[&str] = &[
        "0",
        "1",
        "84",
        "1746000000000",
        "-5",
        "+3",
        "0007",
        "9223372036854775807",
    ];
    (random.pick(LONGS)).to_owned()
}

fn status(random: &mut Random) -> &'static str {
    random.pick(&["Passed", "Failed", "Skipped", "Planned"])
}

fn optional(node: &mut Node, name: &str, random: &mut Random) {
    if random.once_in(3) {
        node.attributes.push((name.to_owned(), text(random)));
    }
}

/// Whitespace between elements.
fn add_whitespace(node: &mut Node, random: &mut Random) {
    if random.once_in(3) {
        node.items.push(Item::Raw(random.pick(&[
            " ",
            "\n  ",
            "<!-- c -->",
            "\r\n",
            "<?p?>",
        ])));
    }
}

fn reference(name: &str, random: &mut Random) -> Node {
    Node::new(name).with("id", long(random))
}

fn context(parent: &mut Node, random: &mut Random) {
    add_whitespace(parent, random);
    if random.once_in(3) {
        let mut suite = reference("suite_ref", random);
        optional(&mut suite, "external_run_id", random);
        optional(&mut suite, "component", random);
        parent.push(suite);
        add_whitespace(parent, random);
    }
    if random.once_in(4) {
        parent.push(reference("program_ref", random));
    }
    match random.below(6) {
        0 => parent.push(reference("release_ref", random)),
        1 => parent.push(Node::new("release").with("name", text(random))),
        _ => {}
    }
    if random.once_in(4) {
        parent.push(reference("milestone_ref", random));
    }
    for (list, item) in [
        ("backlog_items", "backlog_item_ref"),
        ("product_areas", "product_area_ref"),
    ] {
        if random.once_in(4) {
            let mut list = Node::new(list);
            for _ in 0..random.below(3) {
                list.push(reference(item, random));
                add_whitespace(&mut list, random);
            }
            parent.push(list);
        }
    }
    if random.once_in(4) {
        let mut fields = Node::new("test_fields");
        for _ in 0..random.below(3) {
            let kind = random.pick(&["Test_Level", "Test_Type", "Testing_Tool_Type", "Framework"]);
            fields.push(
                Node::new("test_field")
                    .with("type", kind)
                    .with("value", text(random)),
            );
        }
        parent.push(fields);
    }
    if random.once_in(4) {
        let mut tags = Node::new("environment");
        for _ in 0..random.below(3) {
            tags.push(
                Node::new("taxonomy")
                    .with("type", text(random))
                    .with("value", text(random)),
            );
        }
        parent.push(tags);
    }
}

fn test_run(random: &mut Random) -> Node {
    let mut run = Node::new("test_run")
        .with("name", text(random))
        .with("duration", long(random))
        .with("status", status(random));
    for name in [
        "module",
        "package",
        "class",
        "run_name",
        "external_assets",
        "external_test_id",
        "external_run_id",
        "run_type",
    ] {
        optional(&mut run, name, random);
    }
    if random.once_in(3) {
        run = run.with(
            "manual",
            random.pick(&["true", "false", "1", "0", " true\t"]),
        );
    }
    if random.once_in(3) {
        run = run.with("started", long(random));
    }
    if random.once_in(3) {
        let links = [
            "http://a",
            "https:/b",
            "TDS://c",
            "testdirector",
            "testdirectors:d",
            "http://a\u{2028}\u{85}",
        ];
        run = run.with("external_report_url", random.pick(&links));
    }
    context(&mut run, random);
    if random.once_in(2) {
        let mut error = words("error", random);
        optional(&mut error, "type", random);
        optional(&mut error, "message", random);
        run.push(error);
    }
    if random.once_in(3) {
        run.push(words("description", random));
    }
    add_whitespace(&mut run, random);
    for _ in 0..random.below(3) {
        run.push(steps(random));
    }
    run
}

/// An element with text.
fn words(name: &str, random: &mut Random) -> Node {
    let mut node = Node::new(name);
    for _ in 0..random.below(3) {
        let text = text(random);
        node.items.push(Item::Text(text));
        if random.once_in(2) {
            let raw = random.pick(&["<![CDATA[<a>&]]>", "<!-- c -->", "&#10;", "\r\n", "<?p?>"]);
            node.items.push(Item::Raw(raw));
        }
    }
    node
}

fn steps(random: &mut Random) -> Node {
    let mut steps = Node::new("steps");
    optional(&mut steps, "iteration", random);
    for _ in 0..random.below(3) {
        let mut step = Node::new("step")
            .with("name", text(random))
            .with("duration", long(random))
            .with("status", text(random));
        optional(&mut step, "external_step_id", random);
        if random.once_in(3) {
            step.push(words("error_message", random));
        }
        add_whitespace(&mut step, random);
        for name in ["input_parameters", "output_parameters"] {
            if random.once_in(3) {
                let mut parameters = Node::new(name);
                for _ in 0..=random.below(2) {
                    let mut parameter = Node::new("parameter").with("name", text(random));
                    optional(&mut parameter, "value", random);
                    optional(&mut parameter, "type", random);
                    parameters.push(parameter);
                }
                step.push(parameters);
            }
        }
        steps.push(step);
        add_whitespace(&mut steps, random);
    }
    steps
}

fn gherkin_run(random: &mut Random) -> Node {
    let mut run = Node::new("gherkin_test_run")
        .with("name", random.pick(&["", "Pay"]))
        .with("duration", long(random))
        .with("status", status(random));
    optional(&mut run, "external_run_id", random);
    let mut feature = Node::new("feature")
        .with("name", random.pick(&["", "Pay"]))
        .with("path", text(random))
        .with("tag", random.pick(&["", "@TID1"]))
        .with("started", long(random));
    optional(&mut feature, "identifier", random);
    let mut file = words("file", random);
    if random.once_in(4) {
        let raw = random.pick(&[
            "<a b='c'>x<d/></a>",
            "<test_result><test_runs/></test_result>",
            "<a xmlns='urn:other'><test_result/></a>",
            "<xml:a xml:b='1'/>",
        ]);
        file.items.push(Item::Raw(raw));
    }
    feature.push(file);
    if random.once_in(2) {
        feature.push(scenarios(random));
    }
    add_whitespace(&mut run, random);
    run.push(feature);
    run
}

fn scenarios(random: &mut Random) -> Node {
    let mut scenarios = Node::new("scenarios");
    if random.once_in(2) {
        let mut background = Node::new("background");
        if random.once_in(2) {
            let mut steps = Node::new("steps");
            for _ in 0..random.below(3) {
                let mut step = Node::new("step").with("name", text(random));
                if random.once_in(2) {
                    step = step.with("duration", long(random));
                }
                optional(&mut step, "status", random);
                if random.once_in(3) {
                    step.push(words("error_message", random));
                }
                steps.push(step);
            }
            background.push(steps);
        }
        scenarios.push(background);
    }
    for _ in 0..random.below(3) {
        let mut scenario = Node::new("scenario")
            .with("name", random.pick(&["", "pays"]))
            .with("status", status(random));
        if random.once_in(2) {
            scenario = scenario.with("outlineIndex", long(random));
        }
        scenario.push(steps(random));
        scenarios.push(scenario);
    }
    scenarios
}
