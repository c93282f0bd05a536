//! Each case changes a workflow of the repository into one that breaks a rule.

use crate::repository::workflows::files::{faults_of, workflow};

const CHECKOUT: &str = "actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0";

/// Replaces a text of a workflow, and asserts that a rule refuses the outcome.
#[track_caller]
fn refuse(file: &str, old: &str, new: &str) {
    let text = workflow(file);
    assert!(text.contains(old), "{file} does not contain {old}");
    let changed = text.replacen(old, new, 1);
    assert!(!faults_of(&changed).is_empty(), "{file} with {new} instead of {old}");
}

#[test]
fn actions_that_are_not_pinned_or_not_reviewed() {
    for action in [
        "actions/checkout@v5 # v5.0.0",
        "actions/checkout@main # v5.0.0",
        "actions/checkout@08c6903 # v5.0.0",
        "actions/checkout@08C6903CD8C0FDE910A37F88322EDCFB5DD907A8 # v5.0.0",
        "actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8",
        "actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5",
        "actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.1",
        "actions/checkout@18c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0",
        "contoso/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0",
        "actions/checkout/sub@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0",
        "'actions/checkout@v5'",
        "\"actions/checkout@v5\" # v5.0.0",
        "docker://alpine:3 # v5.0.0",
        "./.github/actions/checkout # v5.0.0",
        "&pinned actions/checkout@v5 # v5.0.0",
    ] {
        refuse("ci.yml", CHECKOUT, action);
    }
    refuse(
        "ci.yml",
        "      - uses: actions/checkout@",
        "      - {uses: actions/checkout@v5}\n      - uses: actions/checkout@",
    );
    refuse("ci.yml", "    steps:", "    uses: contoso/a/.github/workflows/x.yml@main\n    steps:");
}

#[test]
fn more_permissions_than_a_job_needs() {
    for permissions in [
        "permissions: write-all",
        "permissions: read-all",
        "permissions:\n  contents: write",
        "permissions:\n  id-token: write",
        "permissions:\n  contents: read\n  actions: write",
        "permissions:\n  contents: read\n  packages: read",
        "env:\n  A: b",
    ] {
        refuse("ci.yml", "permissions: {}", permissions);
        refuse("release.yml", "permissions: {}", permissions);
    }
    for permissions in
        ["contents: write", "packages: write", "pull-requests: write", "id-token: read"]
    {
        refuse("ci.yml", "      contents: read", &format!("      {permissions}"));
        refuse("release.yml", "      contents: read", &format!("      {permissions}"));
    }
    refuse("ci.yml", "    permissions:\n      contents: read\n", "");
    refuse("ci.yml", "      contents: read", "      id-token: write");
}

#[test]
fn building_where_something_can_be_signed() {
    let build = "    permissions:\n      contents: read\n";
    for more in ["id-token: write", "attestations: write"] {
        refuse("release.yml", build, &format!("{build}      {more}\n"));
    }
    for step in [
        format!("      - uses: {CHECKOUT}\n        with:\n          persist-credentials: false\n"),
        "      - run: cargo build\n".to_owned(),
        "      - run: scripts/package.sh\n".to_owned(),
    ] {
        let attest = "      - uses: actions/attest-build-provenance@";
        refuse("release.yml", attest, &format!("{step}{attest}"));
        let login = "      - uses: azure/login@";
        refuse("release.yml", login, &format!("{step}{login}"));
    }
    refuse("release.yml", "      attestations: read", "      attestations: write");
    // The job that deploys must not be able to attest what it deploys.
    let text = workflow("release.yml").replacen("attestations: read", "attestations: write", 1);
    let attest = text.lines().find(|line| line.contains("attest-build-provenance@")).unwrap();
    let login = "      - uses: azure/login@";
    assert!(!faults_of(&text.replacen(login, &format!("{attest}\n{login}"), 1)).is_empty());
}

