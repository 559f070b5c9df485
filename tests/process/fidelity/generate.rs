//! Kubeconfig files as tools write them, as people write them, and as neither should.

use proptest::prelude::*;
use proptest::sample::select;

/// A node of a file that is going to be written.
#[derive(Clone, Debug)]
pub(crate) enum Node {
    /// A scalar, written as it is.
    Scalar(String),
    /// A list.
    List(Vec<Node>),
    /// A mapping; keys are written as they are.
    Map(Vec<(String, Node)>),
}

/// How a file is written.
#[derive(Clone, Debug)]
enum Style {
    Block { indent: usize, flush_lists: bool },
    Flow,
}

/// The content of one file.
pub(crate) fn file() -> impl Strategy<Value = String> {
    let edited = (kubeconfig(), style(), prop::option::weighted(0.12, slip())).prop_map(|(root, style, slip)| {
        let text = write(&root, &style);
        slip.map(|slip| slip.apply(&text)).unwrap_or(text)
    });
    let content = prop_oneof![12 => edited, 1 => select(ODD_FILES).prop_map(str::to_owned)];
    (content, select(BEFORE), select(AFTER), prop::bool::weighted(0.1)).prop_map(|(content, before, after, windows)| {
        let gap = if content.is_empty() || content.ends_with('\n') || after.is_empty() { "" } else { "\n" };
        let text = format!("{before}{content}{gap}{after}");
        if windows { text.replace('\n', "\r\n") } else { text }
    })
}

const BEFORE: &[&str] = &[
    "",
    "",
    "",
    "",
    "",
    "",
    "# written by hand\n",
    "---\n",
    "\n\n---\n",
    "%YAML 1.1\n---\n",
    "\u{FEFF}",
    "--- # one\n",
];

const AFTER: &[&str] = &[
    "",
    "",
    "",
    "",
    "",
    "",
    "\n",
    "# end\n",
    "---\ncurrent-context: second\n",
    "---\n\tbroken: {\n",
    "...\n---\nusers: 7\n",
];

/// Files that are no kubeconfigs, or hardly.
const ODD_FILES: &[&str] = &[
    "",
    "\n",
    "   \n",
    "null\n",
    "~",
    "{}",
    "[]\n",
    "text\n",
    "7\n",
    "'quoted'\n",
    "# nothing but this\n",
    "---\n",
    "--- {}\n",
    "- a\n- b\n",
    "a: b: c\n",
    "a:\n\tb: c\n",
    "clusters: {\n",
    "clusters:\n- name: a\n cluster: {}\n",
    "kind: Pod\n",
    "kind: config\n",
    "apiVersion: v2\n",
    "apiVersion: /v1\n",
    "apiVersion: a/b/c\n",
    "Kind: Pod\n",
    "KIND: Config\n",
    "kind: 7\n",
    "kind: ~\n",
    "apiVersion: a/\n",
    "? clusters\n: []\n",
    "? [a]\n: b\n",
    "{a: b}: c\n",
    "~: x\n",
    "1: x\n",
    "1.5: x\n",
    "yes: x\n",
    "18446744073709551615: x\n",
    "x: .inf\n",
    "x: !!float 7\n",
    "x: !!int seven\n",
    "x: !!bool yes\n",
    "x: !!bool maybe\n",
    "x: !!timestamp 2001-01-01\n",
    "x: !!timestamp never\n",
    "x: !!binary aGk=\n",
    "x: !!binary a!\n",
    "x: !mine 7\n",
    "x: !!set {a, b}\n",
    "x: !e!x 7\n",
    "x: *gone\n",
    "x: &a [*a]\n",
    "x: &a {b: c}\n<<: *a\n",
    "<<: 7\n",
    "<<: [{current-context: a}, {current-context: b}]\n",
    "current-context: a\n<<: {current-context: b}\n",
    "<<: {current-context: b}\ncurrent-context: a\n",
    "\"<<\": {current-context: b}\n",
    "current-context: !!str 7\n",
    "current-context: ! 7\n",
    "current-context: \"a\\x41\\u00e9\\n\"\n",
    "current-context: 'it''s'\n",
    "current-context: |\n  a\n  b\n",
    "current-context: >-\n  a\n  b\n",
    "current-context: a\n  b\n",
    "current-context: 'a\n  b'\n",
    "current-context: a #b\n",
    "current-context: a#b\n",
    "current-context:a\n",
    "current-context: @a\n",
    "current-context: `a\n",
    "current-context: %a\n",
    "current-context: -a\n",
    "current-context: - a\n",
    "current-context: a: b\n",
    "current-context: a:b\n",
    "current-context: [a\n",
    "current-context: {a}\n",
    "current-context: \ta\n",
    "{\n\t\"current-context\": \"a\"\n}\n",
    "{\"current-context\":\"a\"}",
    "{\"current-context\":\"a\",}",
    "{'current-context':'a'}\n",
    "current-context: \"a\\/b\"\n",
    "current-context: \"\\q\"\n",
    "preferences: {colors: true}\n",
    "preferences: {colors: 1}\n",
    "preferences: []\n",
    "preferences: {extensions: [{name: a}, {name: a}]}\n",
    "extensions: [{name: a, extension: {}}, {name: a}]\n",
    "extensions: [{name: a, extension: {b: c}}]\n",
    "extensions: {}\n",
    "clusters: ''\n",
    "contexts: [~]\n",
    "contexts: [~, ~]\n",
    "contexts: [[]]\n",
    "contexts: [a]\n",
    "users: [{user: {}}]\n",
    "users: [{name: a, user: []}]\n",
    "users: [{name: a, user: {client-key-data: [104, 105]}}]\n",
    "users: [{name: a, user: {client-key-data: [300]}}]\n",
    "clusters: [{name: a, cluster: {insecure-skip-tls-verify: 'true'}}]\n",
    "clusters: [{name: a, cluster: {insecure-skip-tls-verify: on}}]\n",
    "users: [{name: a, user: {as-groups: a}}]\n",
    "users: [{name: a, user: {as-user-extra: {a: [b], c: ~}}}]\n",
    "users: [{name: a, user: {auth-provider: {name: oidc, config: {a: 7}}}}]\n",
    "users: [{name: a, user: {auth-provider: ~, exec: ~}}]\n",
    "users: [{name: a, user: {exec: {env: [{name: a, value: 7}]}}}]\n",
    "users: [{name: a, user: {exec: {args: [~, a]}}}]\n",
    "current-context: a\u{7}b\n",
    "current-context: \"a\tb\"\n",
];

