//! What a service manager is told that waits for word of the mount (sd_notify(3)): a datagram to the
//! socket that it names.

use std::os::{
    linux::net::SocketAddrExt,
    unix::net::{SocketAddr, UnixDatagram},
};

use super::environment;

use crate::printable::printable;

/// The variable that names the socket. What this process starts is not to have it.
const SOCKET: &str = "NOTIFY_SOCKET";

/// Whoever waits for word, if somebody does.
pub(super) struct ServiceManager(Option<(UnixDatagram, SocketAddr)>);

impl ServiceManager {
    /// Takes it from the environment. To be called while this process has one thread.
    pub(super) fn take() -> Self {
        let address = environment::take(&[SOCKET]).and_then(|name| match name.strip_prefix('@') {
            Some(name) => SocketAddr::from_abstract_name(name).ok(),
            None => SocketAddr::from_pathname(name).ok(),
        });
        Self(address.and_then(|address| Some((UnixDatagram::unbound().ok()?, address))))
    }

    /// The mount answers.
    pub(super) fn ready(&self, status: &str) {
        self.tell("READY=1\n", status);
    }

    /// The mount is about to end.
    pub(super) fn stopping(&self, status: &str) {
        self.tell("STOPPING=1\n", status);
    }

    /// How it stands, in words.
    pub(super) fn status(&self, status: &str) {
        self.tell("", status);
    }

    fn tell(&self, what: &str, status: &str) {
        let Some((socket, address)) = &self.0 else { return };
        let word = format!("{what}STATUS={}\n", printable(status));
        if let Err(error) = socket.send_to_addr(word.as_bytes(), address) {
            tracing::debug!(%error, "the service manager does not listen");
        }
    }
}
