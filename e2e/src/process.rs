//! A process of ours: started, waited for, killed, stopped, continued, asked to end.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::{Mutex, PoisonError};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// A running process. Dropped, it is killed.
pub struct Process {
    name: String,
    child: Mutex<Child>,
    /// Open as long as it runs: a program that cannot print fails.
    _stdout: BufReader<ChildStdout>,
    log: PathBuf,
    url: String,
}

impl Process {
    /// Starts a program, and waits until it says `… is ready: URL`. What it logs is added to `FOLDER/NAME.log`.
    pub fn start(name: &str, mut command: Command, folder: &Path) -> io::Result<Self> {
        let log = folder.join(format!("{name}.log"));
        let written = File::options().create(true).append(true).open(&log)?;
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(written);
        let mut child = command.spawn()?;
        let mut stdout = BufReader::new(child.stdout.take().ok_or_else(|| io::Error::other("no stdout"))?);
        let mut line = String::new();
        stdout.read_line(&mut line)?;
        let Some((_, url)) = line.trim_end().split_once(" is ready: ") else {
            let _ = child.kill();
            let _ = child.wait();
            let said = std::fs::read_to_string(&log).unwrap_or_default();
            return Err(io::Error::other(format!("{name} did not become ready: {line}{said}")));
        };
        let url = url.to_owned();
        Ok(Self { name: name.to_owned(), child: Mutex::new(child), _stdout: stdout, log, url })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it is reached.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What all processes of its name have logged.
    pub fn log(&self) -> io::Result<String> {
        std::fs::read_to_string(&self.log)
    }

    /// Nothing while it runs, and else how it ended by itself and the last of its log.
    pub fn epitaph(&self) -> io::Result<Option<String>> {
        const LAST_LINES: usize = 20;
        let Some(status) = self.with_child(Child::try_wait)? else { return Ok(None) };
        let log = self.log()?;
        let lines: Vec<&str> = log.lines().collect();
        let last = lines[lines.len().saturating_sub(LAST_LINES)..].join("\n");
        Ok(Some(format!("{} has ended ({status}):\n{last}", self.name)))
    }

    /// SIGKILL: it ends without a word.
    pub fn kill(self) -> io::Result<()> {
        self.with_child(Child::kill)?;
        self.end().map(drop)
    }

    /// SIGSTOP: it stands still and knows nothing of it.
    pub fn stop(&self) -> io::Result<()> {
        self.signal(Signal::SIGSTOP)
    }

    /// SIGCONT: it goes on.
    pub fn go_on(&self) -> io::Result<()> {
        self.signal(Signal::SIGCONT)
    }

    /// SIGTERM; waits for its end, and returns its exit code.
    pub fn terminate(self) -> io::Result<Option<i32>> {
        self.signal(Signal::SIGTERM)?;
        Ok(self.end()?.code())
    }

    fn end(&self) -> io::Result<ExitStatus> {
        self.with_child(Child::wait)
    }

    fn with_child<T>(&self, work: impl FnOnce(&mut Child) -> io::Result<T>) -> io::Result<T> {
        work(&mut self.child.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn signal(&self, signal: Signal) -> io::Result<()> {
        let id = self.with_child(|child| i32::try_from(child.id()).map_err(io::Error::other))?;
        Ok(kill(Pid::from_raw(id), signal)?)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.with_child(Child::kill);
        let _ = self.end();
    }
}