#[test]
fn a_release_of_something_else_than_a_tag_on_main() {
    for trigger in [
        "    branches: [main]",
        "    tags: ['*']",
        "    tags: ['v*']\n  pull_request:",
        "    tags: ['v*']\n  workflow_dispatch:",
        "    tags: ['v*']\n  schedule:\n    - cron: '0 0 * * 0'",
        "    tags: ['v*']\n    branches: [main]",
    ] {
        refuse("release.yml", "    tags: ['v*']", trigger);
    }
    let check = "git merge-base --is-ancestor";
    let line =
        workflow("release.yml").lines().find(|line| line.contains(check)).unwrap().to_owned();
    refuse("release.yml", &line, "      - run: git status");
    refuse("release.yml", &line, &line.replace("origin/main", "HEAD"));
    refuse("release.yml", &line, &format!("      - run: cargo build\n{line}"));
    refuse("release.yml", &line, &format!("{line} || echo ignored"));
    refuse("release.yml", &line, &format!("{line}\n        continue-on-error: true"));
    refuse("release.yml", &line, &format!("{line}\n        if: false"));
    refuse("release.yml", "          fetch-depth: 0\n", "");
    refuse("release.yml", "    needs: package\n", "");
    refuse("release.yml", "    needs: attest\n", "");
}

#[test]
fn a_deployment_of_what_was_not_verified() {
    for part in [
        " --repo \"$GITHUB_REPOSITORY\"",
        " --signer-workflow \"$GITHUB_REPOSITORY/.github/workflows/release.yml\"",
        " --source-digest \"$GITHUB_SHA\"",
        " --source-ref \"$GITHUB_REF\"",
        " --deny-self-hosted-runners",
    ] {
        refuse("release.yml", part, "");
    }
    refuse(
        "release.yml",
        "gh attestation verify app-role-broker.zip",
        "gh attestation verify other.zip",
    );
    refuse(
        "release.yml",
        "gh attestation verify",
        "sha256sum --check app-role-broker.zip.sha256 # ",
    );
    for hidden in [" ; true", " &", " | tee log", " && true"] {
        let end = " --deny-self-hosted-runners";
        refuse("release.yml", end, &format!("{end}{hidden}"));
    }
    let login = "      - uses: azure/login@";
    let download = "      - uses: actions/download-artifact@d3f86a106a0bac45b974a628896c90dbdf5c8093 # v4.3.0\n        with:\n          name: other\n";
    for step in [download, "      - run: mv other.zip app-role-broker.zip\n"] {
        refuse("release.yml", login, &format!("{step}{login}"));
    }
    for input in ["run-id: 1", "repository: contoso/other", "pattern: x"] {
        refuse(
            "release.yml",
            "          name: package\n      - uses: actions/attest",
            &format!("          name: package\n          {input}\n      - uses: actions/attest"),
        );
        refuse(
            "release.yml",
            "          name: package\n      - name: Verify",
            &format!("          name: package\n          {input}\n      - name: Verify"),
        );
    }
    refuse(
        "release.yml",
        "          GH_TOKEN:",
        "          GH_HOST: contoso.example\n          GH_TOKEN:",
    );
    refuse("release.yml", "--src app-role-broker.zip", "--src other.zip");
    // After the deployment it is too late.
    let text = workflow("release.yml");
    let start = text.find("      - name: Verify").unwrap();
    let end = start + text[start..].find("      - uses: azure/login").unwrap();
    let late = format!("{}{}{}", &text[..start], &text[end..], &text[start..end]);
    assert!(!faults_of(&late).is_empty());
    refuse("release.yml", "    environment: production\n", "");
    refuse("release.yml", "environment: production", "environment: staging");
}

