//! The deployment fits the app: templates, package, workflows and docs use the names in function.json,
//! host.json and the code.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    path::Path,
};

use app_role_broker::config::Settings;
use broker::EVENTS_QUEUE;
use function_folders::{
    AppSettings,
    function_json::{Binding, FunctionFolders},
};
use serde_json::Value;

use crate::{repository::bicep::Template, world::ROOT};

/// The functions of this broker. A template may disable one, and a team may add one.
const FUNCTIONS: [&str; 12] = [
    "AssignRole",
    "AssignRoleHttp",
    "ResourceEventQueue",
    "ResourceEvent",
    "ReconcileRoles",
    "BaselineChecks",
    "Health",
    "CheckHealth",
    "EndAssignments",
    "SettleIntents",
    "AppRoleApprovals",
    "FinishApprovals",
];

fn text(file: &str) -> String {
    std::fs::read_to_string(Path::new(ROOT).join(file)).unwrap()
}

fn json(file: &str) -> Value {
    serde_json::from_str(&text(file)).unwrap()
}

fn template(file: &str) -> Template {
    Template::read(Path::new(file))
}

/// Every binding with a connection, and the name of its function.
fn bindings() -> Vec<(String, Binding)> {
    let folders = FunctionFolders::read(Path::new(ROOT), &AppSettings::default()).unwrap();
    let mut bindings = Vec::new();
    for folder in folders.functions {
        for binding in [folder.trigger].into_iter().chain(folder.outputs) {
            if binding.connection.is_some() {
                bindings.push((folder.name.clone(), binding));
            }
        }
    }
    assert!(!bindings.is_empty());
    bindings
}

/// The queues that the templates create in the account of a connection.
fn declared_queues(connection: &str) -> BTreeSet<String> {
    let (file, mut queues) = match connection {
        "RequestQueues" => ("infra/modules/request-storage.bicep", team_queues()),
        "AzureWebJobsStorage" => ("infra/modules/broker-storage.bicep", BTreeSet::new()),
        other => panic!("no storage account has the connection {other}"),
    };
    queues.extend(template(file).strings().into_iter().map(str::to_owned));
    queues
}

fn team_queues() -> BTreeSet<String> {
    let mut queues = BTreeSet::new();
    for team in json("infra/teams.json").as_array().unwrap() {
        let requests = team["requests"].as_str().unwrap();
        queues.extend([requests.to_owned(), format!("{requests}-poison")]);
        queues.insert(team["results"].as_str().unwrap().to_owned());
    }
    queues
}

#[test]
fn every_queue_of_a_function_and_its_poison_queue_are_created_by_the_templates() {
    for (function, binding) in bindings() {
        let Some(queue) = &binding.queue_name else { continue };
        let declared = declared_queues(binding.connection.as_deref().unwrap());
        assert!(declared.contains(queue), "{function}: no template creates the queue {queue}");
        let poison = format!("{queue}-poison");
        if binding.kind == "queueTrigger" {
            assert!(declared.contains(&poison), "{function}: no template creates {poison}");
        }
    }
}

#[test]
fn the_queue_of_events_is_created_by_the_templates() {
    assert!(declared_queues("AzureWebJobsStorage").contains(EVENTS_QUEUE));
}

#[test]
fn the_destinations_of_event_grid_are_created_by_the_templates() {
    let made = declared_queues("RequestQueues");
    for place in ["resource-events", "resource-events-poison", "event-dead-letters"] {
        assert!(made.contains(place), "{place}");
    }
    for file in ["infra/events.bicep", "infra/modules/event-delivery-access.bicep"] {
        let names = template(file);
        for place in ["resource-events", "event-dead-letters"] {
            assert!(names.strings().contains(place), "{file}: {place}");
        }
    }
}

#[test]
fn undelivered_events_are_deleted_after_the_documented_time() {
    let rule = &json("infra/dead-letters.json")["rules"][0]["definition"];
    assert_eq!(rule["filters"]["prefixMatch"], serde_json::json!(["event-dead-letters/"]));
    let days = &rule["actions"]["baseBlob"]["delete"]["daysAfterModificationGreaterThan"];
    let row =
        format!("| `event-dead-letters` | events | {days} days, by `infra/dead-letters.json` |");
    assert!(text("docs/operations.md").contains(&row), "{row}");
}

