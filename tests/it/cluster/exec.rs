//! Shells and commands in containers, in a terminal, against a peer that speaks as a kubelet does (`v5.channel.k8s.io`).

use std::path::Path;
use std::sync::Arc;

use futures::future::BoxFuture;
use futures::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::Message;

use super::support::SOON;
use super::support::fake::{Answer, Asked, Fake, Speaks, list, ok, status};
use crate::support::session::{Session, egret};

const PODS: &str = "/api/v1/pods";

/// What the peer was asked and told.
#[derive(Clone, Debug, Default)]
struct Heard(watch::Sender<Vec<String>>);

impl Heard {
    fn note(&self, what: impl Into<String>) {
        self.0.send_modify(|all| all.push(what.into()));
    }

    fn all(&self) -> Vec<String> {
        self.0.borrow().clone()
    }

    /// Waits until this was heard.
    async fn until(&self, what: &str) {
        let heard =
            async { self.0.subscribe().wait_for(|all| all.iter().any(|one| one == what)).await.is_ok() };
        assert!(timeout(SOON, heard).await.unwrap(), "{what}");
    }
}

/// A pod of two containers that runs, and one of one.
fn pods() -> Vec<Value> {
    let pod = |name: &str, containers: &[&str]| {
        let containers: Vec<Value> =
            containers.iter().map(|name| json!({"name": name, "image": "x"})).collect();
        json!({
            "metadata": {"name": name, "namespace": "istio-system", "uid": name, "resourceVersion": "7"},
            "spec": {"containers": containers, "nodeName": "n"},
            "status": {"phase": "Running"},
        })
    };
    vec![pod("one", &["istio-proxy"]), pod("two", &["istio-proxy", "bare"])]
}

async fn fake(heard: &Heard) -> Fake {
    let heard = heard.clone();
    Fake::start(move |asked: &Asked| {
        let path = asked.path();
        if path.ends_with("/exec") {
            return Some(exec(&asked.uri, heard.clone()));
        }
        let is_list = path == PODS || path == "/api/v1/namespaces/istio-system/pods";
        (is_list && !asked.watches()).then(|| ok(list(7, &pods())))
    })
    .await
}

fn exec(uri: &str, heard: Heard) -> Answer {
    let query = uri.split_once('?').map(|(_, query)| query).unwrap_or_default();
    let pairs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let all = |name: &str| -> Vec<String> {
        pairs.iter().filter(|(n, _)| n == name).map(|(_, value)| value.clone()).collect()
    };
    let (command, container, tty) =
        (all("command"), all("container").concat(), all("tty").concat() == "true");
    heard.note(format!("exec in {container}: {} tty={tty}", command.first().cloned().unwrap_or_default()));
    if command.first().is_some_and(|program| program == "forbidden") {
        return status(403, "");
    }
    let speaks = move |socket: WebSocketStream<TcpStream>| -> BoxFuture<'static, ()> {
        let (heard, command, container) = (heard.clone(), command.clone(), container.clone());
        Box::pin(async move {
            if container == "bare" {
                none(socket).await;
            } else if tty {
                shell(socket, heard).await;
            } else {
                program(socket, &command, heard).await;
            }
        })
    };
    Answer::Socket("v5.channel.k8s.io", Speaks(Arc::new(speaks)))
}

type Socket = WebSocketStream<TcpStream>;

async fn say(socket: &mut Socket, channel: u8, text: &str) {
    let mut frame = vec![channel];
    frame.extend_from_slice(text.as_bytes());
    // A client that is gone is what some tests are about.
    let _ = socket.send(Message::Binary(frame.into())).await;
}

async fn over(mut socket: Socket, status: Value) {
    say(&mut socket, 3, &status.to_string()).await;
    let _ = socket.close(None).await;
}

/// A container without a shell.
async fn none(socket: Socket) {
    let message = "error executing command: exec: \"sh\": executable file not found in $PATH";
    over(socket, json!({"metadata": {}, "status": "Failure", "reason": "InternalError", "message": message}))
        .await;
}

