//! Text to lines: walks the blocks of a Markdown text and makes tasks of them.
//!
//! pulldown-cmark says what the blocks are and where; every text is taken from the source, so
//! that nothing inside a line is interpreted. Its inline events only tell which lines belong
//! to a paragraph (a tight list has no paragraph events).

use std::{collections::HashSet, ops::Range};

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use super::{
    BLANKS, Line, MAX_DEPTH, ParseError, anchor,
    blocks::{self, Wrapped},
    characters::{self, SpellingContext},
    details,
    escape::{self, Where},
    fields::FieldKeys,
    layout::{self, FieldsLine, Laid, NOTHING},
    source::{self, SourceText},
};
use crate::model::{MAX_CONTENT_CHARS, Marker};

/// What a text is parsed against.
#[derive(Clone, Copy, Default)]
pub struct ParseOptions<'a> {
    /// The project's title: a leading `# Title` equal to it is dropped.
    pub title: Option<&'a str>,
    /// Reads a trailing ` ^id` for which it holds as [`Line::anchor`]. The first line that has
    /// an id keeps it; a later copy loses it. An unknown one is text.
    pub known_anchor: Option<&'a dyn Fn(&str) -> bool>,
    /// What the fields of the project are called; without, they are read by their ids.
    pub fields: Option<&'a FieldKeys>,
    /// Admits a text beyond [`MAX_CONTENT_CHARS`]: one that the service holds already.
    pub known_text: Option<&'a dyn Fn(&str) -> bool>,
}

/// The tasks of a text, in order. The first has depth 0, and no depth exceeds the one before
/// by more than one.
///
/// # Errors
/// A [`ParseError`] of the whole text, if any of it cannot be a task or the detail of one.
pub fn parse(bytes: &[u8], options: &ParseOptions<'_>) -> Result<Vec<Line>, ParseError> {
    let text = source::normalize(source::read(bytes)?);
    let is_known = |raw: &str| {
        options.known_text.is_some_and(|known| {
            let (_, content) = escape::split_box(raw).unwrap_or((false, raw));
            let is_its = |parts: details::Parts<'_>| known(&plain(&parts.text, Where::Bare));
            details::split(content, options.fields).is_ok_and(is_its)
        })
    };
    let laid = layout::lay_out(&text, options.fields, &is_known)?;
    let mut reader = Reader::new(&laid, options);
    let shadow = source::shadow(&laid.text);
    for (event, range) in Parser::new_ext(&shadow, Options::ENABLE_TABLES).into_offset_iter() {
        reader.event(&event, range)?;
    }
    reader.finish()
}

/// What is open while blocks are walked: the document, or a list item.
#[derive(Default)]
struct Frame {
    /// The depth of a block in it, under no heading.
    depth: usize,
    /// The levels of the headings that hold what comes next, rising.
    headings: Vec<HeadingLevel>,
    /// For an item that has no text yet: the 0-based line of its marker.
    untold: Option<usize>,
    /// For an item: what it is.
    marker: Marker,
    /// The index of the last task made of one of its own blocks.
    task: Option<usize>,
}

struct Reader<'a> {
    source: SourceText<'a>,
    options: &'a ParseOptions<'a>,
    /// What the items are that are still to come, and the 0-based lines that they begin on.
    markers: &'a [(usize, Marker)],
    fields: &'a [FieldsLine],
    lines: Vec<Line>,
    anchors: HashSet<String>,
    /// The document, then the open items.
    frames: Vec<Frame>,
    /// The paragraph that inline events are telling of.
    paragraph: Option<Wrapped>,
    /// How many block quotes are open. What is inside them is taken raw.
    quotes: usize,
    /// The byte offset behind the last list marker.
    content_start: usize,
    /// The first source line that no block has claimed yet.
    unread: usize,
}

