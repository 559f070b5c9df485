//! Formats for other programs, with these programs as judges: promtool reads the metrics, Chromium shows the page.

#![cfg(unix)]
use std::fs;
use std::io::Write as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use ackcred_sandbox::kubeconfigs::Credential;
use serde_json::Value;

use crate::binary::{home_at, server};
use crate::home::{Home, UID, offline_file};
use crate::programs::{one_of, program};

/// What a verb prints, whatever it ends with.
fn printed(home: &Home, words: &str) -> String {
    let output = home.run(words).output().unwrap();
    assert!(output.status.code().is_some_and(|code| code != 2 && code != 70), "{words}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn promtool_has_nothing_to_say_against_the_metrics() {
    let Some(promtool) = program("promtool", "promtool_has_nothing_to_say_against_the_metrics") else { return };
    let server = server();
    let home = home_at(&server);
    let token = offline_file().user("bot", &Credential::Token("abc".into())).context("a\"b\\c", "kubernetes", "bot");
    let other = home.write("other.yaml", &token.yaml(), 0o600);
    home.write("broken.yaml", "users: [", 0o600);
    let expiry = format!("expiry {} {} -o prometheus", other.display(), home.path().join("broken.yaml").display());
    for (words, metric) in [
        (expiry.as_str(), "x509_cert_not_after{cluster_id="),
        ("expiry -A -o prometheus", "ackcred_credentials{status=\"Effective\"} 1\n"),
        ("scan --all-users --offline -o prometheus", "ackcred_scan_incomplete 0\n"),
        ("status --offline -o prometheus", "ackcred_status_cluster_read{"),
    ] {
        let text = printed(&home, words);
        assert!(text.contains(metric), "{words}: {text}");
        let mut judge = Command::new(&promtool);
        judge.args(["check", "metrics"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut judge = judge.spawn().unwrap();
        judge.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        let output = judge.wait_with_output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        assert!(output.status.success() && said.is_empty(), "{words}: {}\n{text}", String::from_utf8_lossy(&said));
    }
}

/// Chromium without a window, in a home of its own.
struct Browser {
    program: PathBuf,
    home: Home,
}

/// What Chromium made of a page.
struct Shown {
    /// The document as it stood in the end.
    document: String,
    /// What it wrote to the console.
    console: Vec<String>,
    /// What it asked of the network, its own calls home aside.
    requests: Vec<String>,
}

impl Browser {
    fn find(test: &str) -> Option<Self> {
        Some(Self { program: one_of(&["chromium", "google-chrome", "chromium-browser"], test)?, home: Home::empty() })
    }

    fn show(&self, page: &Path, width: u32) -> Shown {
        let log = self.home.path().join("network.json");
        let output = self
            .home
            .start(self.program.to_str().unwrap())
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--enable-logging=stderr"])
            .args(["--disable-background-networking", "--no-first-run", "--dump-dom"])
            .arg(format!("--user-data-dir={}", self.home.path().join("profile").display()))
            .arg(format!("--window-size={width},900"))
            .arg(format!("--log-net-log={}", log.display()))
            .arg(format!("file://{}", page.display()))
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{errors}");
        let console = errors.lines().filter(|line| line.contains(":CONSOLE")).map(str::to_owned).collect();
        let network = fs::read_to_string(&log).unwrap();
        let network: Value = serde_json::from_str(&network).unwrap_or_else(|_| {
            // A browser that ends at once leaves the list open.
            serde_json::from_str(&format!("{}]}}", network.trim_end().trim_end_matches(','))).unwrap()
        });
        let urls = network["events"].as_array().unwrap().iter().filter_map(|event| event["params"]["url"].as_str());
        let is_its_own =
            |url: &&str| ["google.com/", "googleapis.com/", "gvt1.com/"].iter().any(|host| url.contains(host));
        let requests = urls.filter(|url| url.starts_with("http") && !is_its_own(url)).map(str::to_owned).collect();
        Shown { document: String::from_utf8(output.stdout).unwrap(), console, requests }
    }
}

/// What sorting by the second column and back leads to, and whether anything is wider than the window: in the title, where it is read.
const TRY_OUT: &str = r##"<script>
const heading = document.querySelector("#credentials ~ table th:nth-child(2)");
const first = () => heading.closest("table").tBodies[0].rows[0].cells[1].textContent.trim();
const button = heading.querySelector("button");
button.focus();
const seen = [document.activeElement === button];
for (const _ of [1, 2]) { button.click(); seen.push(heading.getAttribute("aria-sort"), first()); }
seen.push(document.documentElement.scrollWidth <= innerWidth);
document.title = JSON.stringify(seen);
</script></body>"##;

#[test]
fn chromium_shows_the_page_of_hostile_names_and_asks_for_nothing() {
    let Some(browser) = Browser::find("chromium_shows_the_page_of_hostile_names_and_asks_for_nothing") else { return };
    let trap = TcpListener::bind("127.0.0.1:0").unwrap();
    trap.set_nonblocking(true).unwrap();
    let hostile = format!("<img src=http://{}/ onerror=\"document.title='run'\">\u{202e}", trap.local_addr().unwrap());
    let home = Home::with(&offline_file().context("zebra", "kubernetes", UID).context(&hostile, "kubernetes", UID));
    let text = printed(&home, "expiry -A -o html");
    let page = home.write("page.html", &text, 0o600);
    for width in [1280, 390] {
        let Shown { document, console, requests } = browser.show(&page, width);
        assert_eq!((console, requests), (Vec::new(), Vec::new()), "at {width}");
        assert!(
            document.contains("<title>When credentials expire</title>") && !document.contains("<img"),
            "{document}"
        );
        assert!(document.contains("<button type=\"button\">Context</button>"), "its script runs under its policy");
        assert!(trap.accept().is_err(), "a request was made");

        let policy = text.split("http-equiv=\"Content-Security-Policy\" content=\"").nth(1).unwrap();
        let open = text.replace(policy.split('"').next().unwrap(), "").replace("</body>", TRY_OUT);
        let tried = browser.show(&home.write("tried.html", &open, 0o600), width);
        assert!(tried.console.is_empty(), "{:?}", tried.console);
        let title = tried.document.split("<title>").nth(1).unwrap().split("</title>").next().unwrap();
        let title = title.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&");
        let shown = hostile.replace('\u{202e}', "\\u{202e}");
        let expected = serde_json::json!([true, "ascending", shown, "descending", "zebra", true]);
        assert_eq!(serde_json::from_str::<Value>(&title).unwrap(), expected, "at {width}");
    }
}

/// Whether anything is wider than the window, and what a filter that no row meets leaves: in the title, where it is read.
const TRY_FILTER: &str = r##"<script>
const seen = [document.documentElement.scrollWidth <= innerWidth];
const field = document.querySelector(".filter input");
if (field) {
  field.value = "no such row";
  field.dispatchEvent(new Event("input"));
  const table = field.closest("label").nextElementSibling;
  seen.push(Array.from(table.tBodies[0].rows).every((row) => getComputedStyle(row).display === "none"));
}
document.title = JSON.stringify(seen);
</script></body>"##;

#[test]
fn chromium_shows_rights_and_who_has_them_on_a_telephone() {
    let Some(browser) = Browser::find("chromium_shows_rights_and_who_has_them_on_a_telephone") else { return };
    let server = server();
    let home = home_at(&server);
    for (words, seen) in [
        (format!("rights {UID} --all -o html"), "[true,true]"),
        ("who-can get pods --reach -o html".to_owned(), "[true]"),
    ] {
        let text = printed(&home, &words);
        let policy = text.split("http-equiv=\"Content-Security-Policy\" content=\"").nth(1).unwrap();
        let open = text.replace(policy.split('"').next().unwrap(), "").replace("</body>", TRY_FILTER);
        let shown = browser.show(&home.write("page.html", &open, 0o600), 390);
        assert!(shown.console.is_empty() && shown.requests.is_empty(), "{:?} {:?}", shown.console, shown.requests);
        assert!(shown.document.contains(&format!("<title>{seen}</title>")), "{words}: {}", shown.document);
    }
}

/// A page that needs a script from elsewhere, or an inline one that the policy does not name, would be quiet about it but for this.
#[test]
fn chromium_complains_where_the_policy_is_broken() {
    let Some(browser) = Browser::find("chromium_complains_where_the_policy_is_broken") else { return };
    let home = Home::with(&offline_file());
    let text = printed(&home, "expiry -A -o html").replace("</body>", "<script>document.title = 'run'</script></body>");
    let shown = browser.show(&home.write("page.html", &text, 0o600), 1280);
    assert!(shown.console.iter().any(|line| line.contains("Content Security Policy")), "{:?}", shown.console);
    assert!(!shown.document.contains("<title>run"), "{}", shown.document);
}
