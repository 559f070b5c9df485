//! A shell at a terminal, typed at as by a person.

use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// Nothing that a shell does takes so long, on any machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// The key at which each shell writes its line, between marks.
const SHOW_LINE: &str = "\x07";
/// A key that deletes the line.
const DELETE_LINE: &str = "\x15";

/// The shells, each with what makes it interactive, plain, and willing to show its line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Bash,
    Zsh,
    Fish,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Bash => "bash",
            Self::Zsh => "zsh",
            Self::Fish => "fish",
        }
    }

    /// How it is started with a file that it reads first.
    fn command(self, start: &Path) -> String {
        let start = start.display();
        match self {
            Self::Bash => format!("bash --noprofile --rcfile {start} -i"),
            // zsh looks for the file by itself.
            Self::Zsh => "zsh -i".to_owned(),
            Self::Fish => format!("fish --no-config --interactive --init-command 'source {start}'"),
        }
    }

    /// Without these abilities fish lists nothing, and the others list plain words.
    fn terminal(self) -> &'static str {
        match self {
            Self::Bash | Self::Zsh => "dumb",
            Self::Fish => "xterm",
        }
    }

    /// What it reads first, before what is to be tried.
    fn preparation(self) -> &'static str {
        match self {
            Self::Bash => {
                r#"
PS1='ready> '
bind 'set show-all-if-ambiguous on'
bind 'set bell-style none'
bind 'set completion-query-items -1'
bind 'set page-completions off'
bind 'set enable-bracketed-paste off'
bind -x '"\C-g": printf "<<%s>>\n" "$READLINE_LINE"'
"#
            }
            Self::Zsh => {
                r#"
PS1='ready> '
unsetopt beep prompt_sp prompt_cr
LISTMAX=10000
show-line() { print -r -- "<<$BUFFER>>"; zle reset-prompt }
zle -N show-line
bindkey '^G' show-line
bindkey '^U' kill-whole-line
autoload -Uz compinit
compinit -u -D
"#
            }
            Self::Fish => {
                r#"
function fish_prompt; printf 'ready> '; end
set -g fish_autosuggestion_enabled 0
bind \cg 'printf "<<%s>>\n" (commandline); commandline --function repaint'
bind \cu 'commandline ""; commandline --function repaint'
"#
            }
        }
    }
}

/// A shell that runs.
pub(crate) struct Shell {
    kind: Kind,
    child: Child,
    keys: ChildStdin,
    screen: Arc<(Mutex<Screen>, Condvar)>,
}

#[derive(Default)]
struct Screen {
    text: String,
    is_closed: bool,
}

impl Shell {
    /// Starts it at a terminal of its own in this environment. `setup` is what a user has in the shell's startup file.
    pub(crate) fn start(kind: Kind, environment: Command, home: &Path, setup: &str) -> Self {
        let start = home.join(if kind == Kind::Zsh { ".zshrc" } else { "startup" });
        std::fs::write(&start, format!("stty cols 200 rows 60\n{}\n{setup}\n", kind.preparation())).unwrap();
        let mut command = environment;
        let mut child = command
            .args(["--quiet", "--flush", "--command", &kind.command(&start), "/dev/null"])
            .env("TERM", kind.terminal())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (keys, mut output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let screen = Arc::new((Mutex::new(Screen::default()), Condvar::new()));
        let shared = Arc::clone(&screen);
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            loop {
                let read = output.read(&mut bytes).unwrap_or(0);
                let mut screen = shared.0.lock().unwrap_or_else(PoisonError::into_inner);
                screen.text.push_str(&String::from_utf8_lossy(&bytes[..read]));
                screen.is_closed = read == 0;
                shared.1.notify_all();
                if read == 0 {
                    return;
                }
            }
        });
        let mut shell = Self { kind, child, keys, screen };
        shell.wait_for("ready> ");
        shell.press(SHOW_LINE);
        shell.wait_for("<<>>\n");
        shell.forget();
        shell
    }

    /// Types a line, presses TAB, and gives what the line is then and what was shown before that.
    pub(crate) fn tab(&mut self, line: &str) -> Completed {
        self.press(line);
        self.press("\t");
        self.press(SHOW_LINE);
        let seen = self.wait_for(">>\n");
        let (shown, now) = seen.rsplit_once("<<").unwrap();
        let completed = Completed { line: now.split(">>\n").next().unwrap().to_owned(), shown: shown.to_owned() };
        self.press(DELETE_LINE);
        self.press(SHOW_LINE);
        self.wait_for("<<>>\n");
        self.forget();
        completed
    }

    fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    fn forget(&mut self) {
        self.screen.0.lock().unwrap_or_else(PoisonError::into_inner).text.clear();
    }

    /// Waits until this is on the screen, and gives all that is.
    fn wait_for(&mut self, text: &str) -> String {
        let screen = self.screen.0.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.screen.1.wait_timeout_while(screen, PATIENCE, |screen| {
            !screen.is_closed && !without_controls(&screen.text).contains(text)
        });
        let (screen, _) = waited.unwrap_or_else(PoisonError::into_inner);
        let seen = without_controls(&screen.text);
        assert!(seen.contains(text), "{}: no {text:?} in {seen:?}", self.kind.name());
        seen
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What TAB did.
#[derive(Debug)]
pub(crate) struct Completed {
    /// The line afterwards.
    pub(crate) line: String,
    /// What was on the screen: the line as it was typed, and the candidates.
    pub(crate) shown: String,
}

impl Completed {
    /// Whether a candidate was listed, as a word of its own.
    pub(crate) fn lists(&self, candidate: &str) -> bool {
        self.listed().any(|word| word == candidate)
    }

    /// Whether a flag was listed.
    pub(crate) fn lists_flags(&self) -> bool {
        self.listed().any(|word| word.starts_with("--") && word != "--")
    }

    fn listed(&self) -> impl Iterator<Item = &str> {
        self.shown.split_once('\n').map_or("", |(_, listed)| listed).split_whitespace()
    }
}

/// A screen's text without what steers the terminal.
/// Source: <https://ecma-international.org/publications-and-standards/standards/ecma-48/>
fn without_controls(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\x1b' => match characters.next() {
                Some('[') => while characters.next().is_some_and(|next| !matches!(next, '@'..='~')) {},
                Some(']') => while characters.next().is_some_and(|next| next != '\x07') {},
                Some('(' | ')') => drop(characters.next()),
                _ => {}
            },
            '\n' => kept.push('\n'),
            control if control.is_control() => {}
            character => kept.push(character),
        }
    }
    kept
}
