//! The arguments of a task: one reader for what addresses and JSON say, with errors that name the task, the argument and what it takes.

use crate::{Color, RecipeError};
use serde_json::{Map, Value};
use std::fmt::Display;
use std::ops::RangeInclusive;

/// Where something lies from top to bottom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Vertical {
    /// At the upper edge.
    Top,
    /// Between them.
    #[default]
    Middle,
    /// At the lower edge.
    Bottom,
}

/// Where something lies from left to right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Horizontal {
    /// At the left edge.
    Left,
    /// Between them.
    #[default]
    Center,
    /// At the right edge.
    Right,
}

/// Where one rectangle lies in another: Filestack's `align` and `position`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Align {
    /// From top to bottom.
    pub vertical: Vertical,
    /// From left to right.
    pub horizontal: Horizontal,
}

impl Align {
    /// How far from the left and the top the inner rectangle begins, of so much room left over. Negative room is overlap.
    pub fn offset(self, room_x: i64, room_y: i64) -> (i64, i64) {
        let x = match self.horizontal {
            Horizontal::Left => 0,
            Horizontal::Center => room_x / 2,
            Horizontal::Right => room_x,
        };
        let y = match self.vertical {
            Vertical::Top => 0,
            Vertical::Middle => room_y / 2,
            Vertical::Bottom => room_y,
        };
        (x, y)
    }
}

/// What was said to a task. Each argument is taken once by the reader of its kind; [`Self::finish`] then refuses what is left.
///
/// Addresses say everything in text, JSON says numbers and booleans too: both are understood, so that `"200"` and `200` are one.
#[derive(Debug, Clone)]
pub struct Arguments {
    task: String,
    values: Map<String, Value>,
    /// The names that were asked for, to say which there are.
    known: Vec<&'static str>,
}

impl Arguments {
    /// What was said to the task of this name.
    pub fn new(task: impl Into<String>, values: Map<String, Value>) -> Self {
        Self { task: task.into(), values, known: Vec::new() }
    }

    /// The task's name.
    pub fn task(&self) -> &str {
        &self.task
    }

    /// An error about this task.
    pub fn wrong(&self, reason: impl Into<String>) -> RecipeError {
        RecipeError::Argument { task: self.task.clone(), reason: reason.into() }
    }

    fn refused(&self, name: &str, takes: impl Display, said: &Value) -> RecipeError {
        self.wrong(format!("`{name}` takes {takes}; it was given {}", shown(said)))
    }

    /// Whether this was said, as text or as a boolean; looks without taking.
    pub fn says(&self, name: &str, word: &str) -> bool {
        self.values.get(name).and_then(text_of).is_some_and(|text| text == word)
    }

    /// The value as it was said, whatever it is. An empty text is no value.
    pub fn value(&mut self, name: &'static str) -> Option<Value> {
        self.known.push(name);
        self.values.remove(name).filter(|value| !value.is_null() && value.as_str() != Some(""))
    }

    /// A whole number.
    pub fn integer(&mut self, name: &'static str, range: RangeInclusive<i64>) -> Result<Option<i64>, RecipeError> {
        let Some(said) = self.value(name) else { return Ok(None) };
        // Clients that reckon in floating point say 200.0, or 66.66 for a width.
        let number = number_of(&said).map(|number| number.round() as i64).filter(|number| range.contains(number));
        let takes = format!("a whole number from {} to {}", range.start(), range.end());
        number.map(Some).ok_or_else(|| self.refused(name, takes, &said))
    }

    /// A whole number that is a length in pixels.
    pub fn pixels(&mut self, name: &'static str, range: RangeInclusive<u32>) -> Result<Option<u32>, RecipeError> {
        let range = i64::from(*range.start())..=i64::from(*range.end());
        Ok(self.integer(name, range)?.map(|number| number as u32))
    }