impl<'a> Reader<'a> {
    fn new(laid: &'a Laid, options: &'a ParseOptions<'a>) -> Self {
        Self {
            source: SourceText::new(&laid.text),
            options,
            markers: &laid.markers,
            fields: &laid.fields,
            lines: Vec::new(),
            anchors: HashSet::new(),
            frames: vec![Frame::default()],
            paragraph: None,
            quotes: 0,
            content_start: 0,
            unread: 0,
        }
    }

    fn event(&mut self, event: &Event<'_>, range: Range<usize>) -> Result<(), ParseError> {
        match event {
            Event::Start(Tag::BlockQuote(_)) => {
                self.quotes += 1;
                if self.quotes == 1 {
                    self.end_paragraph()?;
                    self.note(&range)?;
                }
            }
            Event::End(TagEnd::BlockQuote(_)) => self.quotes = self.quotes.saturating_sub(1),
            _ if self.quotes > 0 => {}
            Event::Start(Tag::Item) => self.start_item(range.start)?,
            Event::End(TagEnd::Item) => {
                self.end_paragraph()?;
                self.finish_item()?;
                self.frames.pop();
            }
            Event::Start(Tag::Paragraph | Tag::List(_) | Tag::Heading { .. })
            | Event::End(TagEnd::Paragraph | TagEnd::List(_)) => self.end_paragraph()?,
            Event::End(TagEnd::Heading(level)) => self.heading(*level, &range)?,
            Event::Start(Tag::CodeBlock(kind)) => return Err(self.refuse(&range, code(kind))),
            Event::Start(Tag::HtmlBlock) | Event::Html(_) => {
                return Err(self.refuse(&range, "HTML cannot be a task; write `\\<` for a `<`"));
            }
            Event::Start(Tag::Table(_)) => {
                return Err(self.refuse(&range, blocks::NO_TABLE));
            }
            Event::Rule => return Err(self.refuse(&range, self.rule(&range))),
            _ => {
                let is_break = matches!(event, Event::HardBreak);
                self.paragraph.get_or_insert_with(Wrapped::default).take(range, is_break);
            }
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Vec<Line>, ParseError> {
        self.end_paragraph()?;
        self.claim(self.source.line_count()..self.source.line_count())?;
        self.add_fields()?;
        Ok(self.lines)
    }

    /// Adds what lines of fields say to their tasks.
    fn add_fields(&mut self) -> Result<(), ParseError> {
        for FieldsLine { line, owner, said } in self.fields {
            let refuse = |reason: String| ParseError::new(line + 1, reason);
            let task = self.lines.partition_point(|task| task.number <= *owner).checked_sub(1);
            let task = task.and_then(|at| self.lines.get_mut(at));
            let Some(task) = task.filter(|task| task.number == *owner) else {
                return Err(refuse("a field belongs below a task, and there is none here".into()));
            };
            let before = task.details.fields.len();
            task.details.say(said, self.options.fields).map_err(refuse)?;
            let more = task.details.fields.len() - before;
            task.field_lines.extend(std::iter::repeat_n(line + 1, more));
        }
        Ok(())
    }

    fn start_item(&mut self, offset: usize) -> Result<(), ParseError> {
        self.end_paragraph()?;
        self.finish_item()?;
        self.content_start = self.source.behind_marker(offset);
        let marker = self.source.line_at(self.content_start.saturating_sub(1));
        self.claim(marker..marker + 1)?;
        let depth = self.depth();
        let line = marker;
        let marker = self.marker_at(line);
        self.frames.push(Frame { depth, untold: Some(line), marker, ..Frame::default() });
        Ok(())
    }

    /// What the next item is, whose marker is on this line.
    fn marker_at(&mut self, line: usize) -> Marker {
        while let Some(((at, marker), rest)) = self.markers.split_first() {
            if *at > line {
                break;
            }
            self.markers = rest;
            if *at == line {
                return *marker;
            }
        }
        Marker::Bullet
    }

    /// Makes a task without text of an open item that turns out to have none of its own.
    fn finish_item(&mut self) -> Result<(), ParseError> {
        let untold = self.frames.last().and_then(|frame| frame.untold);
        untold.map_or(Ok(()), |line| self.task("", line, None))
    }

    /// Makes tasks of the lines that inline events have told of.
    fn end_paragraph(&mut self) -> Result<(), ParseError> {
        let Some(wrapped) = self.paragraph.take() else { return Ok(()) };
        let lines = self.source.lines_in(&wrapped.bytes);
        self.claim(lines.clone())?;
        let first = lines.start;
        let is_fields = |line| self.fields.binary_search_by_key(&line, |it| it.line).is_ok();
        let text =
            blocks::paragraph(&self.source, lines, self.content_start, &wrapped, &is_fields)?;
        self.task(&text, first, None)
    }

    fn heading(&mut self, level: HeadingLevel, range: &Range<usize>) -> Result<(), ParseError> {
        let wrapped = self.paragraph.take().unwrap_or_default();
        let lines = self.source.lines_in(range);
        if self.frames.len() > 1 && !blocks::is_atx(&self.source, &lines, self.content_start) {
            let reason = "a line of `-` or `=` below a task cannot be part of it; delete it, or put \
                          a backslash in front to make it text";
            return Err(ParseError::new(lines.end, reason));
        }
        self.claim(lines.clone())?;
        let first = lines.start;
        let text = blocks::heading(&self.source, lines, self.content_start, &wrapped);
        if level == HeadingLevel::H1 && self.is_title(&text) {
            return Ok(());
        }
        let Some(frame) = self.frames.last_mut() else { return Ok(()) };
        if frame.untold.is_some() {
            return self.task(&text, first, Some(level));
        }
        while frame.headings.last().is_some_and(|open| *open >= level) {
            frame.headings.pop();
        }
        self.task(&text, first, Some(level))?;
        if let Some(frame) = self.frames.last_mut() {
            frame.headings.push(level);
        }
        Ok(())
    }

    /// Whether a heading is the project's title, which the file does not hold.
    fn is_title(&self, text: &str) -> bool {
        let is_first = self.lines.is_empty() && self.frames.len() == 1;
        is_first
            && self.options.title.is_some_and(|title| {
                let unescaped = escape::unescape(text, Where::Heading);
                let plain = characters::decode(&unescaped, SpellingContext::Text);
                text == title.trim() || plain.trim() == title.trim()
            })
    }

    /// Adds a block quote to the note of the task that it belongs to: the open item, or at top
    /// level the task before it.
    fn note(&mut self, range: &Range<usize>) -> Result<(), ParseError> {
        self.finish_item()?;
        let lines = self.source.lines_in(range);
        self.claim(lines.clone())?;
        let first = lines.start;
        let note = blocks::note(&self.source, lines, self.content_start);
        let is_top_level = self.frames.len() == 1;
        let own = self.frames.last().and_then(|frame| frame.task);
        let owner = if is_top_level { self.lines.len().checked_sub(1) } else { own };
        let Some(task) = owner.and_then(|index| self.lines.get_mut(index)) else {
            let reason = "a note (`>`) belongs below a task, and there is none before it";
            return Err(ParseError::new(first + 1, reason));
        };
        match &mut task.details.note {
            Some(before) => {
                before.push('\n');
                before.push_str(&note);
            }
            none => *none = Some(note),
        }
        Ok(())
    }

    /// The depth of the next block of the open frame.
    fn depth(&self) -> usize {
        self.frames.last().map_or(0, |frame| frame.depth + frame.headings.len())
    }

    /// Makes a task of a block's raw text; `line` is the 0-based line where it begins.
    fn task(
        &mut self,
        raw: &str,
        line: usize,
        heading: Option<HeadingLevel>,
    ) -> Result<(), ParseError> {
        let depth = self.depth();
        let index = self.lines.len();
        let mut number = line + 1;
        // A further paragraph of an item is no item.
        let mut marker = Marker::Paragraph;
        if let Some(frame) = self.frames.last_mut() {
            frame.task = Some(index);
            if let Some(line) = frame.untold.take() {
                number = line + 1;
                marker = frame.marker;
                // What follows in the item is below its own task.
                frame.depth += 1;
            }
        }
        if depth >= MAX_DEPTH {
            return Err(layout::too_deep(number));
        }
        if let Some(level) = heading {
            marker = Marker::Heading(level as u8);
        }
        let line = self.read(raw, marker, number)?;
        self.lines.push(Line { depth, ..line });
        Ok(())
    }

    /// Undoes the layers of a line, outermost first. `number` is that of the line that it begins on.
    fn read(&mut self, raw: &str, marker: Marker, number: usize) -> Result<Line, ParseError> {
        let raw = raw.strip_prefix(NOTHING).map_or(raw, |text| text.trim_start_matches(BLANKS));
        let boxed = escape::split_box(raw);
        let is_boxed = boxed.is_some() || escape::has_status(raw);
        let (done, content) = boxed.unwrap_or((false, raw));
        let marker = match marker {
            Marker::Bullet | Marker::Paragraph if boxed.is_some() => Marker::Checkbox,
            Marker::Bullet if is_boxed => Marker::Checkbox,
            marker => marker,
        };
        let (content, id) = match self.options.known_anchor {
            Some(known) => anchor::split(content, known),
            None => (content.into(), None),
        };
        let anchor = id.filter(|id| self.anchors.insert((*id).to_owned())).map(str::to_owned);
        let parts = details::split(&content, self.options.fields)
            .map_err(|reason| ParseError::new(number, reason))?;
        let text = plain(&parts.text, Where::of(marker, is_boxed));
        self.check_length(&text, number)?;
        let details::Parts { details, strays, .. } = parts;
        let field_lines = Vec::new();
        Ok(Line { depth: 0, marker, done, text, details, anchor, number, field_lines, strays })
    }

    fn check_length(&self, text: &str, number: usize) -> Result<(), ParseError> {
        // No text has more characters than bytes.
        if text.len() <= MAX_CONTENT_CHARS {
            return Ok(());
        }
        let length = text.chars().count();
        let is_known = || self.options.known_text.is_some_and(|known| known(text));
        if length <= MAX_CONTENT_CHARS || is_known() {
            return Ok(());
        }
        let reason = format!(
            "a text has at most {MAX_CONTENT_CHARS} characters, and this one {length}; split it"
        );
        Err(ParseError::new(number, reason))
    }

    /// Notes that a block is made of these source lines. Every line with anything on it must
    /// belong to a block: what was typed never vanishes.
    fn claim(&mut self, lines: Range<usize>) -> Result<(), ParseError> {
        for line in self.unread..lines.start {
            if !self.source.line(line, 0).trim().is_empty() {
                return Err(ParseError::new(line + 1, "this line is not part of any task"));
            }
        }
        self.unread = self.unread.max(lines.end);
        Ok(())
    }

    fn rule(&self, range: &Range<usize>) -> &'static str {
        let line = |line| self.source.line(line, 0).trim_end_matches(BLANKS);
        let closes = |number| matches!(line(number).trim_start_matches("- "), "---" | "...");
        let is_first = self.source.line_at(range.start) == 0 && line(0) == "---";
        if is_first && (1..self.source.line_count()).any(closes) {
            "a project has no front matter; delete the lines from `---` to `---`"
        } else {
            "a thematic break cannot be a task; delete it, or write `# ` and a heading"
        }
    }

    fn refuse(&self, range: &Range<usize>, reason: &str) -> ParseError {
        ParseError::new(self.source.line_at(range.start) + 1, reason)
    }
}

/// A text without the escapes that the file needs.
fn plain(text: &str, place: Where) -> String {
    characters::decode(&escape::unescape(text, place), SpellingContext::Text).into_owned()
}

fn code(kind: &CodeBlockKind<'_>) -> &'static str {
    match kind {
        CodeBlockKind::Fenced(_) => {
            "a code block cannot be a task; take it out, or make each line a task"
        }
        CodeBlockKind::Indented => layout::CODE,
    }
}