#[test]
fn archives_from_other_machines_or_with_more_rights() {
    let matrix = "    strategy:\n      matrix:\n        include:\n";
    for rows in [
        "    strategy:\n      fail-fast: false\n      matrix:\n        include:\n",
        "    strategy:\n      matrix:\n        exclude:\n",
        "    strategy:\n      matrix:\n        runner: ubuntu-24.04\n        include:\n",
    ] {
        refuse("release.yml", matrix, rows);
    }
    for runner in ["self-hosted", "windows-latest", "[self-hosted, linux]", "${{ vars.RUNNER }}"] {
        refuse("release.yml", "runner: windows-2025", &format!("runner: {runner}"));
        let runs_on = format!("runs-on: {runner}");
        refuse("release.yml", "runs-on: ${{ matrix.runner }}", &runs_on);
    }
    let target = "target: x86_64-pc-windows-msvc";
    refuse("release.yml", target, "target: ${{ github.head_ref }}");
    refuse("release.yml", target, &format!("{target}\n            shell: python"));
    refuse("release.yml", "        shell: bash\n", "        shell: pwsh\n");
    refuse("release.yml", "\"$TARGET\"", "${{ matrix.target }}");
    let archives = "    runs-on: ${{ matrix.runner }}\n    timeout-minutes: 45\n    permissions:\n";
    for more in ["id-token: write", "attestations: write", "contents: write"] {
        refuse("release.yml", archives, &format!("{archives}      {more}\n"));
    }
    refuse("release.yml", "    needs: archives\n", "");
}

#[test]
fn publishing_what_was_not_verified() {
    let publish = "      contents: write # to create the release\n";
    for more in ["id-token: write", "packages: write", "actions: write"] {
        refuse("release.yml", publish, &format!("{publish}      {more}\n"));
    }
    refuse("release.yml", "; done", "; true; done");
    refuse("release.yml", "in app-role-*.tar.gz", "in app-role-x86*.tar.gz");
    refuse("release.yml", "\"$archive\" --repo \"$GITHUB_REPOSITORY\"", "\"$archive\" --repo a/b");
    refuse("release.yml", "--verify-tag", "--target main");
    refuse("release.yml", "app-role-*.tar.gz SHA256SUMS", "*");
    let sums = "      - run: sha256sum app-role-*.tar.gz > SHA256SUMS\n";
    for step in [
        format!("      - uses: {CHECKOUT}\n        with:\n          persist-credentials: false\n"),
        "      - run: scripts/package-cli.sh\n".to_owned(),
        "      - run: git push origin main\n".to_owned(),
    ] {
        refuse("release.yml", sums, &format!("{step}{sums}"));
    }
    // The archives are those of this run, and the deployment gets the package.
    let text = workflow("release.yml");
    let inputs = "          pattern: archive-*\n          merge-multiple: true\n";
    assert_eq!(text.matches(inputs).count(), 2);
    for other in ["          name: package\n", "          pattern: '*'\n          run-id: 1\n"] {
        let (before, after) = text.rsplit_once(inputs).unwrap();
        assert!(!faults_of(&format!("{before}{other}{after}")).is_empty(), "{other}");
    }
    let (before, after) = text.split_once("          name: package\n      - name: Verify").unwrap();
    let swapped = format!("{before}{inputs}      - name: Verify{after}");
    assert!(!faults_of(&swapped).is_empty());
}

#[test]
fn credentials_that_stay_in_the_working_copy() {
    for file in ["ci.yml", "release.yml"] {
        refuse(file, "          persist-credentials: false\n", "          clean: true\n");
        refuse(file, "persist-credentials: false", "persist-credentials: true");
    }
}