fn exit(code: i32) -> Value {
    if code == 0 {
        return json!({"metadata": {}, "status": "Success"});
    }
    json!({"metadata": {}, "status": "Failure", "reason": "NonZeroExitCode",
        "details": {"causes": [{"reason": "ExitCode", "message": code.to_string()}]}})
}

/// A shell that echoes, and knows two words.
async fn shell(mut socket: Socket, heard: Heard) {
    say(&mut socket, 1, "fake$ ").await;
    let mut line = String::new();
    while let Some(Ok(message)) = socket.next().await {
        let Message::Binary(frame) = message else { continue };
        match frame.first() {
            Some(4) => heard.note(format!("size {}", String::from_utf8_lossy(&frame[1..]))),
            Some(0) => {
                for byte in &frame[1..] {
                    if *byte != b'\r' {
                        line.push(char::from(*byte));
                        say(&mut socket, 1, &char::from(*byte).to_string()).await;
                        continue;
                    }
                    heard.note(format!("typed {line:?}"));
                    match line.as_str() {
                        "exit 3" => return over(socket, exit(3)).await,
                        // Without a word: as when a node or a load balancer is gone.
                        "drop" => return,
                        "vim" => say(&mut socket, 1, "\u{1b}[?1049h\u{1b}[2;5r\u{1b}[?1003h\u{1b}(0~").await,
                        _ => say(&mut socket, 1, &format!("\r\nyou said {line}\r\nfake$ ")).await,
                    }
                    line.clear();
                }
            }
            _ => {}
        }
    }
    heard.note("gone");
}

async fn program(mut socket: Socket, command: &[String], heard: Heard) {
    if command[0] == "sleep" {
        say(&mut socket, 1, "it sleeps\n").await;
        while let Some(Ok(_)) = socket.next().await {}
        return heard.note("gone");
    }
    if command[0] == "drop" {
        return say(&mut socket, 1, "half a line").await;
    }
    say(&mut socket, 1, &format!("said \u{1b}[31m{}\n", command.join("|"))).await;
    say(&mut socket, 2, "and to err\n").await;
    over(socket, exit(42)).await;
}

fn session(fake: &Fake, line: &str, size: (u16, u16)) -> Session {
    let session = egret(&fake.kubeconfig("{}"), line).size(size.0, size.1).go();
    session.sees("1/1 clusters");
    session.keys("4").sees("two").keys("g g").selects("one");
    session
}

