//! `data-inspector upload` and `data-inspector follow`: how the client's work looks in a terminal. Not here: the
//! client itself.

use std::process::ExitCode;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use data_inspector_api::client::{
    Client, ClientError, Followed, Follower, Outcome, UploadOptions, create_inspection, upload,
};
use data_inspector_api::report::render;
use data_inspector_domain::id::InspectionId;
use data_inspector_domain::profile::Profile;

use crate::command_line::{FollowArguments, ServerArguments, UploadArguments};
use crate::inspect_command::{fail, print, style_of_stdout};
use crate::progress::ProgressBar;

/// How long a server that cannot be reached is tried again.
const PATIENCE: Duration = Duration::from_secs(10 * 60);

/// Uploads a file, and follows its inspection if that is asked for.
pub(crate) async fn run_upload(arguments: &UploadArguments) -> ExitCode {
    let uploaded = upload_file(arguments).await;
    let (client, file_id) = match uploaded {
        Ok(uploaded) => uploaded,
        Err(error) => return fail(&format!("cannot upload {}: {error}", arguments.file.display())),
    };
    if !arguments.inspect {
        return print(&format!("{file_id}\n"));
    }
    match create_inspection(&client, &file_id, &new_key()).await {
        Ok(id) => {
            eprintln!("inspection {id}: to come back to it, run data-inspector follow {id}");
            follow(client, id, arguments.json).await
        }
        Err(error) => fail(&format!("cannot inspect {file_id}: {error}")),
    }
}

async fn upload_file(arguments: &UploadArguments) -> Result<(Client, String), ClientError> {
    let client = client(&arguments.server)?;
    let options = UploadOptions { parallel: arguments.parallel.into(), again: arguments.again };
    let bar = ProgressBar::of_transfer();
    let uploaded = upload(&client, &arguments.file, options, &|done, total| bar.show(done, total, 0)).await?;
    Ok((client, uploaded.file_id))
}

/// Follows an inspection to its end, then prints what was found.
pub(crate) async fn run_follow(arguments: &FollowArguments) -> ExitCode {
    match client(&arguments.server) {
        Ok(client) => follow(client, arguments.id, arguments.json).await,
        Err(error) => fail(&error.to_string()),
    }
}

async fn follow(client: Client, id: InspectionId, json: bool) -> ExitCode {
    let mut follower = Follower::from_the_start(client, id, PATIENCE);
    match follow_to_the_end(&mut follower).await {
        Ok(outcome) => show(&outcome, id, json),
        Err(error) => fail(&format!("cannot follow {id}: {error}")),
    }
}

async fn follow_to_the_end(follower: &mut Follower) -> Result<Outcome, ClientError> {
    let bar = ProgressBar::on_stderr();
    while let Some(followed) = follower.next().await? {
        match followed {
            Followed::Progress { bytes_done, bytes_total, rows_done } => {
                bar.show(bytes_done, bytes_total, rows_done)
            }
            Followed::Reconnecting { reason } => bar.say(&format!("{reason}; trying again")),
            Followed::Gap { from_seq, to_seq } => bar.say(&format!("events {from_seq} to {to_seq} are gone")),
            Followed::Event { .. } => {}
        }
    }
    follower.outcome().await
}

fn show(outcome: &Outcome, id: InspectionId, json: bool) -> ExitCode {
    if let Some(failure) = &outcome.failure {
        return fail(&format!("{} ({})", failure.user_message, failure.code));
    }
    let Some(profile) = outcome.profile.as_ref().filter(|profile| profile.is_final) else {
        return fail(&format!("the inspection has ended without a result: {}", outcome.state));
    };
    let Some(document) = &profile.document else {
        return fail(&format!(
            "{id} has succeeded; its profile is too large to be sent here, or this token may not see values"
        ));
    };
    if json {
        return print(&format!("{document}\n"));
    }
    match serde_json::from_str::<Profile>(document) {
        Ok(profile) => print(&render(&profile, &outcome.file.name, style_of_stdout())),
        Err(error) => fail(&format!("cannot read the profile, which another release wrote: {error}")),
    }
}

fn client(arguments: &ServerArguments) -> Result<Client, ClientError> {
    Client::try_new(&arguments.server, arguments.token.clone())
}

/// Each call asks for an inspection of its own.
fn new_key() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("cli-{}-{}", std::process::id(), now.as_nanos())
}
