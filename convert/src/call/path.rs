//! Reads a call from the path of an address.

use super::{Call, MAX_DEPTH, MAX_PATH, Said, base64, excerpt, source};
use crate::RecipeError;
use serde_json::Value;

/// One byte of a path, and whether it was percent-encoded: an encoded slash parts no tasks, and an address that was not encoded as a
/// whole keeps what is encoded in it.
#[derive(Debug, Clone, Copy)]
struct Letter {
    byte: u8,
    encoded: bool,
}

/// What is left to be read.
#[derive(Debug, Clone, Copy)]
struct Reader<'a>(&'a [Letter]);

pub(super) fn read(path: &str, is_key: impl Fn(&str) -> bool) -> Result<Call, RecipeError> {
    if path.len() > MAX_PATH {
        return Err(RecipeError::Grammar(format!("the path is longer than {MAX_PATH} bytes")));
    }
    let letters = decoded(path);
    let mut reader = Reader(&letters);
    let mut call = Call::default();
    let mut is_first = true;
    loop {
        reader.skip(is_slash);
        if reader.0.is_empty() {
            return Ok(call);
        }
        if reader.is_at_source() {
            call.sources = reader.sources()?;
            return Ok(call);
        }
        let name = text(reader.until(|letter| is_slash(letter) || letter.byte == b'='))?;
        let is_piece_done = reader.0.first().is_none_or(is_slash);
        if is_first && is_piece_done && is_key(&name) {
            call.key = Some(name);
        } else if reader.0.is_empty() && !super::is_task(&name) {
            call.sources = vec![source::one(&name)?];
        } else if name == "b64" && is_piece_done {
            call.tasks.extend(reader.encoded_tasks()?);
        } else {
            let mut said = Said::new(&name)?;
            if !is_piece_done {
                reader.0 = &reader.0[1..];
                reader.arguments(&mut said).map_err(|error| said.wrong(error))?;
            }
            call.tasks.push(said);
        }
        is_first = false;
    }
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.0.first().map(|letter| letter.byte)
    }

    fn skip(&mut self, skipped: impl Fn(&Letter) -> bool) {
        let count = self.0.iter().take_while(|letter| skipped(letter)).count();
        self.0 = &self.0[count..];
    }

    /// Takes everything before what ends it.
    fn until(&mut self, ends: impl Fn(&Letter) -> bool) -> &'a [Letter] {
        let at = self.0.iter().position(ends).unwrap_or(self.0.len());
        let (taken, left) = self.0.split_at(at);
        self.0 = left;
        taken
    }

    fn starts_with(&self, prefix: &str) -> bool {
        let fits = |(letter, byte): (&Letter, u8)| letter.byte.eq_ignore_ascii_case(&byte);
        self.0.len() >= prefix.len() && self.0.iter().zip(prefix.bytes()).all(fits)
    }

    /// Handles at the end, which look like tasks without arguments, are told by being at the end.
    fn is_at_source(&self) -> bool {
        matches!(self.peek(), Some(b'"' | b'['))
            || ["http:/", "https:/", "src:/", "b64:/", "wf:/"].iter().any(|start| self.starts_with(start))
    }

    /// Everything that is left, as sources.
    fn sources(&mut self) -> Result<Vec<String>, RecipeError> {
        if self.starts_with("b64:/") {
            self.0 = &self.0["b64:".len()..];
            self.skip(|letter| letter.byte == b'/');
            let encoded = text(std::mem::take(&mut self.0))?;
            let inner = base64::decode(&encoded, "sources")?;
            // Its own encoding is base64, and a `%` in it is one.
            let letters: Vec<_> = inner.bytes().map(|byte| Letter { byte, encoded: false }).collect();
            let mut reader = Reader(&letters);
            return if matches!(reader.peek(), Some(b'"' | b'[')) {
                reader.sources()
            } else {
                Ok(vec![source::one(&inner)?])
            };
        }
        let said = match self.peek() {
            Some(b'[') => self.list(0)?,
            Some(b'"') => Value::String(self.quoted()?),
            _ => return Ok(vec![source::one(&text(std::mem::take(&mut self.0))?)?]),
        };
        self.skip(|letter| letter.byte == b'/');
        if !self.0.is_empty() {
            return Err(self.error("nothing comes after the source"));
        }
        match said {
            Value::Array(texts) => texts.iter().map(|text| source::one(text.as_str().unwrap_or_default())).collect(),
            text => Ok(vec![source::one(text.as_str().unwrap_or_default())?]),
        }
    }

    /// Tasks in base64. Its ordinary alphabet has the slash, so that they end where a source in base64 begins, if one does.
    fn encoded_tasks(&mut self) -> Result<Vec<Said>, RecipeError> {
        self.skip(is_slash);
        let end = (0..self.0.len()).find(|at| Reader(&self.0[*at..]).starts_with("/b64:/"));
        let encoded = match end {
            Some(end) => {
                let (taken, left) = self.0.split_at(end);
                self.0 = left;
                taken
            }
            None => self.until(is_slash),
        };
        let json = base64::decode(&text(encoded)?, "tasks")?;
        let tasks: Vec<Value> = serde_json::from_str(&json)
            .map_err(|error| RecipeError::Grammar(format!("the tasks after `b64` are no JSON list: {error}")))?;
        tasks.iter().map(Said::from_json).collect()
    }

    /// The arguments after `=`, up to the slash.
    fn arguments(&mut self, said: &mut Said) -> Result<(), RecipeError> {
        loop {
            self.skip(|letter| letter.byte == b',' || letter.byte == b' ');
            if self.0.first().is_none_or(is_slash) {
                return Ok(());
            }
            let name = text(self.until(|letter| is_slash(letter) || letter.byte == b',' || letter.byte == b':'))?;
            let value = if self.peek() == Some(b':') {
                self.0 = &self.0[1..];
                self.value(0)?
            } else {
                Value::Bool(true)
            };
            said.insert(name.trim(), value)?;
            if !(self.peek() == Some(b',') || self.0.first().is_none_or(is_slash)) {
                return Err(self.error(&format!("after the value of `{}` comes `,` or `/`", name.trim())));
            }
        }
    }

    /// A value, within so many lists.
    fn value(&mut self, depth: usize) -> Result<Value, RecipeError> {
        self.skip(|letter| letter.byte == b' ');
        let value = match self.peek() {
            Some(b'"') => Value::String(self.quoted()?),
            Some(b'[') => self.list(depth)?,
            _ => {
                let ends = |letter: &Letter| match letter.byte {
                    b',' => true,
                    b']' => depth > 0,
                    _ => depth == 0 && is_slash(letter),
                };
                let plain = text(self.until(ends))?;
                if self.0.first().is_some_and(is_slash) && matches!(&*plain, "http:" | "https:" | "src:") {
                    return Err(self.error("a value with a slash stands in double quotes"));
                }
                return Ok(Value::String(plain.trim().to_owned()));
            }
        };
        self.skip(|letter| letter.byte == b' ');
        Ok(value)
    }

    /// `[a,b]`, the bracket being next, within so many others.
    fn list(&mut self, depth: usize) -> Result<Value, RecipeError> {
        if depth == MAX_DEPTH {
            return Err(self.error(&format!("lists are at most {MAX_DEPTH} deep")));
        }
        let whole = *self;
        self.0 = &self.0[1..];
        self.skip(|letter| letter.byte == b' ');
        let mut values = Vec::new();
        if self.peek() != Some(b']') {
            values.push(self.value(depth + 1)?);
        }
        loop {
            match self.peek() {
                Some(b',') => {
                    self.0 = &self.0[1..];
                    values.push(self.value(depth + 1)?);
                }
                Some(b']') => {
                    self.0 = &self.0[1..];
                    return Ok(Value::Array(values));
                }
                Some(_) => return Err(self.error("after a value in a list comes `,` or `]`")),
                None => return Err(whole.error("a list is not closed")),
            }
        }
    }

    /// A text in double quotes, the first of them being next. It may have what JSON escapes, as Filestack's PHP client writes it.
    fn quoted(&mut self) -> Result<String, RecipeError> {
        let whole = *self;
        let (first, mut rest) = self.0.split_first().ok_or_else(|| self.error("a text is missing"))?;
        let mut is_escaped = false;
        let end = rest.iter().position(|letter| {
            // A quote of the other kind belongs to the text: what encodes one encodes all.
            let ends = !is_escaped && letter.byte == b'"' && letter.encoded == first.encoded;
            is_escaped = !is_escaped && letter.byte == b'\\';
            ends
        });
        let end = end.ok_or_else(|| whole.error("a text in double quotes is not closed"))?;
        (rest, self.0) = (&rest[..end], &rest[end + 1..]);
        let plain = text(rest)?;
        if !plain.contains('\\') {
            return Ok(plain);
        }
        Ok(serde_json::from_str(&format!("\"{plain}\"")).unwrap_or(plain))
    }

    fn error(&self, what: &str) -> RecipeError {
        let bytes: Vec<_> = self.0.iter().map(|letter| letter.byte).collect();
        RecipeError::Grammar(format!("{what}, at `{}`", excerpt(&String::from_utf8_lossy(&bytes))))
    }
}

