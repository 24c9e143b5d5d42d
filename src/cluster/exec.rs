//! Programs in containers of pods, over a WebSocket: a shell with a terminal, or one command.
//!
//! What is run is written into the journal, with who ran it and where; what is typed and what is said never is.

use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Status;
use kube::Api;
use kube::api::{AttachParams, AttachedProcess};
use tokio::time::timeout;

use super::connect::Connection;
use super::error::Asked;
use super::forward::refused;
use super::journal::{Begun, Sent};
use super::write::Address;
use crate::model::clean::clean;
use crate::model::exec::{Ended, Run};
use crate::model::fault::{Fault, Reason};
use crate::model::name::Kind;

/// What becomes a shell: the better one where there are two.
const SHELL: [&str; 3] = ["sh", "-c", "command -v bash >/dev/null 2>&1 && exec bash; exec sh"];

/// Bytes that may wait between the two sides.
const ROOM: usize = 64 << 10;

/// A program that runs.
pub struct Running {
    /// Its streams, and how it ends.
    pub process: AttachedProcess,
    told: Begun,
}

/// Runs a program, with a terminal if it is a shell.
///
/// # Errors
/// When the server refuses or does not answer, or read-only mode forbids it.
pub async fn start(c: &Connection, run: &Run) -> Result<Running, Fault> {
    let what = if run.is_shell() { "open a shell" } else { "run a command" };
    let asked =
        Asked::new(&c.cluster, format!("{what} in container {} of pod {}", run.container, run.pod.name));
    c.authorized().await?;
    let shell = run.is_shell();
    let mut params = AttachParams::default()
        .container(run.container.clone())
        .stdin(shell)
        .tty(shell)
        .stdout(true)
        // A terminal has one way out.
        .stderr(!shell);
    params.max_stdin_buf_size = Some(ROOM);
    params.max_stdout_buf_size = Some(ROOM);
    params.max_stderr_buf_size = Some(ROOM);
    let command: Vec<String> = if shell { SHELL.map(str::to_owned).to_vec() } else { run.command.clone() };
    let at = Address {
        kind: Kind::Pod.to_string(),
        resource: Kind::Pod.resource(),
        namespace: run.pod.namespace.to_string(),
        name: run.pod.name.to_string(),
    };
    let mut told = c.journal.begin(c, &at, Sent { verb: "exec", query: "/exec", body: None });
    told.running(&if shell {
        format!("{}: shell", run.container)
    } else {
        format!("{}: {}", run.container, run.line())
    });
    let pods = Api::<Pod>::namespaced(c.client.clone(), &run.pod.namespace);
    match timeout(c.patience.answer, pods.exec(&run.pod.name, command, &params)).await {
        Ok(Ok(process)) => {
            told.done(None);
            Ok(Running { process, told })
        }
        Ok(Err(error)) => {
            if super::error::never_left(&error) {
                told.never_left();
            }
            let fault = refused(&asked, &error, "pods/exec");
            told.refused(code(&error), &fault);
            Err(fault)
        }
        Err(_) => {
            let why = format!("no answer in {} s", c.patience.answer.as_secs_f32());
            Err(asked.because(Reason::Unreachable, &why, "It may run all the same."))
        }
    }
}

/// The status of an answer, where there was one.
fn code(error: &kube::Error) -> u16 {
    match error {
        kube::Error::Api(status) => status.code,
        kube::Error::UpgradeConnection(kube::client::UpgradeConnectionError::ProtocolSwitch(code)) => {
            code.as_u16()
        }
        _ => 0,
    }
}

impl Running {
    /// It is over, in this way: the journal has it.
    pub fn finish(mut self, ended: &Ended) {
        // The API server took it, and whoever was to run it did not.
        if let Ended::Failed(why) = ended {
            self.told.refused(0, &Fault::new(Reason::Invalid, why.clone(), ""));
        }
        drop(self.told);
    }
}

/// What the last word of the server means.
pub fn ended(status: Option<Status>) -> Ended {
    let Some(status) = status else { return Ended::Cut };
    if status.status.as_deref() == Some("Success") {
        return Ended::Exit(0);
    }
    let causes = status.details.iter().flat_map(|details| details.causes.iter().flatten());
    let code = causes
        .filter(|cause| cause.reason.as_deref() == Some("ExitCode"))
        .find_map(|cause| cause.message.as_deref().and_then(|code| code.parse().ok()));
    match code {
        Some(code) => Ended::Exit(code),
        None => {
            let said = status.message.or(status.reason).unwrap_or_default();
            Ended::Failed(clean(said.trim()).chars().take(500).collect())
        }
    }
}

/// Whether a program could not be started because the container has none of that name.
pub fn is_missing(said: &str) -> bool {
    said.contains("executable file not found") || said.contains("no such file or directory")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(status: serde_json::Value) -> Ended {
        ended(Some(serde_json::from_value(status).unwrap()))
    }

    #[test]
    fn the_last_word_tells_how_a_program_ended() {
        assert_eq!(of(json!({"metadata": {}, "status": "Success"})), Ended::Exit(0));
        let failed = json!({"metadata": {}, "status": "Failure", "reason": "NonZeroExitCode",
            "message": "command terminated with non-zero exit code",
            "details": {"causes": [{"reason": "ExitCode", "message": "42"}]}});
        assert_eq!(of(failed), Ended::Exit(42));
        let said = "OCI runtime exec failed: exec: \"sh\": executable file not found in $PATH";
        let Ended::Failed(why) = of(json!({"status": "Failure", "reason": "InternalError", "message": said}))
        else {
            panic!("it never ran")
        };
        assert!(is_missing(&why), "{why}");
        assert_eq!(ended(None), Ended::Cut);
    }
}
