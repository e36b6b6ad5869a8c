//! What the user chose of readings and saves.

use std::{path::PathBuf, sync::Arc, time::Duration};

use crate::{
    api::{FOREGROUND_SILENCE, TaskResource},
    document::Markers,
    model::FieldSchema,
    replica::hidden_fields::without_fields,
    store::cache_writer::Reading,
    sync::paths::PathRules,
    text::{
        codec::FileFormat,
        content_type::ContentTypeChoice,
        fields::{FieldPlacement, FieldView},
    },
};

/// What the user chose.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How old a reading may be to be served or saved upon without asking (`--max-age`).
    pub max_age: Duration,
    /// How long a save waits for Taskade's verdict (`--commit-wait`).
    pub commit_wait: Duration,
    /// How long a program waits for a service that says nothing at all (`--read-timeout`).
    pub read_timeout: Duration,
    /// How many deleted tasks need a second thought (`--max-delete`).
    pub max_delete: usize,
    /// How many projects may be removed at once (`--max-archive`).
    pub max_archive: usize,
    /// Which content type texts are sent as (`--content-type`).
    pub content_type: ContentTypeChoice,
    /// Whether lines end with block ids (`--ids`).
    pub ids: bool,
    /// Which markers lines begin with (`--markers`).
    pub markers: Markers,
    /// Where fields stand that exports tell (`--fields`).
    pub fields: FieldPlacement,
    /// How many bytes the tasks of all projects may take in memory.
    pub memory: usize,
    /// Whether nothing may be written (`--read-only`).
    pub read_only: bool,
    /// Whether what programs have open is asked for with nobody looking (not with `--no-notify`).
    pub follow: bool,
    /// Which details of the tasks of opened projects are asked for ahead (`--details`).
    pub details: Vec<TaskResource>,
    /// What holds at single paths in place of these.
    pub paths: PathRules,
    /// How long it is remembered what was done (`--keep-history`).
    pub keep_history: Duration,
    /// Where all users may keep files in memory, if this mount is to: what is of use to the next mount,
    /// and of none once the machine starts again.
    pub shared_memory: Option<PathBuf>,
}

impl Settings {
    /// Whether anything shows that only exports tell.
    pub(crate) fn shows_exported(&self) -> bool {
        self.markers == Markers::Auto || self.fields != FieldPlacement::None
    }

    /// Whether no field is shown that nobody asked for.
    pub(crate) fn hides_fields(&self) -> bool {
        self.fields == FieldPlacement::None
    }

    /// What an earlier mount has read, as far as this one is to know that: where no fields are shown,
    /// not what an export told of them.
    pub(crate) fn known_of(&self, reading: Reading) -> Reading {
        if !self.hides_fields() || reading.fields.is_none() {
            return reading;
        }
        Reading { outline: without_fields(&reading.outline), fields: None, ..reading }
    }

    /// How the file of a project is written of whose fields nothing is known.
    pub(crate) fn format(&self) -> FileFormat {
        FileFormat { ids: self.ids, markers: self.markers, fields: None }
    }

    /// How the file of a project is written that defines these fields.
    pub(crate) fn format_with(&self, fields: FieldSchema) -> FileFormat {
        let fields = FieldView::new(fields, self.fields).map(Arc::new);
        FileFormat { fields, ..self.format() }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            max_age: Duration::from_secs(30),
            commit_wait: Duration::from_secs(5),
            read_timeout: FOREGROUND_SILENCE,
            max_delete: 20,
            max_archive: 10,
            content_type: ContentTypeChoice::Auto,
            ids: false,
            markers: Markers::Auto,
            fields: FieldPlacement::Auto,
            memory: 64 << 20,
            read_only: false,
            follow: false,
            details: Vec::new(),
            paths: PathRules::default(),
            keep_history: Duration::from_secs(30 * 86_400),
            shared_memory: None,
        }
    }
}
