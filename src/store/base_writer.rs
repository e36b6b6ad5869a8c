//! Writing the log of served bases: what is to be written, and by whom.
//!
//! Where the log is in memory, whoever has noted something writes it. Where it is on disk, one thread
//! does. Whoever has noted something and may wait does so until it is written. A thread of the kernel's may
//! not: the answers that it owes are given by the writer, as soon as what was noted is with the kernel.
//! So all that is queued is of requests that are not answered, and there is no more of it than programs
//! that wait.

use std::{
    io,
    panic::{self, AssertUnwindSafe},
    sync::{Arc, Condvar, mpsc},
    thread::{self, JoinHandle},
};

use crate::{
    kernel_thread,
    lock_order::{self, Ordered, OrderedGuard, Rank},
    store::{
        base_file::LogFile,
        base_lines::{LogLines, News},
    },
};

type Answer = Box<dyn FnOnce() + Send>;

/// What is noted and written.
#[derive(Debug)]
pub(crate) struct LogWriter {
    state: Ordered<State>,
    /// There is work for the writer, and some is done.
    work: Condvar,
    done: Condvar,
}

pub(crate) struct State {
    pub(crate) log: LogLines,
    /// The file, where whoever notes something writes it.
    file: Option<LogFile>,
    news: mpsc::Receiver<News>,
    /// What is to be written.
    lines: Vec<u8>,
    /// Tells the last of what was queued, and of what is written.
    queued: u64,
    written: u64,
    /// What was queued before they were is to be written first.
    answers: Vec<Answer>,
    is_idle: bool,
    is_ending: bool,
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} of {} written, {:?}", self.written, self.queued, self.log)
    }
}

impl State {
    /// Takes over what was noted; tells up to where all is to be written for that to be.
    fn take_news(&mut self) -> u64 {
        while let Ok(news) = self.news.try_recv() {
            self.change(|log, lines| log.take(news, lines));
        }
        self.queued
    }

    /// Changes what is known, and queues the lines that tell it.
    pub(crate) fn change(&mut self, change: impl FnOnce(&mut LogLines, &mut Vec<u8>)) {
        let before = self.lines.len();
        change(&mut self.log, &mut self.lines);
        match self.log.is_kept {
            true if self.lines.len() > before => self.queued += 1,
            true => {}
            false => self.lines.clear(),
        }
    }

    /// Writes what is queued, if that waits for nothing.
    fn write_at_once(&mut self) {
        let Some(file) = self.file.as_mut().filter(|_| !self.lines.is_empty()) else { return };
        let fills = file.is_full();
        if fills {
            self.log.begin_anew();
        }
        if !file.append(&self.lines, fills) {
            self.file = None;
            self.log.is_kept = false;
        }
        self.lines.clear();
        self.written = self.queued;
    }
}

impl LogWriter {
    pub(crate) fn new(log: LogLines, news: mpsc::Receiver<News>) -> Arc<Self> {
        let state = State {
            log,
            file: None,
            news,
            lines: Vec::new(),
            queued: 0,
            written: 0,
            answers: Vec::new(),
            is_idle: false,
            is_ending: false,
        };
        let (work, done) = (Condvar::new(), Condvar::new());
        Arc::new(Self { state: Ordered::leaf(state), work, done })
    }

    /// From now on whoever notes something writes it.
    pub(crate) fn write_to(&self, file: LogFile) {
        let mut state = self.state.lock();
        state.log.is_kept = true;
        state.file = Some(file);
    }

    /// Starts the thread that writes.
    pub(crate) fn start(self: &Arc<Self>, file: LogFile) -> io::Result<JoinHandle<()>> {
        let shared = self.clone();
        let thread = thread::Builder::new().name("bases".to_owned());
        self.state.lock().log.is_kept = true;
        let started = thread.spawn(move || shared.write_behind(file));
        self.state.lock().log.is_kept = started.is_ok();
        started
    }

    /// What is known, with all that was noted before by whomever.
    pub(crate) fn lock(&self) -> OrderedGuard<'_, State> {
        let mut state = self.state.lock();
        state.take_news();
        state
    }

    /// Returns once everything is written that was noted before, by whomever; on a thread of the
    /// kernel's at once: then the answer waits for that.
    pub(crate) fn flush(&self) {
        if !kernel_thread::is_serving() {
            // Whoever waits for what this thread holds would wait for the disk, too.
            lock_order::assert_outside(Rank::Draft, "the log of served bases is waited for");
        }
        let mut state = self.state.lock();
        let ticket = state.take_news();
        state.write_at_once();
        if state.written >= ticket {
            return;
        }
        match kernel_thread::is_serving() {
            true => kernel_thread::owe(ticket),
            false => self.wait_from(state, ticket),
        }
    }

    /// Returns once everything is written up to there.
    pub(crate) fn wait(&self, ticket: u64) {
        self.wait_from(self.state.lock(), ticket);
    }

    fn wait_from(&self, mut state: OrderedGuard<'_, State>, ticket: u64) {
        self.ring(&state);
        while state.written < ticket {
            state = state.wait(&self.done);
        }
    }

    /// Gives an answer once everything is written up to there: by the writer, or now.
    pub(crate) fn answer(&self, ticket: u64, answer: impl FnOnce() + Send + 'static) {
        let mut state = self.state.lock();
        if state.written < ticket {
            state.answers.push(Box::new(answer));
            self.ring(&state);
        } else {
            drop(state);
            answer();
        }
    }

    /// Has the writer end once all is written. The file, if it has none.
    pub(crate) fn end(&self) -> Option<LogFile> {
        let mut state = self.lock();
        state.write_at_once();
        state.is_ending = true;
        self.ring(&state);
        state.file.take()
    }

    fn ring(&self, state: &State) {
        if state.is_idle {
            self.work.notify_one();
        }
    }

    fn write_behind(&self, mut file: LogFile) {
        while let Some(batch) = self.next(&file) {
            let is_written = file.append(&batch.lines, batch.fills);
            self.conclude(batch, is_written);
        }
    }

    /// What is to be written next. `None` once all is, and nobody notes anything any more.
    fn next(&self, file: &LogFile) -> Option<Batch> {
        let mut state = self.state.lock();
        while state.lines.is_empty() && state.answers.is_empty() {
            if state.is_ending || !state.log.is_kept {
                return None;
            }
            state.is_idle = true;
            state = state.wait(&self.work);
            state.is_idle = false;
        }
        let fills = file.is_full();
        if fills {
            state.log.begin_anew();
        }
        let (lines, answers) =
            (std::mem::take(&mut state.lines), std::mem::take(&mut state.answers));
        Some(Batch { lines, fills, ticket: state.queued, answers })
    }

    /// Tells who waits for it. After what could not be written nothing is kept, nor waited for.
    fn conclude(&self, batch: Batch, is_written: bool) {
        let mut state = self.state.lock();
        let mut answers = batch.answers;
        state.written = batch.ticket;
        if !is_written {
            state.log.is_kept = false;
            state.lines.clear();
            state.written = state.queued;
            answers.append(&mut state.answers);
        }
        drop(state);
        self.done.notify_all();
        for answer in answers {
            // One that fails is none, and the others are given.
            if panic::catch_unwind(AssertUnwindSafe(answer)).is_err() {
                tracing::error!("a request failed in a way that it must not");
            }
        }
    }
}

/// What is written at once.
struct Batch {
    lines: Vec<u8>,
    /// Whether what is noted after it is in another file.
    fills: bool,
    ticket: u64,
    answers: Vec<Answer>,
}