#[test]
fn every_team_has_a_function_with_its_queues() {
    let of_functions: BTreeSet<_> =
        bindings().into_iter().filter_map(|(_, binding)| binding.queue_name).collect();
    for team in json("infra/teams.json").as_array().unwrap() {
        for queue in [&team["requests"], &team["results"]] {
            assert!(of_functions.contains(queue.as_str().unwrap()), "no folder names {queue}");
        }
    }
}

#[test]
fn every_connection_of_a_function_uses_the_identity() {
    let settings = template("infra/modules/function-app.bicep").variable("settings");
    let connections: BTreeSet<_> =
        bindings().into_iter().filter_map(|(_, binding)| binding.connection).collect();
    for connection in connections.iter().map(String::as_str).chain(["AzureWebJobsStorage"]) {
        assert!(!settings.contains_key(connection), "{connection} would be a connection string");
        assert_eq!(settings[&format!("{connection}__credential")], "'managedidentity'");
        assert_eq!(settings[&format!("{connection}__clientId")], "identityClientId");
        assert!(settings.contains_key(&format!("{connection}__queueServiceUri")), "{connection}");
    }
}

/// The app settings of the template as the handler sees them, with `mode` and `graph_endpoint`.
fn app_settings(mode: &str, graph_endpoint: &str) -> BTreeMap<String, String> {
    let client_id = "c0a70500-0000-4000-8000-0000000000f1";
    let app = template("infra/modules/function-app.bicep");
    let known = [
        ("identityClientId", client_id),
        ("mode", mode),
        ("armConfirmation", "required"),
        ("graphWriteQuota", "3000/150"),
        ("logFilter", "info"),
        ("environment().resourceManager", "https://management.azure.com/"),
    ];
    let value = |name: &str, written: &str| match known.iter().find(|(known, _)| *known == written)
    {
        Some((_, value)) => (*value).to_owned(),
        None if name == "GRAPH_ENDPOINT" => graph_endpoint.to_owned(),
        None if name.ends_with("ServiceUri") => service_uri(name),
        None => written.trim_matches('\'').to_owned(),
    };
    let settings = app.variable("settings").into_iter();
    settings.map(|(name, written)| (name.clone(), value(&name, &written))).collect()
}

/// The value of an account's `primaryEndpoints` for a setting of a connection.
fn service_uri(name: &str) -> String {
    let service = name.split("__").nth(1).unwrap().trim_end_matches("ServiceUri");
    format!("https://stcontoso.{service}.core.windows.net/")
}

#[test]
fn the_handler_starts_with_the_settings_of_the_templates_in_every_mode_and_cloud() {
    let clouds = template("infra/modules/function-app.bicep").variable("graphEndpoints");
    assert_eq!(clouds.len(), 3);
    for endpoint in clouds.values() {
        for mode in ["enforce", "report", "paused"] {
            let settings = app_settings(mode, endpoint.trim_matches('\''));
            let mut environment: HashMap<&str, &str> =
                settings.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            environment.insert("FUNCTIONS_CUSTOMHANDLER_PORT", "1");
            environment.insert("IDENTITY_ENDPOINT", "http://127.0.0.1:1/msi/token");
            environment.insert("IDENTITY_HEADER", "header");
            Settings::read(&environment).unwrap();
        }
    }
}

/// The setting that the platform derives from the authentication settings of the app.
const SET_BY_THE_PLATFORM: &str = "WEBSITE_AUTH_ENABLED";

#[test]
fn every_documented_setting_is_set_by_the_templates() {
    let page = text("docs/settings.md");
    let table = page.split("| app setting | meaning | default |").nth(1).unwrap();
    let rows = table.lines().skip(2).take_while(|line| line.starts_with("| `"));
    let names: Vec<_> = rows.map(|row| row.split('`').nth(1).unwrap()).collect();
    assert!(names.len() > 4, "{names:?}");
    let app = template("infra/modules/function-app.bicep");
    let settings = app.variable("settings");
    for name in names.into_iter().filter(|name| *name != SET_BY_THE_PLATFORM) {
        let prefix = format!("{name}__");
        let is_always_set = settings.keys().any(|key| key == name || key.starts_with(&prefix));
        let is_set = is_always_set || app.source.contains(&format!("'{name}'"));
        assert!(is_set, "{name}");
    }
}