#[test]
fn texts_that_outsiders_choose() {
    for script in [
        "echo ${{ github.event.pull_request.title }}",
        "echo ${{github.head_ref}}",
        "echo ${{ vars.NAME }}",
        "echo $GITHUB_HEAD_REF",
        "jq .pull_request.title \"$GITHUB_EVENT_PATH\"",
        "echo a=b >> $GITHUB_ENV",
        "echo . >> $GITHUB_PATH",
        "curl https://contoso.example/install.sh",
        "cargo test || true",
        "set +e; cargo test",
        "cargo install cargo-deny",
        "npx azurite",
        "pip install x",
        "wget -qO- contoso.example/x",
    ] {
        refuse("ci.yml", "- run: .ci/run", &format!("- run: {script}"));
        refuse("ci.yml", "- run: .ci/run", &format!("- run: |\n          {script}"));
        refuse("ci.yml", "- run: .ci/run", &format!("- run: '{script}'"));
    }
    for expression in [
        "github.event.pull_request.title",
        "github.head_ref",
        "github.event.head_commit.message",
        "github['head_ref']",
        "toJSON(github)",
        "secrets.TOKEN",
        "inputs.name",
        "env.NAME",
        "vars.NAME || github.actor",
    ] {
        refuse(
            "ci.yml",
            "- run: .ci/run",
            &format!("- run: .ci/run\n        env:\n          A: ${{{{ {expression} }}}}"),
        );
        refuse("ci.yml", "node-version: 20", &format!("node-version: ${{{{ {expression} }}}}"));
    }
    for trigger in ["pull_request_target", "workflow_run", "issue_comment", "repository_dispatch"] {
        refuse("ci.yml", "  pull_request:", &format!("  {trigger}:"));
    }
    refuse("ci.yml", "node-version: 20", "token: secrets: inherit");
}

#[test]
fn other_machines_and_endless_jobs() {
    for runner in ["self-hosted", "ubuntu-latest", "[self-hosted, linux]", "windows-2022"] {
        refuse("ci.yml", "runs-on: ubuntu-24.04", &format!("runs-on: {runner}"));
        refuse("release.yml", "runs-on: ubuntu-24.04", &format!("runs-on: {runner}"));
    }
    refuse("ci.yml", "    timeout-minutes: 45\n", "");
    refuse(
        "ci.yml",
        "    timeout-minutes: 45\n",
        "    timeout-minutes: 45\n    environment: staging\n",
    );
}

#[test]
fn containers_other_shells_and_workflows_elsewhere() {
    for job in [
        "    container: alpine:3",
        "    services:\n      db:\n        image: postgres",
        "    defaults:\n      run:\n        shell: python",
        "    env:\n      BASH_ENV: x",
        "    continue-on-error: true",
        "    if: false",
        "    secrets: inherit",
    ] {
        for file in ["ci.yml", "release.yml"] {
            refuse(file, "    steps:\n", &format!("{job}\n    steps:\n"));
        }
    }
    for step in ["shell: python", "continue-on-error: true", "if: always()", "working-directory: x"]
    {
        refuse("ci.yml", "- run: .ci/run", &format!("- run: .ci/run\n        {step}"));
    }
    refuse("ci.yml", "\njobs:\n", "\nenv:\n  BASH_ENV: x\njobs:\n");
    refuse("ci.yml", "\njobs:\n", "\ndefaults:\n  run:\n    shell: python\njobs:\n");
    refuse(
        "ci.yml",
        "- run: .ci/run",
        "- run: .ci/run\n        env:\n          A: ${{ github.token }}",
    );
}

#[test]
fn workflows_without_a_trigger_a_job_or_a_step() {
    for text in [
        "on:\n  push:\npermissions: {}",
        "on:\npermissions: {}\njobs:\n  a:\n    permissions: {}\n    runs-on: ubuntu-24.04\n    timeout-minutes: 5\n    steps:\n      - run: ls",
        "on:\n  push:\npermissions: {}\njobs:\n  a:\n    permissions: {}\n    runs-on: ubuntu-24.04\n    timeout-minutes: 5",
    ] {
        assert_eq!(faults_of(text).len(), 1, "{text}: {:?}", faults_of(text));
    }
}

#[test]
fn styles_that_the_rules_cannot_read() {
    for text in [
        "on: push",
        "'on':\n  push:",
        "a: &b c",
        "a: *b",
        "a: >\n  b",
        "a: |-\n  b",
        "a: {b: c}",
        "a: \"b\"",
        "a: !!str b",
        "? a\n: b",
        "<<: b",
        "a: b\na: c",
        "a:\n\tb: c",
        "a: b\n  c: d",
        "a:\n  - b\n - c",
        "--- \na: b",
        "a: 'b",
        "",
    ] {
        assert!(!faults_of(text).is_empty(), "{text}");
    }
}
