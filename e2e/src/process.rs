//! A process of ours: started, waited for, killed, stopped, continued, asked to end.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// A running process. Dropped, it is killed.
pub struct Process {
    name: String,
    child: Child,
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
        Ok(Self { name: name.to_owned(), child, _stdout: stdout, log, url })
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

    /// SIGKILL: it ends without a word.
    pub fn kill(mut self) -> io::Result<()> {
        self.child.kill()?;
        self.child.wait().map(drop)
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
    pub fn terminate(mut self) -> io::Result<Option<i32>> {
        self.signal(Signal::SIGTERM)?;
        Ok(self.child.wait()?.code())
    }

    fn signal(&self, signal: Signal) -> io::Result<()> {
        let id = i32::try_from(self.child.id()).map_err(io::Error::other)?;
        Ok(kill(Pid::from_raw(id), signal)?)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
