//! What each operation does at Taskade.

use std::sync::Arc;

use crate::{
    error::{Error, Kind, Result},
    store::operations::{Operation, OperationKind},
    sync::{
        engine::Engine,
        operation::{agent, delete_media, upload_media},
    },
};

/// Does what an operation is to do. What was sent before may have been done: that is looked for where
/// doing it again would do harm.
///
/// # Errors
/// What it was refused with, or what came in its way and may pass.
pub(crate) async fn carry_out(engine: &Arc<Engine>, operation: &Operation) -> Result<()> {
    match operation.kind {
        OperationKind::DeleteMedia => delete_media::delete(engine, operation).await,
        OperationKind::SaveAgent => agent::send::save(engine, operation).await,
        OperationKind::DeleteAgent => agent::send::delete(engine, operation).await,
        OperationKind::CreateAgent => agent::create::send(engine, operation).await,
        OperationKind::GenerateAgent => agent::create::send_generation(engine, operation).await,
        OperationKind::PublishAgent => agent::publish::send(engine, operation).await,
        OperationKind::AddKnowledge | OperationKind::RemoveKnowledge => {
            agent::knowledge::send(engine, operation).await
        }
        OperationKind::TypedAgent => {
            Err(Error::new(Kind::Invalid, "what was written to the file was refused here"))
        }
        OperationKind::UploadMedia => upload_media::upload(engine, operation).await,
    }
}