/// What goes wrong when a file is edited by hand.
#[derive(Clone, Debug)]
enum Slip {
    CutOff(prop::sample::Index),
    Insert(prop::sample::Index, &'static str),
    RepeatLine(prop::sample::Index),
    DropLine(prop::sample::Index),
    Shift(prop::sample::Index),
}

/// Characters that YAML 1.1 and 1.2 treat alike wherever they are put in.
const INSERTED: &[&str] = &[": ", "{", "]", ",", "- ", " #", "*", "|", "~", "%", "@"];

fn slip() -> impl Strategy<Value = Slip> {
    let place = any::<prop::sample::Index>;
    prop_oneof![
        place().prop_map(Slip::CutOff),
        (place(), select(INSERTED)).prop_map(|(place, text)| Slip::Insert(place, text)),
        place().prop_map(Slip::RepeatLine),
        place().prop_map(Slip::DropLine),
        place().prop_map(Slip::Shift),
    ]
}

impl Slip {
    fn apply(&self, text: &str) -> String {
        if text.is_empty() {
            return String::new();
        }
        let characters: Vec<char> = text.chars().collect();
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        match self {
            Self::CutOff(place) => return characters[..place.index(characters.len())].iter().collect(),
            Self::Insert(place, inserted) => {
                let (before, after) = characters.split_at(place.index(characters.len()));
                return before.iter().copied().chain(inserted.chars()).chain(after.iter().copied()).collect();
            }
            Self::RepeatLine(place) => {
                let at = place.index(lines.len());
                lines.insert(at, lines[at].clone());
            }
            Self::DropLine(place) => {
                lines.remove(place.index(lines.len()));
            }
            Self::Shift(place) => {
                let at = place.index(lines.len());
                lines[at].insert(0, ' ');
            }
        }
        lines.join("\n") + "\n"
    }
}

fn style() -> impl Strategy<Value = Style> {
    prop_oneof![
        3 => (1usize..5, any::<bool>()).prop_map(|(indent, flush_lists)| Style::Block { indent: indent + 1, flush_lists }),
        1 => Just(Style::Flow),
    ]
}

fn map(fields: Vec<(&'static str, BoxedStrategy<Node>)>) -> BoxedStrategy<Node> {
    let fields: Vec<_> = fields.into_iter().map(|(key, value)| (Just(key.to_owned()), value)).collect();
    fields.prop_shuffle().prop_map(Node::Map).boxed()
}

/// Each field is there or not.
fn some_of(fields: Vec<(&'static str, BoxedStrategy<Node>)>) -> BoxedStrategy<Node> {
    let count = fields.len();
    (map(fields), prop::collection::vec(prop::bool::weighted(0.35), count))
        .prop_map(|(node, present)| match node {
            Node::Map(entries) => Node::Map(
                entries.into_iter().zip(present).filter(|(_, present)| *present).map(|(entry, _)| entry).collect(),
            ),
            other => other,
        })
        .boxed()
}

fn scalar(texts: &'static [&'static str]) -> BoxedStrategy<Node> {
    prop_oneof![
        60 => select(texts).prop_map(str::to_owned),
        1 => select(ODD_SCALARS).prop_map(str::to_owned),
    ]
    .prop_map(Node::Scalar)
    .boxed()
}

const ODD_SCALARS: &[&str] = &[
    "yes",
    "off",
    "y",
    "n",
    "~",
    "null",
    "Null",
    "''",
    "\"\"",
    "",
    "7",
    "007",
    "08",
    "0x1f",
    "0o7",
    "0b11",
    "1_000",
    "1e3",
    "1e400",
    ".5",
    "5.",
    "+7",
    "-7",
    "+",
    ".",
    "..",
    ".inf",
    "2001-01-01",
    "2001-01-01T00:00:00Z",
    "12:30",
    "1:2:3",
    "!!str 7",
    "!!int '7'",
    "!!null ''",
    "[]",
    "{}",
    "[a]",
    "{a: b}",
    "=",
    "<<",
    "true",
    "TRUE",
    "tRuE",
    "a b",
    "a\\b",
    "'a\\b'",
    "é",
    "日本",
    "😀",
    "0.1.2",
    "18446744073709551616",
    "9223372036854775808",
];

const NAMES: &[&str] = &[
    "a",
    "b",
    "c",
    "dev",
    "'12345'",
    "\"272\"",
    "'yes'",
    "kubernetes",
    "1234-c0ffee",
    "'with space'",
    "\"line\\nbreak\"",
    "ünï",
    "a/b:c",
    "A",
];

fn named(list: &'static str, body: &'static str, value: BoxedStrategy<Node>) -> BoxedStrategy<(String, Node)> {
    let item = map(vec![("name", scalar(NAMES)), (body, value)]);
    // Repeated names are the exception, so that not every file is refused.
    prop::collection::vec(item, 0..4)
        .prop_flat_map(|items| (Just(items), prop::bool::weighted(0.1)))
        .prop_map(move |(items, keep)| (list.to_owned(), Node::List(if keep { items } else { without_repeats(items) })))
        .boxed()
}

fn without_repeats(items: Vec<Node>) -> Vec<Node> {
    let mut seen = std::collections::BTreeSet::new();
    items
        .into_iter()
        .filter(|item| match item {
            Node::Map(entries) => entries.iter().all(|(key, value)| key != "name" || seen.insert(format!("{value:?}"))),
            _ => true,
        })
        .collect()
}

fn kubeconfig() -> BoxedStrategy<Node> {
    let flags = || scalar(&["true", "false"]);
    let data = || scalar(&["aGk=", "''", "\"aGVs\\nbG8=\"", "QUJD", "|\n aGVs\n bG8="]);
    let path =
        || scalar(&["ca.pem", "./ca.pem", "../x/ca.pem", "~/ca.pem", "/etc//ca.pem", "a/../b", "'with space.pem'"]);
    let text = || scalar(&["x", "'7'", "\"\\u00e9\"", "a-b_c", "https://a:6443", "'#'"]);
    let texts = move || prop::collection::vec(text(), 0..3).prop_map(Node::List).boxed();
    let extensions = || {
        prop_oneof![
            Just("[]"),
            Just("~"),
            Just("[{name: e, extension: {a: 1}}]"),
            Just("[{name: e}, {name: e}]"),
            Just("[{name: e, extension: ~}, {name: e, extension: 7}]"),
            Just("[{name: client.authentication.k8s.io/exec, extension: {audience: a, n: 7}}]"),
        ]
        .prop_map(|text| Node::Scalar(text.to_owned()))
        .boxed()
    };
    let context = some_of(vec![
        ("cluster", scalar(NAMES)),
        ("user", scalar(NAMES)),
        ("namespace", text()),
        ("extensions", extensions()),
    ]);
    let cluster = some_of(vec![
        ("server", text()),
        ("tls-server-name", text()),
        ("insecure-skip-tls-verify", flags()),
        ("certificate-authority", path()),
        ("certificate-authority-data", data()),
        ("proxy-url", text()),
        ("disable-compression", flags()),
        ("unknown", text()),
        ("Server", text()),
        ("extensions", extensions()),
    ]);
    let env = some_of(vec![("name", text()), ("value", text())]);
    let exec = some_of(vec![
        ("command", scalar(&["plugin", "./plugin", "bin/plugin", "/bin/plugin", "''"])),
        ("args", texts()),
        ("env", prop::collection::vec(env, 0..3).prop_map(Node::List).boxed()),
        ("apiVersion", scalar(&["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"])),
        ("installHint", text()),
        ("provideClusterInfo", flags()),
        ("interactiveMode", scalar(&["Never", "IfAvailable", "Always", "Sometimes"])),
    ]);
    let provider = some_of(vec![("name", text()), ("config", some_of(vec![("id-token", text()), ("x", text())]))]);
    let user = some_of(vec![
        ("client-certificate", path()),
        ("client-certificate-data", data()),
        ("client-key", path()),
        ("client-key-data", data()),
        ("token", text()),
        ("tokenFile", path()),
        ("as", text()),
        ("as-uid", text()),
        ("as-groups", texts()),
        ("as-user-extra", some_of(vec![("a", texts()), ("b", texts())])),
        ("username", text()),
        ("password", text()),
        ("auth-provider", provider),
        ("exec", exec),
        ("extensions", extensions()),
    ]);
    let lists =
        (named("contexts", "context", context), named("clusters", "cluster", cluster), named("users", "user", user));
    let rest = some_of(vec![
        ("apiVersion", scalar(&["v1", "'v1'", "''"])),
        ("kind", scalar(&["Config", "Config", "''"])),
        ("current-context", scalar(NAMES)),
        (
            "preferences",
            prop_oneof![Just("{}"), Just("{colors: true}")].prop_map(|text| Node::Scalar(text.into())).boxed(),
        ),
    ]);
    (lists, rest, prop::bool::weighted(0.05))
        .prop_map(|((contexts, clusters, users), rest, twice)| {
            let mut entries = vec![contexts, clusters, users];
            if let Node::Map(rest) = rest {
                entries.extend(rest);
            }
            if twice {
                entries.push(entries[0].clone());
            }
            Node::Map(entries)
        })
        .boxed()
}

fn write(node: &Node, style: &Style) -> String {
    match style {
        Style::Flow => flow(node) + "\n",
        Style::Block { indent, flush_lists } => {
            let mut text = String::new();
            block(node, 0, *indent, *flush_lists, &mut text);
            text
        }
    }
}

fn flow(node: &Node) -> String {
    match node {
        // Block scalars can't stand in flow collections.
        Node::Scalar(text) if text.starts_with('|') => "aGVsbG8=".to_owned(),
        Node::Scalar(text) => text.clone(),
        Node::List(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Node::Map(entries) => {
            format!(
                "{{{}}}",
                entries.iter().map(|(key, value)| format!("{key}: {}", flow(value))).collect::<Vec<_>>().join(", ")
            )
        }
    }
}

fn block(node: &Node, column: usize, indent: usize, flush_lists: bool, text: &mut String) {
    match node {
        Node::Map(entries) => {
            for (position, (key, value)) in entries.iter().enumerate() {
                if position > 0 {
                    text.push_str(&" ".repeat(column));
                }
                text.push_str(key);
                text.push(':');
                let deeper = match value {
                    Node::List(_) if flush_lists => column,
                    _ => column + indent,
                };
                value_of(value, deeper, indent, flush_lists, text);
            }
        }
        Node::List(items) => {
            for (position, item) in items.iter().enumerate() {
                if position > 0 {
                    text.push_str(&" ".repeat(column));
                }
                text.push('-');
                match item {
                    Node::Map(entries) if !entries.is_empty() => {
                        text.push(' ');
                        block(item, column + 2, indent, flush_lists, text);
                    }
                    _ => value_of(item, column + 2, indent, flush_lists, text),
                }
            }
        }
        Node::Scalar(_) => value_of(node, column, indent, flush_lists, text),
    }
}

fn value_of(value: &Node, column: usize, indent: usize, flush_lists: bool, text: &mut String) {
    match value {
        Node::Scalar(scalar) => {
            text.push_str(&format!(" {}\n", scalar.replace('\n', &format!("\n{}", " ".repeat(column)))))
        }
        Node::List(items) if items.is_empty() => text.push_str(" []\n"),
        Node::Map(entries) if entries.is_empty() => text.push_str(" {}\n"),
        _ => {
            text.push('\n');
            text.push_str(&" ".repeat(column));
            block(value, column, indent, flush_lists, text);
        }
    }
}