/// The settings are those of "Flex Consumption plan deprecations", which `az functionapp flex-migration start`
/// leaves out too.
#[test]
fn the_app_is_a_custom_handler_on_flex_consumption_and_has_no_setting_that_the_plan_refuses() {
    let app = template("infra/modules/function-app.bicep");
    assert!(app.source.contains("runtime: { name: 'custom', version: '1.0' }"));
    assert!(app.source.contains("sku: { name: 'FC1', tier: 'FlexConsumption' }"));
    for refused in [
        "ENABLE_ORYX_BUILD",
        "FUNCTIONS_EXTENSION_VERSION",
        "FUNCTIONS_MAX_HTTP_CONCURRENCY",
        "FUNCTIONS_WORKER_",
        "SCM_DO_BUILD_DURING_DEPLOYMENT",
        "WEBSITE_CONTENT",
        "WEBSITE_DNS_SERVER",
        "WEBSITE_MAX_DYNAMIC_APPLICATION_SCALE_OUT",
        "WEBSITE_NODE_DEFAULT_VERSION",
        "WEBSITE_RUN_FROM_PACKAGE",
        "WEBSITE_SKIP_CONTENTSHARE_VALIDATION",
        "WEBSITE_VNET_ROUTE_ALL",
    ] {
        assert!(!app.source.contains(refused), "{refused}");
    }
}

/// Properties of a site that Flex Consumption refuses with 400, extended code 51021, in some regions and
/// ignores in the others: those in messages of Azure Resource Manager (microsoft/azure-pipelines-tasks#21032
/// and #22254, Azure/azure-cli#31414, Azure/terraform-azurerm-avm-res-web-site#283), those that the pull
/// request #345 of the last one leaves out for such apps, and those of "Flex Consumption plan deprecations".
const REFUSED_BY_FLEX_CONSUMPTION: [&str; 19] = [
    "alwaysOn",
    "clientAffinityEnabled",
    "containerSize",
    "ftpsState",
    "functionAppScaleLimit",
    "functionsRuntimeScaleMonitoringEnabled",
    "http20Enabled",
    "isReserved",
    "isXenon",
    "javaVersion",
    "linuxFxVersion",
    "minimumElasticInstanceCount",
    "netFrameworkVersion",
    "numberOfWorkers",
    "powerShellVersion",
    "preWarmedInstanceCount",
    "remoteDebuggingEnabled",
    "use32BitWorkerProcess",
    "windowsFxVersion",
];

#[test]
fn the_app_has_no_property_that_flex_consumption_refuses_or_ignores() {
    let app = template("infra/modules/function-app.bicep");
    for refused in REFUSED_BY_FLEX_CONSUMPTION {
        assert!(!app.source.contains(refused), "{refused}");
    }
    let site = app.source.split("    siteConfig: {\n").nth(1).unwrap();
    let site = site.split("    }\n").next().unwrap();
    let names: Vec<_> = site.lines().map(|line| line.trim().split(':').next().unwrap()).collect();
    assert_eq!(names, ["minTlsVersion", "scmMinTlsVersion"]);
}

#[test]
fn both_storage_accounts_have_the_replication_that_the_operator_chooses() {
    let skus = "@allowed(['Standard_ZRS', 'Standard_LRS', 'Standard_GRS', 'Standard_GZRS'])";
    let main = template("infra/main.bicep");
    assert!(main.source.contains(&format!("{skus}\nparam storageSku string = 'Standard_ZRS'\n")));
    assert_eq!(main.source.matches("    sku: storageSku\n").count(), 2);
    for file in ["infra/modules/broker-storage.bicep", "infra/modules/request-storage.bicep"] {
        assert!(template(file).source.contains("  sku: { name: sku }\n"), "{file}");
    }
}

