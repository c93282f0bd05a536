//! Completion in real shells: bash and zsh on a terminal at which the lines are typed, and fish.

use std::io::Write as _;

use crate::{
    terminal::{Input, seen_in},
    world::{World, end},
};

/// Wide enough for any line.
const COLUMNS: u16 = 200;

/// The key that completes, and then keys that print the line: to its begin, `echo`, to its end.
const TAB_AND_PRINT: &str = "\t\u{1}echo 'E''ND<\u{5}>END'\n";
const PRINTED: &str = ">END\r\n";

const POLICY: &str = r#"{ "version": 1, "allow": [ { "name": "orders", "api": "api://orders",
    "requesters": ["queue:app-role-requests", "key:orders-team"],
    "principals": ["/subscriptions/c0a70500-0000-4000-8000-000000000002/resourceGroups/rg-orders-dev"],
    "roles": ["Orders.Read", "Orders.Write"] } ] }"#;

/// What is typed, what the shell must then show, and what it must not show.
type Case = (&'static str, &'static [&'static str], &'static [&'static str]);

const CASES: &[Case] = &[
    ("app-role ", &["assign", "approvals", "policy", "completions", "man"], &["__complete"]),
    ("app-role holde", &["app-role holders"], &[]),
    ("app-role hol", &["app-role holders"], &["policy.json"]),
    ("app-role policy ", &["init", "explain", "diff"], &["holders", "policy.json"]),
    ("app-role policy explain --req", &["--requester"], &["--record"]),
    ("app-role record show --li", &["--limit"], &[]),
    ("app-role ls id-orders --au", &["--audit", "--auth"], &["--page"]),
    ("app-role list id-orders --pag", &["--page-size"], &["--audit"]),
    ("app-role list id-orders --output ", &["table", "json"], &["assign", "policy.json"]),
    ("app-role list id-orders --output js", &["--output json"], &[]),
    ("app-role list id-orders --output=js", &["--output=json"], &[]),
    ("app-role --output json list id-orders --no", &["--no-color"], &[]),
    ("app-role help poli", &["help policy"], &[]),
    ("app-role roles ", &["graph", "sharepoint", "api://orders"], &["policy.json"]),
    ("app-role roles api:", &["roles api://orders"], &[]),
    ("app-role roles api://o", &["roles api://orders"], &[]),
    ("app-role assign id api://orders Orders.", &["Orders.Read", "Orders.Write"], &["Mail."]),
    ("app-role assign id api://orders Orders.Read Ord", &["Orders.Read Orders.Write"], &[]),
    ("app-role assign id graph mail.readb", &["Mail.ReadBasic", "Mail.ReadBasic.All"], &["Place"]),
    ("app-role holders graph --role User.Inv", &["--role User.Invite.All"], &[]),
    ("app-role why id graph Place.Read.A", &["graph Place.Read.All"], &[]),
    ("app-role plan f --requester queue:a", &["--requester queue:app-role-requests"], &["team"]),
    ("app-role plan f --requester=key:o", &["--requester=key:orders-team"], &[]),
    ("app-role plan reque", &["plan request.json"], &["policy.json"]),
    ("app-role --policy pol", &["--policy policy.json"], &["request.json"]),
    ("app-role --policy=pol", &["--policy=policy.json"], &["request.json"]),
    ("app-role doctor --app-root fun", &["--app-root functions"], &[]),
    ("app-role doctor --app-root=fun", &["--app-root=functions"], &[]),
    ("app-role revoke \"id orders\" gra", &["\"id orders\" graph"], &[]),
    ("app-role --context pr", &["--context prod-eu"], &[]),
    ("app-role context use ", &["prod-eu", "staging"], &["policy.json"]),
    ("app-role list ", &[], &["policy.json", "--audit"]),
    ("true; app-role holde", &["true; app-role holders"], &[]),
];

/// A folder with the names that the cases complete.
async fn world() -> World {
    let world = World::new().await;
    world.write("policy.json", POLICY);
    world.write("request.json", "{}");
    world.write("functions.txt", "a file, where a folder is asked for");
    std::fs::create_dir(world.path("functions")).unwrap();
    for name in ["prod-eu", "staging"] {
        let set = format!("app-role context set {name} --broker https://{name}.contoso.com");
        let mut command = world.shell(&set);
        command.env("HOME", world.path("."));
        assert_eq!(end(command, "").await.code, 0);
    }
    world
}

/// Whether a shell is there. A line says so if it is not.
async fn has(world: &World, shell: &str) -> bool {
    let found = end(world.shell(&format!("command -v {shell}")), "").await.code == 0;
    if !found {
        let line = format!("NOT RUN: completion in {shell}, which is not installed\n");
        std::io::stderr().write_all(line.as_bytes()).unwrap();
    }
    found
}

/// Types lines at a shell on a terminal, each followed by Tab. Returns what the terminal shows for each.
async fn typed(world: &World, shell: &str, start: &str, lines: &[&str]) -> Vec<String> {
    let mut command = world.shell(&format!("exec {shell}"));
    command.env("TERM", "dumb").env("HOME", world.path("."));
    let lines: String = lines.iter().map(|line| format!("{line}{TAB_AND_PRINT}")).collect();
    let keys = format!("{start}\n{lines}exit\n");
    let seen = seen_in(COLUMNS, command, Input::Typed(&keys)).await;
    seen.split(PRINTED).map(str::to_owned).collect()
}

/// Types the cases in parts, because a terminal holds 4096 characters that are typed ahead.
async fn check(world: &World, shell: &str, start: &str) {
    for cases in CASES.chunks(CASES.len().div_ceil(2)) {
        let lines: Vec<_> = cases.iter().map(|(line, ..)| *line).collect();
        let seen = typed(world, shell, start, &lines).await;
        assert_eq!(seen.len(), lines.len() + 1, "{shell}: {seen:#?}");
        for ((line, shown, hidden), seen) in cases.iter().zip(&seen) {
            assert_shown(shell, line, seen, (shown, hidden));
        }
    }
}

#[track_caller]
fn assert_shown(shell: &str, line: &str, seen: &str, (shown, hidden): (&[&str], &[&str])) {
    for text in shown {
        assert!(seen.contains(text), "{shell}: {line:?} does not show {text:?}: {seen}");
    }
    for text in hidden {
        assert!(!seen.contains(text), "{shell}: {line:?} shows {text:?}: {seen}");
    }
}

/// Keys that make bash list what it finds at the first Tab, without questions.
const BASH: &str = "bind 'set show-all-if-ambiguous on'; bind 'set page-completions off'; \
                    bind 'set completion-query-items 0'; bind 'set enable-bracketed-paste off'; \
                    source <(app-role completions bash)";

#[tokio::test]
async fn bash_completes_commands_options_names_and_files() {
    let world = world().await;
    if has(&world, "bash").await {
        check(&world, "bash --norc --noprofile -i", BASH).await;
    }
}

/// The package bash-completion loads scripts by the name of the command, and changes how words are split.
#[tokio::test]
async fn bash_finds_the_script_where_the_help_says() {
    const PACKAGE: &str = "/usr/share/bash-completion/bash_completion";
    let world = world().await;
    if !std::path::Path::new(PACKAGE).exists() || !has(&world, "bash").await {
        return;
    }
    let folder = ".local/share/bash-completion/completions";
    let install = format!("mkdir -p {folder} && app-role completions bash > {folder}/app-role");
    assert_eq!(end(world.shell(&install), "").await.code, 0);
    let (bind, _) = BASH.rsplit_once("; ").unwrap();
    let start = format!("{bind}; source {PACKAGE}");
    let line = "app-role roles api:";
    let seen = typed(&world, "bash --norc --noprofile -i", &start, &[line, line]).await;
    // The first Tab loads the script.
    assert!(seen[1].contains("roles api://orders"), "{seen:#?}");
}

#[tokio::test]
async fn zsh_completes_commands_options_names_and_files() {
    let world = world().await;
    if has(&world, "zsh").await {
        let start = "autoload -Uz compinit; compinit -D -u; setopt no_list_ambiguous no_prompt_sp; \
                     LISTMAX=0; source <(app-role completions zsh)";
        check(&world, "zsh -f -i", start).await;
    }
}

#[tokio::test]
async fn zsh_finds_the_script_in_a_folder_of_its_path() {
    let world = world().await;
    if !has(&world, "zsh").await {
        return;
    }
    let install = "mkdir functions.d && app-role completions zsh > functions.d/_app-role";
    assert_eq!(end(world.shell(install), "").await.code, 0);
    let start = "fpath=($PWD/functions.d $fpath); autoload -Uz compinit; compinit -D -u; \
                 setopt no_list_ambiguous no_prompt_sp";
    let line = "app-role roles api:";
    let seen = typed(&world, "zsh -f -i", start, &[line, line]).await;
    for seen in &seen[..2] {
        assert!(seen.contains("roles api://orders"), "{seen}");
    }
}

#[tokio::test]
async fn fish_completes_commands_options_names_and_files() {
    let world = world().await;
    if !has(&world, "fish").await {
        return;
    }
    let install = "mkdir -p .config/fish/completions && \
                   app-role completions fish > .config/fish/completions/app-role.fish";
    assert_eq!(end(world.shell(install), "").await.code, 0);
    for (line, shown, hidden) in CASES {
        let mut command = world.shell("exec fish -c 'complete -C\"$LINE\"'");
        command.env("LINE", line).env("HOME", world.path("."));
        let ended = end(command, "").await;
        // fish prints what it offers for the last word.
        let last: Vec<_> = shown.iter().filter_map(|text| text.split(' ').next_back()).collect();
        assert_shown("fish", line, &ended.stdout, (&last, hidden));
    }
}
