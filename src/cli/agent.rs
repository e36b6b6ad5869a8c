//! `agent`: what there is to see of a published agent, of which nothing but its address is known.

use std::{sync::Arc, time::Duration};

use super::{
    session::Access,
    space_arguments::{AgentArgs, AgentCommand, ShowAgentArgs},
    terminal::say_json,
};

use crate::{
    api::{Client, HttpBackend, Priority, endpoints::GetPublicAgent},
    clock::SystemClock,
    error::{Error, Kind, Result},
};

/// How long the service may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Does what is asked.
///
/// # Errors
/// What asking failed with.
pub(crate) fn agent(args: &AgentArgs) -> Result<()> {
    match &args.command {
        AgentCommand::Show(args) => show(args),
    }
}

/// Prints a published agent.
fn show(args: &ShowAgentArgs) -> Result<()> {
    let access = Access::of(&args.account)?;
    if let Access::Store(_) = access {
        return Err(Error::new(Kind::Invalid, "a local store publishes nothing")
            .hint("ask an account, without --local"));
    }
    let runtime =
        tokio::runtime::Runtime::new().map_err(|error| Error::io("cannot start", error))?;
    let asked = GetPublicAgent { public: &args.public };
    let told = runtime.block_on(async {
        let (url, tokens) = (args.account.api_url(), access.tokens().await?);
        let backend = HttpBackend::with_tokens(url, tokens, Arc::new(SystemClock))?;
        let client = Client::new(Arc::new(backend));
        tokio::time::timeout(TIMEOUT, client.read(Priority::Foreground, asked))
            .await
            .map_err(|_| Error::new(Kind::Unreachable, "the service did not answer"))?
    });
    say_json(&told.map_err(|error| error.at(args.public.clone()))?)
}