/// All files below a folder, as one text.
fn files(dir: &Path) -> String {
    let mut all = String::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.push_str(&files(&path));
        } else {
            all.push_str(&String::from_utf8_lossy(&std::fs::read(&path).unwrap_or_default()));
        }
    }
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shell_has_the_terminal_its_size_and_its_keys_and_then_the_screen_is_back() {
    let heard = Heard::default();
    let fake = fake(&heard).await;
    let session = session(&fake, "", (80, 24));
    session
        .keys("x")
        .sees("fake$")
        .sees("egret: a shell in container istio-proxy of pod istio-system/one in fake");
    assert!(!session.on_alternate_screen());
    session.type_in("who am i\r");
    session.sees("you said who am i");
    session.resize(100, 30);
    // `q` and ctrl-c are the shell's, not egret's.
    session.type_in("q\u{3}\r");
    session.sees("you said q\u{3}".trim_end_matches('\u{3}'));
    session.type_in("exit 3\r");
    session.sees("The shell in container istio-proxy of pod istio-system/one in fake is over (exit code 3).");
    assert!(session.on_alternate_screen() && !session.shows_cursor());
    // The first key after it is egret's own.
    session.keys("down").selects("two");
    let told = heard.all();
    assert!(told.contains(&"exec in istio-proxy: sh tty=true".to_owned()), "{told:?}");
    for size in [r#"size {"Width":80,"Height":24}"#, r#"size {"Width":100,"Height":30}"#] {
        assert!(told.iter().any(|told| told == size), "{size}: {told:?}");
    }
    // Who ran a shell where is written down; what was typed and said is not.
    let written = files(session.home());
    assert!(
        written.contains(r#""command":"istio-proxy: shell""#) && written.contains(r#""name":"one""#),
        "{written}"
    );
    assert!(!written.contains("who am i"), "{written}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shell_that_hangs_is_left_from_this_side() {
    let heard = Heard::default();
    let fake = fake(&heard).await;
    let session = session(&fake, "", (80, 24));
    session.keys("x").sees("fake$");
    session.type_in("\u{1d}\u{1d}");
    session.says("what ran there may go on").sees("pods");
    heard.until("gone").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_is_lost_ends_a_shell_and_a_command() {
    let heard = Heard::default();
    let fake = fake(&heard).await;
    let session = session(&fake, "", (80, 24));
    session.keys("x").sees("fake$");
    session.type_in("drop\r");
    session
        .says("The connection to the shell in container istio-proxy of pod istio-system/one in fake ended");
    assert!(session.on_alternate_screen());
    session.keys("down").selects("two").keys("up").selects("one");
    session.command("exec drop");
    session.sees("half a line").sees("The connection ended before it told how it went");
    session.keys("esc").selects("one");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shell_in_which_egret_is_ended_leaves_the_terminal_as_others_expect_it() {
    let heard = Heard::default();
    let fake = fake(&heard).await;
    let mut session = session(&fake, "", (80, 24));
    session.keys("x").sees("fake$");
    session.type_in("vim\r");
    session.wait_seen("its own screen", SOON, |seen| seen.on_alternate_screen());
    session.signal(rustix::process::Signal::TERM);
    session.wait_status(SOON);
    assert!(!session.on_alternate_screen() && session.shows_cursor());
    let raw = String::from_utf8_lossy(&session.raw()).into_owned();
    let (_, behind) = raw.rsplit_once("\u{1b}(0~").unwrap();
    for reset in ["\u{1b}(B", "\u{1b}[r", "\u{1b}[?1003l", "\u{1b}[?7h"] {
        assert!(behind.contains(reset), "{reset:?} in {behind:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_several_containers_one_is_chosen_and_one_without_a_shell_says_so() {
    let heard = Heard::default();
    let fake = fake(&heard).await;
    let session = session(&fake, "", (80, 24));
    session.keys("down").selects("two");
    session.keys("x").sees("shell in which container of two in fake").keys("down enter");
    session
        .says("No shell in container bare of pod istio-system/two in fake: its image has none (distroless)");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_tells_what_it_says_and_how_it_ends_and_can_be_ended() {
    let heard = Heard::default();
    let fake = fake(&heard).await;
    let session = session(&fake, "", (80, 24));
    session.command("exec echo 'a b' c");
    session.sees("It failed (exit code 42)").sees("echo|a b|c").sees("and to err");
    // What a terminal obeys is not handed on.
    assert!(!session.screen().contains('\u{1b}') && session.screen().contains("[31m"));
    session.keys("esc").sees_not("It failed");
    session.command("exec sleep 1000");
    session.sees("it sleeps").sees("It runs; esc ends it").keys("esc").sees("You ended the connection");
    heard.until("gone").await;
    session.keys("esc").sees_not("You ended").selects("one");
    session.command("exec forbidden thing");
    session.says("no right to run a command").says("get and create on pods/exec");
    let written = files(session.home());
    assert!(written.contains(r#"istio-proxy: echo 'a b' c"#), "{written}");
    assert!(!written.contains("and to err"), "{written}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_run_where_egret_is_read_only_and_in_production_the_name_is_typed_first() {
    let heard = Heard::default();
    let fake = fake(&heard).await;
    let read_only = session(&fake, "--read-only", (80, 24));
    read_only.keys("x").says("shell: fake is read-only here");
    assert_eq!(heard.all(), Vec::<String>::new());
    drop(read_only);
    let config = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(config.path(), "[[context]]\nmatch = 'fake'\nproduction = true\n").unwrap();
    let session = session(&fake, &format!("--config {}", config.path().display()), (80, 24));
    session
        .keys("x")
        .sees("open a shell in one?")
        .sees("This is production.")
        .sees("Type one to do it in fake");
    session.keys("enter").says("one has to be typed here first");
    assert_eq!(heard.all(), Vec::<String>::new());
    session.type_in("one");
    session.keys("enter").sees("fake$");
    session.type_in("exit 3\r");
    session.says("exit code 3).");
}
