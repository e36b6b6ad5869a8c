//! Running the embedded server alone.

use tokio::{
    runtime::Runtime,
    signal::unix::{SignalKind, signal},
};

use super::{
    arguments::ServeArgs,
    terminal::{note, say, tell},
};

use crate::{
    error::{Error, Result},
    printable::printable,
    server::{Server, ServerConfig},
};

/// Serves until told to end by SIGTERM or SIGINT.
///
/// # Errors
/// If the store cannot be opened or the address cannot be had.
pub(crate) fn serve(args: &ServeArgs) -> Result<()> {
    let runtime = Runtime::new().map_err(|error| Error::io("cannot start", error))?;
    runtime.block_on(async {
        let failed = |error| Error::io("cannot wait for signals", error);
        let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
        let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
        let mut config = ServerConfig::new(&args.local);
        config.listen = args.listen;
        config.log_requests.clone_from(&args.log_requests);
        config.sample = true;
        config.quirks.oauth.lifetime = args.token_lifetime;
        let server = Server::start(config).await?;
        for path in &args.make {
            server.store().make_path(path)?;
        }
        for dir in &args.import {
            let report = server.store().import_directory(dir)?;
            report.others.iter().for_each(|other| tell(other));
            let (projects, workspace) = (report.projects, &report.workspace);
            note(&format!("{projects} projects of {} are in {workspace}", dir.display()));
        }
        let token = server.token_path().display().to_string();
        say(&format!("listening on {}\ntoken in {}\n", server.url(), printable(&token)))?;
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        server.shutdown().await;
        Ok(())
    })
}