    /// A number.
    pub fn number(&mut self, name: &'static str, range: RangeInclusive<f64>) -> Result<Option<f64>, RecipeError> {
        let Some(said) = self.value(name) else { return Ok(None) };
        let number = number_of(&said).filter(|number| range.contains(number));
        let takes = format!("a number from {} to {}", range.start(), range.end());
        number.map(Some).ok_or_else(|| self.refused(name, takes, &said))
    }

    /// `true` or `false`.
    pub fn flag(&mut self, name: &'static str) -> Result<Option<bool>, RecipeError> {
        let Some(said) = self.value(name) else { return Ok(None) };
        let flag = match text_of(&said).as_deref() {
            Some("true" | "1") => Some(true),
            Some("false" | "0") => Some(false),
            _ => None,
        };
        flag.map(Some).ok_or_else(|| self.refused(name, "true or false", &said))
    }

    /// Text.
    pub fn text(&mut self, name: &'static str) -> Result<Option<String>, RecipeError> {
        let Some(said) = self.value(name) else { return Ok(None) };
        text_of(&said).map(Some).ok_or_else(|| self.refused(name, "text", &said))
    }

    /// One of these words.
    pub fn choice<T: Copy>(
        &mut self,
        name: &'static str,
        choices: &[(&'static str, T)],
    ) -> Result<Option<T>, RecipeError> {
        let Some(said) = self.value(name) else { return Ok(None) };
        let text = text_of(&said);
        let found = choices.iter().find(|(word, _)| text.as_deref() == Some(*word)).map(|(_, choice)| *choice);
        let takes = || choices.iter().map(|(word, _)| format!("`{word}`")).collect::<Vec<_>>().join(", ");
        found.map(Some).ok_or_else(|| self.refused(name, format!("one of {}", takes()), &said))
    }

    /// A colour by name or in hexadecimal digits.
    pub fn color(&mut self, name: &'static str) -> Result<Option<Color>, RecipeError> {
        let Some(said) = self.value(name) else { return Ok(None) };
        let color = text_of(&said).as_deref().and_then(Color::parse);
        let takes = "a colour: a name, or 3, 4, 6 or 8 hexadecimal digits";
        color.map(Some).ok_or_else(|| self.refused(name, takes, &said))
    }

    /// A place: a word (`top`, `left`, `center`…) or two, `[vertical,horizontal]`.
    pub fn align(&mut self, name: &'static str) -> Result<Option<Align>, RecipeError> {
        let Some(said) = self.value(name) else { return Ok(None) };
        let words = match &said {
            Value::Array(words) => words.iter().map(text_of).collect::<Option<Vec<_>>>().unwrap_or_default(),
            word => text_of(word).into_iter().collect(),
        };
        let vertical = |word: &str| match word {
            "top" => Some(Vertical::Top),
            "middle" | "center" => Some(Vertical::Middle),
            "bottom" => Some(Vertical::Bottom),
            _ => None,
        };
        let horizontal = |word: &str| match word {
            "left" => Some(Horizontal::Left),
            "center" | "middle" => Some(Horizontal::Center),
            "right" => Some(Horizontal::Right),
            _ => None,
        };
        let align = match words.as_slice() {
            [word] => match (vertical(word), horizontal(word)) {
                (None, None) => None,
                (vertical, horizontal) => {
                    Some(Align { vertical: vertical.unwrap_or_default(), horizontal: horizontal.unwrap_or_default() })
                }
            },
            [first, second] => {
                vertical(first).zip(horizontal(second)).map(|(vertical, horizontal)| Align { vertical, horizontal })
            }
            _ => None,
        };
        let takes = "one of `top`, `middle`, `bottom`, `left`, `center`, `right`, or [vertical,horizontal]";
        align.map(Some).ok_or_else(|| self.refused(name, takes, &said))
    }

    /// A list of so many whole numbers, each within its range.
    pub fn integers<const N: usize>(
        &mut self,
        name: &'static str,
        ranges: [RangeInclusive<i64>; N],
    ) -> Result<Option<[i64; N]>, RecipeError> {
        let Some(said) = self.value(name) else { return Ok(None) };
        read_integers(&said, &ranges).map(Some).ok_or_else(|| self.refused(name, list_of(&ranges), &said))
    }

    /// A list of so many numbers, all within one range.
    pub fn numbers<const N: usize>(
        &mut self,
        name: &'static str,
        range: RangeInclusive<f64>,
    ) -> Result<Option<[f64; N]>, RecipeError> {
        let Some(said) = self.value(name) else { return Ok(None) };
        let numbers = said.as_array().and_then(|list| list.iter().map(number_of).collect::<Option<Vec<_>>>());
        let numbers = numbers.filter(|numbers| numbers.iter().all(|number| range.contains(number)));
        let takes = format!("a list of {N} numbers from {} to {}", range.start(), range.end());
        numbers.and_then(|it| it.try_into().ok()).map(Some).ok_or_else(|| self.refused(name, takes, &said))
    }

    /// A list of one to `most` such lists: `[[x,y,width,height],…]`.
    pub fn rectangles(
        &mut self,
        name: &'static str,
        ranges: [RangeInclusive<i64>; 4],
        most: usize,
    ) -> Result<Option<Vec<[i64; 4]>>, RecipeError> {
        let Some(said) = self.value(name) else { return Ok(None) };
        let lists = said.as_array().filter(|lists| (1..=most).contains(&lists.len()));
        let lists = lists.and_then(|lists| lists.iter().map(|list| read_integers(list, &ranges)).collect());
        let takes = format!("a list of 1 to {most} lists of {}", list_of(&ranges));
        lists.map(Some).ok_or_else(|| self.refused(name, takes, &said))
    }

    /// A list of one to `most` texts. One text alone is a list of one.
    pub fn texts(&mut self, name: &'static str, most: usize) -> Result<Option<Vec<String>>, RecipeError> {
        let Some(said) = self.value(name) else { return Ok(None) };
        let texts = match &said {
            Value::Array(texts) if (1..=most).contains(&texts.len()) => texts.iter().map(text_of).collect(),
            Value::Array(_) => None,
            text => text_of(text).map(|text| vec![text]),
        };
        texts.map(Some).ok_or_else(|| self.refused(name, format!("a list of 1 to {most} texts"), &said))
    }

    /// Refuses what nobody asked for.
    pub fn finish(&self) -> Result<(), RecipeError> {
        let Some(unknown) = self.values.keys().next() else { return Ok(()) };
        if self.known.is_empty() {
            return Err(self.wrong(format!("it takes no argument; it was given `{unknown}`")));
        }
        let known = self.known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        Err(self.wrong(format!("there is no argument `{unknown}`; there is {known}")))
    }
}

fn list_of(ranges: &[RangeInclusive<i64>]) -> String {
    let each = ranges.iter().map(|range| format!("{} to {}", range.start(), range.end()));
    format!("[{}]", each.collect::<Vec<_>>().join(", "))
}

fn read_integers<const N: usize>(said: &Value, ranges: &[RangeInclusive<i64>; N]) -> Option<[i64; N]> {
    let said: &[Value; N] = said.as_array()?.as_slice().try_into().ok()?;
    let mut numbers = [0; N];
    for ((number, said), range) in numbers.iter_mut().zip(said).zip(ranges) {
        *number = number_of(said).map(|number| number.round() as i64).filter(|number| range.contains(number))?;
    }
    Some(numbers)
}

/// A number, also one in text.
fn number_of(said: &Value) -> Option<f64> {
    let number = match said {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    };
    number.filter(|number| number.is_finite())
}

/// A text; numbers and booleans as they would be written.
fn text_of(said: &Value) -> Option<String> {
    match said {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

/// The longest value that an error repeats, in characters.
const MAX_SHOWN: usize = 60;

fn shown(said: &Value) -> String {
    let text = said.to_string();
    if text.chars().count() <= MAX_SHOWN {
        return text;
    }
    text.chars().take(MAX_SHOWN).chain(['…']).collect()
}
