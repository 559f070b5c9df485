//! A template is read from left to right, once.

use serde_json::Value;

use super::template::{Expression, Filter, Operator, Part, Slice, Step, StepKind, Template, TemplateError};

type Result<T> = std::result::Result<T, TemplateError>;

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// Which character of it makes no sense.
    pub fn parse(text: &str) -> Result<Self> {
        let characters: Vec<char> = text.chars().collect();
        let mut reader = Reader { characters: &characters, at: 0, end: characters.len() };
        let parts = reader.parts(None)?;
        Ok(Self { parts })
    }
}

/// What stands between braces.
enum Action {
    Expression(Expression),
    Range(Expression),
    End,
}

/// Reads some of the characters of a template.
struct Reader<'t> {
    characters: &'t [char],
    /// The next one.
    at: usize,
    /// The first that is not read.
    end: usize,
}

impl Reader<'_> {
    /// The parts up to the end, or up to the end of the range that began at this character.
    fn parts(&mut self, range_begun: Option<usize>) -> Result<Vec<Part>> {
        let mut parts = Vec::new();
        loop {
            let text: String = self.take_while(|character| character != '{').collect();
            if !text.is_empty() {
                parts.push(Part::Text(text));
            }
            let opened = self.at;
            if self.next().is_none() {
                return match range_begun {
                    None => Ok(parts),
                    Some(range) => {
                        Err(wrong(range, "{range …} has no end", "write {end} after what is to be repeated"))
                    }
                };
            }
            match self.action(opened)? {
                Action::Expression(expression) => parts.push(Part::Expression(expression)),
                Action::Range(over) => parts.push(Part::Range { over, body: self.parts(Some(opened))? }),
                Action::End if range_begun.is_some() => return Ok(parts),
                Action::End => {
                    return Err(wrong(opened, "{end} ends nothing", "leave it out, or write {range …} before it"));
                }
            }
        }
    }

    /// What stands behind a brace, and the brace that closes it.
    fn action(&mut self, opened: usize) -> Result<Action> {
        self.skip_blanks();
        let word = self.word();
        if matches!(word.as_str(), "range" | "end") {
            self.at += word.len();
        }
        let Expression { steps } = self.steps(Some(opened))?;
        match (word.as_str(), &steps[..]) {
            ("range", _) => Ok(Action::Range(Expression { steps })),
            ("end", []) => Ok(Action::End),
            ("end", [step, ..]) => Err(wrong(step.at - 1, "{end} stands alone", "write {end}")),
            _ => Ok(Action::Expression(Expression { steps })),
        }
    }

    /// Steps up to the closing brace of what was opened there, or up to the end.
    fn steps(&mut self, opened: Option<usize>) -> Result<Expression> {
        let mut steps: Vec<Step> = Vec::new();
        loop {
            self.skip_blanks();
            let at = self.at;
            let kind = match self.next() {
                None | Some('\n' | '\r') if opened.is_some() => {
                    return Err(wrong(
                        opened.unwrap_or(at),
                        "the brace is not closed",
                        "write } at the end of the expression",
                    ));
                }
                None => return Ok(Expression { steps }),
                Some('}') if opened.is_some() => return Ok(Expression { steps }),
                Some('@' | '$') => continue,
                Some('.') if self.peek() == Some('.') => {
                    self.at += 1;
                    let is_doubled = steps.last().is_some_and(|last| last.kind == StepKind::Descendants);
                    if is_doubled {
                        return Err(wrong(at, "a path can't descend twice", "write .. once"));
                    }
                    steps.push(Step { at: at + 1, kind: StepKind::Descendants });
                    if self.peek().is_none_or(|next| !is_of_a_word(next)) {
                        continue;
                    }
                    self.field()
                }
                Some('.') => self.field(),
                Some('[') => self.brackets(at)?,
                Some(quote @ ('"' | '\'')) => StepKind::Literal(Value::String(self.quoted(at, quote)?)),
                Some(first) if first.is_ascii_digit() || matches!(first, '+' | '-') => self.number(at)?,
                Some(first) if is_of_a_word(first) => {
                    self.at = at;
                    self.truth()?
                }
                Some(other) => {
                    let what = format!("{other:?} means nothing here");
                    return Err(wrong(at, &what, "write text in quotes, and one comparison a filter"));
                }
            };
            steps.push(Step { at: at + 1, kind });
        }
    }

    /// What follows a dot. A backslash takes the meaning from the character behind it.
    fn field(&mut self) -> StepKind {
        let mut name = String::new();
        while let Some(character) = self.peek().filter(|character| !ends_a_name(*character)) {
            self.at += 1;
            match character {
                '\\' => name.extend(self.next()),
                character => name.push(character),
            }
        }
        if name == "*" { StepKind::Wildcard } else { StepKind::Field(name) }
    }

    /// `true` or `false`: no other word stands in an expression.
    fn truth(&mut self) -> Result<StepKind> {
        let (at, word) = (self.at, self.word());
        self.at += word.len().max(1);
        match word.as_str() {
            "true" => Ok(StepKind::Literal(Value::Bool(true))),
            "false" => Ok(StepKind::Literal(Value::Bool(false))),
            _ => {
                Err(wrong(at, &format!("{word:?} is no known word"), "begin a path with a dot, as in {.items[*].uid}"))
            }
        }
    }

    fn number(&mut self, at: usize) -> Result<StepKind> {
        let rest: String = self.take_while(|character| character.is_ascii_digit() || character == '.').collect();
        let first = self.characters[at];
        let text = if first == '+' { rest } else { format!("{first}{rest}") };
        let whole = text.parse::<i64>().ok().map(Value::from);
        let fraction = || text.parse::<f64>().ok().and_then(serde_json::Number::from_f64).map(Value::Number);
        let value = whole.or_else(fraction);
        value.map(StepKind::Literal).ok_or_else(|| wrong(at, &format!("{text:?} is no number"), "write 1 or 1.5"))
    }

    /// A quoted text, with Go's escapes.
    /// Source: <https://go.dev/ref/spec#Rune_literals>
    fn quoted(&mut self, opened: usize, quote: char) -> Result<String> {
        let mut text = String::new();
        loop {
            let at = self.at;
            match self.next() {
                None | Some('\n') => {
                    return Err(wrong(opened, "the quote is not closed", "write the same quote at its end"));
                }
                Some(character) if character == quote => return Ok(text),
                Some('\\') => text.push(self.escaped(at, quote)?),
                Some(character) => text.push(character),
            }
        }
    }

    fn escaped(&mut self, at: usize, quote: char) -> Result<char> {
        let unknown =
            || wrong(at, "the backslash escapes nothing known", "write \\\\ for a backslash, \\n for a new line");
        let digits = match self.next() {
            Some('n') => return Ok('\n'),
            Some('t') => return Ok('\t'),
            Some('r') => return Ok('\r'),
            Some('a') => return Ok('\u{7}'),
            Some('b') => return Ok('\u{8}'),
            Some('f') => return Ok('\u{c}'),
            Some('v') => return Ok('\u{b}'),
            Some('\\') => return Ok('\\'),
            Some(character) if character == quote => return Ok(quote),
            Some('x') => 2,
            Some('u') => 4,
            Some('U') => 8,
            _ => return Err(unknown()),
        };
        let code: String = (0..digits).filter_map(|_| self.next()).collect();
        u32::from_str_radix(&code, 16).ok().and_then(char::from_u32).ok_or_else(unknown)
    }

    /// What stands in square brackets.
    fn brackets(&mut self, opened: usize) -> Result<StepKind> {
        if self.peek() == Some('?') {
            return self.filter(opened);
        }
        let inside = self.until(&[']'], opened)?;
        let commas = (inside.at..inside.end).filter(|at| self.characters[*at] == ',');
        let mut bounds: Vec<usize> = commas.collect();
        if bounds.is_empty() {
            return inside.selector();
        }
        bounds.push(inside.end);
        let mut from = inside.at;
        let mut union = Vec::new();
        for to in bounds {
            let mut one = Reader { at: from, end: to, ..inside };
            one.trim();
            union.push(Expression { steps: vec![Step { at: one.at + 1, kind: one.selector()? }] });
            from = to + 1;
        }
        Ok(StepKind::Union(union))
    }

    /// `'name'`, an index, a slice or `*`: all that is left to read.
    fn selector(&self) -> Result<StepKind> {
        let text: String = self.characters[self.at..self.end].iter().collect();
        let at = self.at;
        if let Some(name) = text.strip_prefix('\'').and_then(|text| text.strip_suffix('\'')) {
            let mut key = Reader { at: at + 1, end: at + 1 + name.chars().count(), ..*self };
            let first = key.field();
            let rest = key.steps(None)?.steps;
            return Ok(match rest.is_empty() {
                true => first,
                // Dots that are not escaped lead deeper, as outside brackets.
                false => {
                    let first = Step { at: at + 1, kind: first };
                    StepKind::Union(vec![Expression { steps: std::iter::once(first).chain(rest).collect() }])
                }
            });
        }
        slice(&text).map(StepKind::Slice).ok_or_else(|| {
            let what = format!("[{text}] is no index");
            wrong(at, &what, "write [0], [-1], [0:2], [*], ['name'] or [?(@.name==\"value\")]")
        })
    }

    /// `[?(…)]`, of which the bracket was read.
    fn filter(&mut self, opened: usize) -> Result<StepKind> {
        const FORM: &str = "write a filter as [?(@.name==\"value\")]";
        self.at += 1;
        if self.next() != Some('(') {
            return Err(wrong(opened, "[? begins a filter without a parenthesis", FORM));
        }
        let inside = self.until(&[')', ']'], opened).map_err(|error| TemplateError { hint: FORM, ..error })?;
        let is_of_operator = |at: &usize| matches!(self.characters[*at], '!' | '<' | '>' | '=');
        let Some(operator_at) = (inside.at..inside.end).find(is_of_operator) else {
            let left = Reader { ..inside }.steps(None)?;
            return Ok(StepKind::Filter(Box::new(Filter { left, comparison: None })));
        };
        let right_at = (operator_at..inside.end).find(|at| !is_of_operator(at)).unwrap_or(inside.end);
        let word: String = self.characters[operator_at..right_at].iter().collect();
        let operator = match word.as_str() {
            "==" => Operator::Equal,
            "!=" => Operator::NotEqual,
            "<" => Operator::Less,
            "<=" => Operator::LessOrEqual,
            ">" => Operator::Greater,
            ">=" => Operator::GreaterOrEqual,
            _ => return Err(wrong(operator_at, &format!("{word} compares nothing"), "write ==, !=, <, <=, > or >=")),
        };
        if operator_at == inside.at || right_at == inside.end {
            return Err(wrong(operator_at, &format!("{word} has only one side"), FORM));
        }
        let left = Reader { end: operator_at, ..inside }.steps(None)?;
        let right = Reader { at: right_at, ..inside }.steps(None)?;
        Ok(StepKind::Filter(Box::new(Filter { left, comparison: Some((operator, right)) })))
    }

    /// What stands before these characters, quoted ones aside, which are read too.
    fn until(&mut self, closing: &[char], opened: usize) -> Result<Self> {
        let begun = self.at;
        let mut quote = None;
        while self.at < self.end {
            let character = self.characters[self.at];
            match quote {
                Some(open) if character == open => quote = None,
                Some(_) if character == '\\' => self.at += 1,
                None if matches!(character, '"' | '\'') => quote = Some(character),
                None if self.characters[self.at..self.end].starts_with(closing) => {
                    let inside = Self { characters: self.characters, at: begun, end: self.at };
                    self.at += closing.len();
                    return Ok(inside);
                }
                Some(_) | None => {}
            }
            self.at += 1;
        }
        Err(wrong(opened, "the bracket is not closed", "write ] at its end"))
    }

    fn trim(&mut self) {
        self.skip_blanks();
        while self.end > self.at && self.characters[self.end - 1] == ' ' {
            self.end -= 1;
        }
    }

    fn skip_blanks(&mut self) {
        while matches!(self.peek(), Some(' ' | '\t')) {
            self.at += 1;
        }
    }

    /// The word that comes next, which is not read by that.
    fn word(&self) -> String {
        let rest = &self.characters[self.at.min(self.end)..self.end];
        rest.iter().take_while(|character| !ends_a_name(**character)).collect()
    }

    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> impl Iterator<Item = char> {
        let begun = self.at;
        while self.peek().is_some_and(&wanted) {
            self.at += 1;
        }
        self.characters[begun..self.at].iter().copied()
    }

    fn peek(&self) -> Option<char> {
        (self.at < self.end).then(|| self.characters[self.at])
    }

    fn next(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += 1;
        Some(next)
    }
}