/// A slash that parts pieces.
fn is_slash(letter: &Letter) -> bool {
    letter.byte == b'/' && !letter.encoded
}

/// Undoes percent-encoding, once. A `%` that encodes nothing is one.
fn decoded(path: &str) -> Vec<Letter> {
    let bytes = path.as_bytes();
    let digit = |at: usize| bytes.get(at).and_then(|digit| char::from(*digit).to_digit(16));
    let mut letters = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match (byte, digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                letters.push(Letter { byte: (high * 16 + low) as u8, encoded: true });
                at += 3;
            }
            _ => {
                letters.push(Letter { byte, encoded: false });
                at += 1;
            }
        }
    }
    letters
}

/// The text that letters stand for. An address that was not encoded itself keeps what is encoded in it: `%2F` in it is no slash.
fn text(letters: &[Letter]) -> Result<String, RecipeError> {
    let is_address = ["http:/", "https:/"]
        .iter()
        .any(|start| Reader(letters).starts_with(start) && letters[..start.len()].iter().all(|letter| !letter.encoded));
    let mut bytes = Vec::with_capacity(letters.len());
    for letter in letters {
        if is_address && letter.encoded {
            bytes.extend(format!("%{:02X}", letter.byte).bytes());
        } else {
            bytes.push(letter.byte);
        }
    }
    String::from_utf8(bytes).map_err(|_| RecipeError::Grammar("the path is not UTF-8".to_owned()))
}
