//! The `fields` parameter: which fields, and of those that are objects or listings, which of theirs.
//! <https://developers.facebook.com/docs/graph-api/guides/field-expansion>

use super::errors::GraphError;

/// A field that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// `.limit(5)` of a listing.
    pub limit: Option<String>,
    /// `.after(cursor)` of a listing.
    pub after: Option<String>,
    /// The fields in braces, if there were braces.
    pub sub: Option<Vec<Field>>,
}

impl Field {
    /// A field without anything behind it.
    pub fn plain(name: &str) -> Field {
        Field { name: name.to_owned(), limit: None, after: None, sub: None }
    }
}

/// The fields that were asked for, or those that come by themselves.
pub fn fields_of(asked: Option<&[Field]>, default: &[&str]) -> Vec<Field> {
    let mut fields: Vec<Field> = match asked {
        Some(fields) => fields.to_vec(),
        None => default.iter().map(|name| Field::plain(name)).collect(),
    };
    // The id always comes.
    if !fields.iter().any(|field| field.name == "id") {
        fields.push(Field::plain("id"));
    }
    fields
}

/// Reads a `fields` parameter.
pub fn parse(text: &str) -> Result<Vec<Field>, GraphError> {
    let mut parser = Parser { text, at: 0 };
    let fields = parser.list()?;
    match parser.peek() {
        None => Ok(fields),
        Some(other) => Err(parser.error(&format!("Expected end of string instead of \"{other}\"."))),
    }
}

/// Writes fields as they would be asked for.
pub fn write(fields: &[Field]) -> String {
    let written: Vec<String> = fields
        .iter()
        .map(|field| {
            let modifier = |name: &str, value: &Option<String>| {
                value.as_ref().map_or(String::new(), |value| format!(".{name}({value})"))
            };
            let sub = field.sub.as_ref().map_or(String::new(), |sub| format!("{{{}}}", write(sub)));
            format!("{}{}{}{sub}", field.name, modifier("limit", &field.limit), modifier("after", &field.after))
        })
        .collect();
    written.join(",")
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl Parser<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn take(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.at += wanted.len_utf8();
        }
        found
    }

    fn spaces(&mut self) {
        while self.take(' ') {}
    }

    fn error(&self, expected: &str) -> GraphError {
        GraphError::syntax(expected, self.at, self.rest())
    }

    fn list(&mut self) -> Result<Vec<Field>, GraphError> {
        let mut fields: Vec<Field> = Vec::new();
        loop {
            self.spaces();
            let field = self.field()?;
            // Asked for twice is given once.
            match fields.iter_mut().find(|known| known.name == field.name) {
                Some(known) => *known = field,
                None => fields.push(field),
            }
            self.spaces();
            if !self.take(',') {
                return Ok(fields);
            }
        }
    }

    fn name(&mut self) -> Result<String, GraphError> {
        let length = self.rest().chars().take_while(|c| c.is_alphanumeric() || *c == '_').map(char::len_utf8).sum();
        if length == 0 {
            return Err(self.error("Expected name."));
        }
        let name = self.rest()[..length].to_owned();
        self.at += length;
        Ok(name)
    }

    fn field(&mut self) -> Result<Field, GraphError> {
        let mut field = Field::plain(&self.name()?);
        while self.take('.') {
            let modifier = self.name()?;
            if !self.take('(') {
                return Err(self.error("Expected \"(\"."));
            }
            let length = self.rest().find(')').ok_or_else(|| self.error("Expected \")\"."))?;
            let value = self.rest()[..length].to_owned();
            self.at += length + 1;
            match modifier.as_str() {
                "limit" => field.limit = Some(value),
                "after" => field.after = Some(value),
                // `.type(large)` of a picture and the like change nothing here.
                _ => {}
            }
        }
        if self.take('{') {
            field.sub = Some(self.list()?);
            if !self.take('}') {
                return Err(self.error("Expected \"}\"."));
            }
        }
        Ok(field)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_braces_and_modifiers_are_read() {
        let fields = parse("id, name,cover_photo{images},photos.limit(3).after(abc){images,album{name}}").unwrap();
        let names: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
        assert_eq!(names, ["id", "name", "cover_photo", "photos"]);
        assert_eq!(fields[2].sub, Some(vec![Field::plain("images")]));
        assert_eq!((fields[3].limit.as_deref(), fields[3].after.as_deref()), (Some("3"), Some("abc")));
        let sub = fields[3].sub.as_ref().unwrap();
        assert_eq!(sub[1].sub, Some(vec![Field::plain("name")]));
    }

    #[test]
    fn fields_are_written_as_they_were_read() {
        let text = "id,cover_photo{images},photos.limit(3).after(abc){images,album{name}}";
        assert_eq!(write(&parse(text).unwrap()), text);
    }

    #[test]
    fn what_cannot_be_read_is_a_syntax_error() {
        for text in ["", "id,", "id}", "photos{", "photos{}", "photos.limit(3", "a b", "{id}"] {
            let error = parse(text).unwrap_err();
            let body = error.body("x");
            assert_eq!(body["error"]["code"], 2500, "{text}");
        }
    }

    #[test]
    fn the_id_always_comes() {
        let asked = parse("name").unwrap();
        assert_eq!(fields_of(Some(&asked), &["created_time"]).len(), 2);
        assert_eq!(fields_of(None, &["id", "name"]).len(), 2);
    }
}