fn is_of_a_word(character: char) -> bool {
    character == '_' || character.is_alphanumeric()
}

fn ends_a_name(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\r' | '\n' | '.' | ',' | '[' | ']' | '$' | '@' | '{' | '}')
}

/// `*`, `1`, `1:3`, `:3`, `1:` or `::2`.
fn slice(text: &str) -> Option<Slice> {
    if text == "*" {
        return Some(Slice { start: 0, end: None, step: 1 });
    }
    let mut numbers = Vec::new();
    for part in text.split(':') {
        let is_number = part.strip_prefix('-').unwrap_or(part).chars().all(|character| character.is_ascii_digit());
        numbers.push(if part.is_empty() { None } else { Some(part.parse::<i64>().ok().filter(|_| is_number)?) });
    }
    match numbers[..] {
        // After the last one comes the end, and not the first one.
        [index] => {
            let index = index.unwrap_or(0);
            Some(Slice { start: index, end: index.checked_add(1).filter(|end| *end != 0), step: 1 })
        }
        [start, end] => Some(Slice { start: start.unwrap_or(0), end, step: 1 }),
        [start, end, step] => {
            let step = usize::try_from(step.unwrap_or(1)).ok().filter(|step| *step > 0)?;
            Some(Slice { start: start.unwrap_or(0), end, step })
        }
        _ => None,
    }
}

/// An error at a character, counted from 0.
fn wrong(at: usize, what: &str, hint: &'static str) -> TemplateError {
    TemplateError { at: at + 1, what: what.to_owned(), hint }
}
