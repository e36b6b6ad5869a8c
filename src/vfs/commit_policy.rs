//! When what was written through an open file is saved: one table of what may happen to a draft.
//! Pure.
//!
//! `fsync` saves what is there. `flush` (close) saves when it comes from the process that opened
//! the file: any other is a child dropping a descriptor that it inherited, with more to be
//! written. `release` saves what is left.
//!
//! A draft that was emptied and not written to since is on its way to something else: a shell
//! opens the file of a redirect, closes the descriptor that it has duplicated, and only then runs
//! the command; an editor may empty the file through one open and write it through another. So no
//! close saves it, and only the end of its grace does, unless what comes before that settles it:
//! a whole new text of the file, from anyone, and the end of the file take its place; a renaming
//! comes after it.

/// How it stands with what is written through one open file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Nothing is to be saved.
    Clean,
    /// Something was written.
    Written,
    /// It was emptied, and nothing was written since.
    Emptied {
        /// Whether the program asked for just that, by `ftruncate` or by syncing what it had
        /// emptied: no redirect on its way does.
        on_purpose: bool,
        /// Whether its grace runs.
        waits: bool,
    },
}

/// What happens to the draft, or to its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Occasion {
    /// A descriptor was closed.
    Flush {
        /// By the process that opened the file.
        by_opener: bool,
        /// Whether saving an empty text is certain to be refused here.
        is_refusal_certain: bool,
    },
    /// The program wants it to be safe.
    Fsync,
    /// The last descriptor is gone.
    Release,
    /// Its grace is over.
    GraceOver,
    /// The mount is going.
    Unmount,
    /// The file is about to be renamed or moved.
    Rename,
    /// The file is about to get a whole new text, through another open or by a renaming.
    Replaced,
    /// The file was removed.
    Unlink,
}

/// What becomes of the draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is saved.
    Commit,
    /// It waits for the rest of a save.
    Grace,
    /// It is settled by what happened, and not saved.
    Drop,
    /// It goes on.
    Nothing,
}

/// What becomes of a draft.
pub(crate) fn decide(stage: Stage, occasion: Occasion) -> Verdict {
    match (stage, occasion) {
        (Stage::Clean, _) => Verdict::Nothing,
        (Stage::Written, occasion) => written(occasion),
        (Stage::Emptied { on_purpose, waits }, occasion) => emptied(on_purpose, waits, occasion),
    }
}

pub(crate) fn written(occasion: Occasion) -> Verdict {
    match occasion {
        Occasion::Flush { by_opener: true, .. }
        | Occasion::Fsync
        | Occasion::Release
        | Occasion::Unmount => Verdict::Commit,
        // What others do to the file is no word of the one that writes.
        Occasion::Flush { by_opener: false, .. }
        | Occasion::GraceOver
        | Occasion::Rename
        | Occasion::Replaced
        | Occasion::Unlink => Verdict::Nothing,
    }
}

pub(crate) fn emptied(on_purpose: bool, waits: bool, occasion: Occasion) -> Verdict {
    match occasion {
        // The one moment at which a program can hear of it and no save is broken off.
        Occasion::Flush { by_opener: true, is_refusal_certain: true } if on_purpose => {
            Verdict::Commit
        }
        Occasion::Flush { .. } => Verdict::Nothing,
        Occasion::Fsync | Occasion::Release => Verdict::Grace,
        // One whose grace has not begun is not yet anyone's wish.
        Occasion::GraceOver | Occasion::Unmount | Occasion::Rename if waits => Verdict::Commit,
        Occasion::GraceOver | Occasion::Unmount | Occasion::Rename => Verdict::Nothing,
        Occasion::Replaced | Occasion::Unlink => Verdict::Drop,
    }
}

#[cfg(test)]
mod tests {
    use super::{Occasion, Stage, Verdict, decide};

    const OPENER: Occasion = Occasion::Flush { by_opener: true, is_refusal_certain: false };
    const CHILD: Occasion = Occasion::Flush { by_opener: false, is_refusal_certain: true };
    const HOPELESS: Occasion = Occasion::Flush { by_opener: true, is_refusal_certain: true };

    const ALL: [Occasion; 10] = [
        OPENER,
        CHILD,
        HOPELESS,
        Occasion::Fsync,
        Occasion::Release,
        Occasion::GraceOver,
        Occasion::Unmount,
        Occasion::Rename,
        Occasion::Replaced,
        Occasion::Unlink,
    ];

    fn row(stage: Stage) -> [Verdict; 10] {
        ALL.map(|occasion| decide(stage, occasion))
    }

    #[test]
    fn the_table() {
        use Verdict::{Commit as C, Drop as D, Grace as G, Nothing as N};
        let emptied = |on_purpose, waits| row(Stage::Emptied { on_purpose, waits });
        assert_eq!(row(Stage::Clean), [N; 10]);
        assert_eq!(row(Stage::Written), [C, N, C, C, C, N, C, N, N, N]);
        assert_eq!(emptied(false, false), [N, N, N, G, G, N, N, N, D, D]);
        assert_eq!(emptied(false, true), [N, N, N, G, G, C, C, C, D, D]);
        assert_eq!(emptied(true, false), [N, N, C, G, G, N, N, N, D, D]);
        assert_eq!(emptied(true, true), [N, N, C, G, G, C, C, C, D, D]);
    }

    #[test]
    fn a_child_that_drops_what_it_inherited_saves_nothing() {
        for stage in
            [Stage::Clean, Stage::Written, Stage::Emptied { on_purpose: true, waits: true }]
        {
            assert_eq!(decide(stage, CHILD), Verdict::Nothing, "{stage:?}");
        }
    }
}