#[test]
fn only_functions_of_this_broker_are_disabled_and_event_grids_path_is_open_only_with_its_function()
{
    let app = template("infra/modules/function-app.bicep");
    let disabled: Vec<_> = app.source.split("'AzureWebJobs.").skip(1).collect();
    assert_eq!(disabled.len(), 3);
    for setting in disabled {
        let function = setting.split(".Disabled'").next().unwrap();
        assert!(FUNCTIONS.contains(&function), "{function}");
    }
    assert!(app.source.contains("approvals ? {} : { 'AzureWebJobs.AppRoleApprovals.Disabled'"));
    assert!(app.source.contains("pushedEvents ? {} : { 'AzureWebJobs.ResourceEvent.Disabled'"));
    assert!(
        app.source.contains("excludedPaths: pushedEvents ? ['/runtime/webhooks/eventgrid'] : []")
    );
}

/// A path that is excluded from sign-in could let the headers of a forged sign-in through.
#[test]
fn approvers_can_sign_in_with_each_kind_of_requests_and_only_holders_of_keys_call_without() {
    let app = template("infra/modules/function-app.bicep");
    for requests in ["off", "entra", "keys"] {
        for approvals in [false, true] {
            let given = serde_json::json!({ "httpRequests": requests, "approvals": approvals });
            let is_on = app.evaluate("signIn", &given);
            assert_eq!(is_on, Ok((approvals || requests == "entra").into()), "{given}");
            let takes_keys = app.evaluate("takesKeys", &given);
            assert_eq!(takes_keys, Ok((requests == "keys").into()), "{given}");
        }
    }
    let settings = app.source.split("name: 'authsettingsV2'").nth(1).unwrap();
    for line in [
        "platform: { enabled: signIn }",
        "requireAuthentication: !takesKeys",
        "unauthenticatedClientAction: takesKeys ? 'AllowAnonymous' : 'Return401'",
        "          enabled: signIn",
    ] {
        assert!(settings.contains(line), "{line}");
    }
}

/// On Linux an app setting has no hyphen, so such a function could not be disabled ("How to disable
/// functions in Azure Functions").
#[test]
fn every_function_can_be_disabled() {
    for function in FUNCTIONS {
        assert!(function.chars().all(|c| c.is_ascii_alphanumeric()), "{function}");
        assert!(Path::new(ROOT).join(function).join("function.json").is_file(), "{function}");
    }
}

#[test]
fn azd_deploys_what_the_script_stages_to_the_app_that_the_template_tags() {
    let azure = text("azure.yaml");
    for line in ["  broker:", "    host: function", "    language: custom", "    dist: dist"] {
        assert!(azure.lines().any(|it| it == line), "{line}");
    }
    assert!(azure.contains("run: ./scripts/package.sh"));
    // Azure/azure-dev#5771 added `language: custom`.
    assert!(azure.contains("requiredVersions:\n  azd: '>= 1.20.0'\n"));
    assert!(Path::new(ROOT).join("scripts/package.sh").is_file());
    assert!(text("infra/modules/function-app.bicep").contains("'azd-service-name': 'broker'"));
    let outputs = template("infra/main.bicep").outputs();
    assert!(
        outputs.contains("AZURE_RESOURCE_GROUP"),
        "azd searches this resource group for the app"
    );
}

#[test]
fn azd_refuses_to_deploy_without_the_administrator_and_to_delete_what_cannot_be_restored() {
    let azure = text("azure.yaml");
    let hooks = azure.split("\nhooks:\n").nth(1).unwrap().split("\ninfra:\n").next().unwrap();
    for hook in ["preup", "predown"] {
        let script = hooks.split(&format!("  {hook}:\n")).nth(1).unwrap();
        let run = script.lines().find_map(|line| line.trim().strip_prefix("run: ")).unwrap();
        assert!(run.starts_with("echo '") && run.ends_with(" >&2; exit 1"), "{run}");
    }
}

#[test]
fn every_file_outside_the_package_is_in_funcignore() {
    let ignored = text(".funcignore");
    let ignored: BTreeSet<_> = ignored.lines().filter(|line| !line.starts_with('#')).collect();
    for entry in std::fs::read_dir(ROOT).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if name.starts_with('.') {
            continue;
        }
        let is_packaged =
            ["host.json", "policy.json"].contains(&name) || path.join("function.json").is_file();
        assert_eq!(ignored.contains(name), !is_packaged, "{name}");
    }
}
