//! Between the tasks of a project and the bytes of its file. Pure.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use crate::{
    document::{self, Line, Markers, ParseOptions, RenderOptions, shown_markers},
    error::{Error, Kind, Result},
    ids::TaskId,
    model::{Marker, Spelled},
    plan::{Item, Key, Outline, Wanted},
    text::{
        details::{apply_line, to_line},
        fields::FieldView,
        meaning as meant,
    },
};

/// How the file of a project is written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FileFormat {
    /// Whether each line ends with ` ^taskId`.
    pub ids: bool,
    /// Which markers are written.
    pub markers: Markers,
    /// What the fields are called; without, they go by their ids.
    pub fields: Option<Arc<FieldView>>,
}

impl FileFormat {
    fn view(&self) -> Option<&FieldView> {
        self.fields.as_deref()
    }

    /// What a field is called in the file.
    pub(crate) fn field_name<'a>(&'a self, id: &'a str) -> &'a str {
        self.view().and_then(|view| view.keys().label(id)).unwrap_or(id)
    }

    /// The text of an outline.
    pub fn render(&self, outline: &Outline) -> String {
        document::render(&self.lines(outline), &self.options())
    }

    fn options(&self) -> RenderOptions<'_> {
        RenderOptions {
            ids: self.ids,
            markers: self.markers,
            fields: self.view().map(FieldView::keys),
            below: self.view().is_some_and(FieldView::is_below),
        }
    }

    /// On which line each task of an outline begins, counted from 1, in its file: in `shown` where that
    /// is there, else in the text of the outline. `None` where `shown` says something else.
    pub(crate) fn line_numbers(
        &self,
        outline: &Outline,
        title: &str,
        shown: Option<&[u8]>,
    ) -> Vec<Option<usize>> {
        let (text, numbers) = document::render_numbered(&self.lines(outline), &self.options());
        let Some(shown) = shown.filter(|shown| *shown != text.as_bytes()) else {
            return numbers.into_iter().map(Some).collect();
        };
        // Whatever else is on the lines, as long as they are those of these tasks.
        match self.parse(shown, title, outline) {
            Ok(lines) if lines.len() == numbers.len() => {
                lines.iter().map(|line| Some(line.number)).collect()
            }
            Ok(_) | Err(_) => vec![None; numbers.len()],
        }
    }

    /// The lines of an outline.
    pub fn lines(&self, outline: &Outline) -> Vec<Line> {
        let line = |item: &Item| Line {
            depth: item.depth,
            marker: item.spelled.marker(),
            done: item.done,
            text: item.text.clone(),
            details: to_line(&item.details, self.view()),
            anchor: match &item.key {
                Key::Known(id) => Some(id.as_str().to_owned()),
                Key::New(_) => None,
            },
            ..Line::default()
        };
        outline.items.iter().map(line).collect()
    }

    /// The lines of a text that was edited from `base`.
    ///
    /// A leading `# Title` is the file's name and no task, unless the first task is called so.
    ///
    /// # Errors
    /// [`Kind::Invalid`] with the line that cannot be a task.
    pub fn parse(&self, text: &[u8], title: &str, base: &Outline) -> Result<Vec<Line>> {
        let known: HashSet<&str> = base
            .items
            .iter()
            .filter_map(|item| match &item.key {
                Key::Known(id) => Some(id.as_str()),
                Key::New(_) => None,
            })
            .collect();
        let texts: HashSet<&str> = base.items.iter().map(|item| item.text.as_str()).collect();
        let is_anchor = |id: &str| known.contains(id);
        let is_text = |text: &str| texts.contains(text);
        let leads = base.items.first().is_some_and(|item| item.text.trim() == title.trim());
        let options = ParseOptions {
            title: (!leads || self.markers == Markers::Tasks).then_some(title),
            known_anchor: self.ids.then_some(&is_anchor as &dyn Fn(&str) -> bool),
            fields: self.view().map(FieldView::keys),
            known_text: Some(&is_text),
        };
        Ok(document::parse(text, &options)?)
    }

    /// Takes over what the lines say of their tasks. `lines` are those of `ours`, in order; `ours`
    /// knows what was known before.
    ///
    /// # Errors
    /// [`Kind::Invalid`] with the line that says what Taskade cannot keep.
    pub fn say(&self, base: &Outline, ours: &mut Outline, lines: &[Line]) -> Result<()> {
        let texts: HashMap<&Key, &str> =
            base.items.iter().map(|item| (&item.key, item.text.as_str())).collect();
        let people = meant::people(base);
        for (item, line) in ours.items.iter_mut().zip(lines) {
            let refuse = |reason: String| {
                Error::new(Kind::Invalid, format!("line {}: {reason}", line.number))
            };
            let before = texts.get(&item.key).copied();
            let (text, says) =
                meant::meant(before, &item.details, line, &people, self.view()).map_err(refuse)?;
            item.details = apply_line(&item.details, &says, self.view()).map_err(|unfit| {
                let number = unfit.field.map_or(line.number, |at| line.field_number(at));
                Error::new(Kind::Invalid, format!("line {number}: {}", unfit.reason))
            })?;
            item.text = text;
        }
        self.spell(ours, lines);
        Ok(())
    }

    /// Takes over how the lines begin: as they were typed where that shows, so that the text of
    /// `ours` begins its lines as `lines` do, and as it was told everywhere else. Of what Markdown
    /// cannot say where it stands, what was told is kept: it shows again once it can.
    fn spell(&self, ours: &mut Outline, lines: &[Line]) {
        if self.markers == Markers::Tasks {
            let is_new = |item: &Item| matches!(item.key, Key::New(_)) && item.spelled.is_unknown();
            for (item, line) in ours.items.iter_mut().zip(lines).filter(|(item, _)| is_new(item)) {
                item.spelled = Spelled(Some(line.marker).filter(|it| *it != Marker::default()));
            }
            return;
        }
        let mut tried: Vec<Line> = lines.to_vec();
        for (item, line) in ours.items.iter().zip(&mut tried) {
            line.marker = item.spelled.0.unwrap_or(line.marker);
        }
        let typed = shown_markers(lines);
        let shown = shown_markers(&tried);
        for at in (0..ours.items.len()).filter(|at| shown[*at] != typed[*at]) {
            tried[at].marker = lines[at].marker;
        }
        // What one line begins with decides what those before it can.
        if shown_markers(&tried) != typed {
            tried.clone_from_slice(lines);
        }
        for (item, line) in ours.items.iter_mut().zip(&tried) {
            if item.spelled.marker() != line.marker {
                item.spelled = line.marker.into();
            }
        }
    }
}

pub(crate) fn wanted(line: &Line) -> Wanted {
    Wanted {
        depth: line.depth,
        text: line.text.clone(),
        done: line.done,
        anchor: line.anchor.as_ref().map(TaskId::new),
    }
}
