//! Replies to the kernel: what an operation came to, or its errno.

use fuser::{Errno, Generation, ReplyAttr, ReplyData, ReplyEmpty, ReplyEntry, ReplyXattr};

use super::convert::{errno, file_attr};
use crate::{error::Result, vfs::Attr};

/// Inodes are never used again for something else while the kernel knows them.
pub(crate) const GENERATION: Generation = Generation(0);

pub(crate) fn reply_entry(reply: ReplyEntry) -> impl FnOnce(Result<Attr>) + Send + 'static {
    move |result| match result {
        Ok(attr) => {
            reply.entry_with_ttls(&attr.attr_ttl, &attr.entry_ttl, &file_attr(&attr), GENERATION)
        }
        Err(error) => reply.error(errno(&error)),
    }
}

pub(crate) fn reply_attr(reply: ReplyAttr) -> impl FnOnce(Result<Attr>) + Send + 'static {
    move |result| match result {
        Ok(attr) => reply.attr(&attr.attr_ttl, &file_attr(&attr)),
        Err(error) => reply.error(errno(&error)),
    }
}

pub(crate) fn reply_empty(reply: ReplyEmpty) -> impl FnOnce(Result<()>) + Send + 'static {
    move |result| match result {
        Ok(()) => reply.ok(),
        Err(error) => reply.error(errno(&error)),
    }
}

pub(crate) fn reply_data(reply: ReplyData) -> impl FnOnce(Result<Vec<u8>>) + Send + 'static {
    move |result| match result {
        Ok(data) => reply.data(&data),
        Err(error) => reply.error(errno(&error)),
    }
}

/// With a size of 0 it is asked how long the value is.
pub(crate) fn reply_xattr(
    reply: ReplyXattr,
    size: u32,
) -> impl FnOnce(Result<Vec<u8>>) + Send + 'static {
    move |result| match result {
        Ok(value) if size == 0 => reply.size(u32::try_from(value.len()).unwrap_or(u32::MAX)),
        Ok(value) if value.len() <= size as usize => reply.data(&value),
        Ok(_) => reply.error(Errno::ERANGE),
        Err(error) => reply.error(errno(&error)),
    }
}
