//! The programs that run the examples, if this machine has them.

use std::{
    io::{ErrorKind, Write as _},
    path::Path,
    process::{Command, Output},
};

use pinned_packages::{InstallationError, Installer, PinnedPackages};

/// Why an example or a client cannot run on this machine: what is missing.
pub(super) type Missing = String;

/// A command that waits for its script, or what is missing.
pub(super) type Tool = Result<Command, Missing>;

const JAVASCRIPT: PinnedPackages = PinnedPackages {
    name: "example-javascript",
    files: &[
        ("package.json", include_str!("../../../examples/clients/javascript/package.json")),
        (
            "package-lock.json",
            include_str!("../../../examples/clients/javascript/package-lock.json"),
        ),
        (".npmrc", include_str!("../../../examples/clients/javascript/.npmrc")),
    ],
    installer: Installer::Npm,
};
const PYTHON: PinnedPackages = PinnedPackages {
    name: "example-python",
    files: &[(
        "requirements.txt",
        include_str!("../../../examples/clients/python/requirements.txt"),
    )],
    installer: Installer::Pip,
};

/// Says on standard error that something was not tried. The test runner shows only what is not printed with a
/// macro.
pub(super) fn not_run(what: &str, missing: &str) {
    let line = format!("NOT RUN: {what}: {}\n", missing.trim_end());
    std::io::stderr().write_all(line.as_bytes()).unwrap();
}

/// The packages, or what is missing. Packages that are not the pinned ones fail the test.
pub(super) fn packages(packages: &PinnedPackages) -> Tool {
    match packages.ensure() {
        Ok(installation) => Ok(installation.interpreter()),
        Err(altered @ InstallationError::Altered { .. }) => panic!("{altered}"),
        Err(error) => Err(error.to_string()),
    }
}

/// Node.js with the packages of the example. Every machine that runs the tests has it.
pub(super) fn node_with_packages(_: &Path) -> Tool {
    Ok(JAVASCRIPT.ensure().unwrap().interpreter())
}

pub(super) fn node(_: &Path) -> Tool {
    Ok(Command::new("node"))
}

pub(super) fn python_with_packages(_: &Path) -> Tool {
    packages(&PYTHON)
}

pub(super) fn python(_: &Path) -> Tool {
    installed("python3", &["--version"]).map(|_| Command::new("python3"))
}

pub(super) fn curl(_: &Path) -> Tool {
    installed("curl", &["--version"])?;
    bash()
}

pub(super) fn azure_cli(_: &Path) -> Tool {
    installed("az", &["version"])?;
    bash()
}

fn bash() -> Tool {
    installed("jq", &["--version"])?;
    installed("bash", &["--version"]).map(|_| Command::new("bash"))
}

pub(super) fn php(_: &Path) -> Tool {
    php_with(&["curl"])
}

pub(super) fn php_with_xml(_: &Path) -> Tool {
    php_with(&["curl", "SimpleXML"])
}

fn php_with(extensions: &[&str]) -> Tool {
    let known = installed("php", &["--modules"])?;
    let known = String::from_utf8_lossy(&known.stdout);
    let missing = extensions.iter().find(|name| !known.lines().any(|line| line == **name));
    missing.map_or_else(
        || Ok(Command::new("php")),
        |name| Err(format!("PHP lacks its extension {name}")),
    )
}

/// Java with its compiler, which runs a file of source.
pub(super) fn java(_: &Path) -> Tool {
    at_least("javac", 17).map(|()| Command::new("java"))
}

/// Maven, which fetches the example's packages.
pub(super) fn maven(folder: &Path) -> Tool {
    installed("mvn", &["--version"])?;
    let mut command = Command::new("mvn");
    command.args(["--quiet", "--batch-mode"]).current_dir(folder);
    fetched(Command::new("mvn").args(["--quiet", "--batch-mode", "compile"]).current_dir(folder))?;
    command.args(["exec:java", "-Dexec.mainClass=Queue"]);
    Ok(command)
}

pub(super) fn go(_: &Path) -> Tool {
    installed("go", &["version"])?;
    let mut command = Command::new("go");
    command.arg("run");
    Ok(command)
}

/// Go, which fetches the example's modules.
pub(super) fn go_with_modules(folder: &Path) -> Tool {
    installed("go", &["version"])?;
    fetched(Command::new("go").args(["mod", "tidy"]).current_dir(folder))?;
    go(folder)
}

pub(super) fn dotnet(folder: &Path) -> Tool {
    at_least("dotnet", 10)?;
    fetched(Command::new("dotnet").args(["build", "http.cs"]).current_dir(folder))?;
    let mut command = Command::new("dotnet");
    command.arg("run");
    Ok(command)
}

/// .NET, which fetches the example's packages.
pub(super) fn dotnet_with_packages(folder: &Path) -> Tool {
    at_least("dotnet", 10)?;
    fetched(Command::new("dotnet").args(["build", "queue.cs"]).current_dir(folder))?;
    dotnet(folder)
}

pub(super) fn power_shell(_: &Path) -> Tool {
    at_least("pwsh", 7)?;
    let mut command = Command::new("pwsh");
    command.args(["-NoProfile", "-File"]);
    Ok(command)
}

/// `Get-AzAccessToken` signs in with Microsoft Entra, which no test can do.
pub(super) fn power_shell_that_is_signed_in(_: &Path) -> Tool {
    Err("its command Get-AzAccessToken needs a sign-in with Microsoft Entra".to_owned())
}

/// What a program says of itself, if it is on the PATH and works.
fn installed(program: &str, arguments: &[&str]) -> Result<Output, Missing> {
    match Command::new(program).args(arguments).output() {
        Ok(output) if output.status.success() => Ok(output),
        Ok(output) => Err(format!("'{program}' does not work: {}", text(&output))),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Err(format!("'{program}' is not on the PATH"))
        }
        Err(error) => Err(format!("'{program}' cannot be started: {error}")),
    }
}

/// Whether a program is there in this version or a later one.
fn at_least(program: &str, version: u32) -> Result<(), Missing> {
    let output = installed(program, &["--version"])?;
    let printed = String::from_utf8_lossy(&output.stdout);
    let digits = printed.trim_start_matches(|c: char| !c.is_ascii_digit());
    let major = digits.split('.').next().and_then(|number| number.trim().parse::<u32>().ok());
    if major.is_some_and(|major| major >= version) {
        return Ok(());
    }
    Err(format!("'{program}' is not version {version} or later: {}", printed.trim()))
}

/// Runs a command that fetches packages and compiles. Only a registry that is out of reach, or an old tool, may
/// stop it.
fn fetched(command: &mut Command) -> Result<(), Missing> {
    const OUT_OF_REACH: [&str; 9] = [
        // This Go is older than the example's modules, and cannot fetch a newer one.
        "maximum version supported by tidy",
        "toolchain not available",
        "no such host",
        "Unknown host",
        "Could not transfer",
        "could not be resolved",
        "NU1301",
        "NETSDK1045",
        "dial tcp",
    ];
    let output = command.output().unwrap();
    if output.status.success() {
        return Ok(());
    }
    let (printed, program) = (text(&output), command.get_program().to_string_lossy());
    match OUT_OF_REACH.into_iter().find(|reason| printed.contains(reason)) {
        Some(reason) => Err(format!("'{program}' cannot fetch its packages ({reason})")),
        None => panic!("{command:?}: {printed}"),
    }
}

pub(super) fn text(output: &Output) -> String {
    let bytes = [&output.stdout[..], &output.stderr[..]].concat();
    String::from_utf8_lossy(&bytes).into_owned()
}
