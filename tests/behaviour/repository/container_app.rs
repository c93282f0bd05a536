//! The deployment to Azure Container Apps differs from the one to Flex Consumption only where it must.

use std::{collections::BTreeMap, path::Path};

use function_folders::{AppSettings, function_json::FunctionFolders};
use serde_json::{Value, json};

use crate::{repository::bicep::Template, world::ROOT};

/// The files that only this deployment uses.
const OWN_FILES: [&str; 3] = [
    "infra/container-app.bicep",
    "infra/modules/container-app.bicep",
    "infra/modules/container-registry.bicep",
];

fn template(file: &str) -> Template {
    Template::read(Path::new(file))
}

fn text(file: &str) -> String {
    std::fs::read_to_string(Path::new(ROOT).join(file)).unwrap()
}

/// What the template makes of its parameters: the name, or a message.
fn name_with(mut parameters: Value) -> Result<Value, String> {
    parameters["name"] = json!("contoso");
    template("infra/container-app.bicep").evaluate("checkedName", &parameters)
}

#[test]
fn parameters_that_azure_would_refuse_late_are_refused_before_anything_is_created() {
    let digest = format!("sha256:{}", "0a".repeat(32));
    for (parameters, expected) in [
        (json!({ "imageDigest": "latest" }), "imageDigest must be sha256:"),
        (json!({ "imageDigest": "sha256:0a" }), "imageDigest must be sha256:"),
        (json!({ "imageDigest": digest.replace("sha256", "sha512") }), "imageDigest must be"),
        (json!({ "minimumInstanceCount": 11 }), "is above maximumInstanceCount"),
        (json!({ "zoneRedundant": true }), "zoneRedundant=true needs subnetId"),
        (
            json!({ "zoneRedundant": true, "subnetId": "/subnet", "storageSku": "Standard_LRS" }),
            "needs storageSku=Standard_ZRS",
        ),
    ] {
        let message = name_with(parameters.clone()).unwrap_err();
        assert!(message.contains(expected), "{parameters}: {message}");
    }
    for parameters in [
        json!({}),
        json!({ "imageDigest": digest }),
        json!({ "minimumInstanceCount": 0, "maximumInstanceCount": 1 }),
        json!({ "zoneRedundant": true, "subnetId": "/subnet" }),
    ] {
        assert_eq!(name_with(parameters.clone()), Ok(json!("contoso")), "{parameters}");
    }
    for group in
        template("infra/container-app.bicep").resources("Microsoft.Resources/resourceGroups")
    {
        assert!(group.contains("name: 'rg-${checkedName}"), "{group}");
    }
}

#[test]
fn no_secret_is_written_or_read_and_the_registry_has_no_password() {
    for file in OWN_FILES {
        let source = template(file).source;
        let code = source.lines().filter(|line| !line.trim_start().starts_with("//"));
        let code = code.collect::<Vec<_>>().join("\n").to_lowercase();
        for word in ["secret", "listkeys", "listcredentials", "sharedkey", "password", "username"] {
            assert!(!code.contains(word), "{file}: {word}");
        }
    }
    let registry = template("infra/modules/container-registry.bicep");
    let [registry] = registry.resources("Microsoft.ContainerRegistry/registries")[..] else {
        panic!("one registry")
    };
    assert!(registry.contains("adminUserEnabled: false"));
    let app = template("infra/modules/container-app.bicep").source;
    assert!(app.contains("registries: [{ server: registryServer, identity: identityId }]"));
    assert!(app.contains("image: '${registryServer}/app-role-broker@${imageDigest}'"));
}

#[test]
fn the_app_has_the_settings_and_the_clouds_of_the_app_on_flex_consumption() {
    let here = template("infra/modules/container-app.bicep");
    let there = template("infra/modules/function-app.bicep");
    for variable in ["settings", "graphEndpoints"] {
        assert_eq!(here.variable(variable), there.variable(variable), "{variable}");
    }
    let all = "env: [for setting in items(union(settings, disabledTriggers)): ";
    assert!(here.source.contains(all));
}

/// The default of each parameter that has one.
fn defaults(template: &Template) -> BTreeMap<String, String> {
    let lines = template.source.lines().filter_map(|line| line.strip_prefix("param "));
    let declared = lines.filter_map(|line| line.split_once(" = "));
    declared.map(|(name, default)| (name.to_owned(), default.to_owned())).collect()
}

/// A smaller number of instances suffices here: the limit is that of the app, not of each function.
#[test]
fn parameters_that_both_deployments_have_are_equal_but_for_the_number_of_instances() {
    let here = defaults(&template("infra/container-app.bicep"));
    let there = defaults(&template("infra/main.bicep"));
    let mut compared = 0;
    for (name, default) in here.iter().filter(|(name, _)| *name != "maximumInstanceCount int") {
        if let Some(other) = there.get(name) {
            assert_eq!(default, other, "{name}");
            compared += 1;
        }
    }
    assert!(compared > 7, "{compared}");
}

/// The platform has no App Service Authentication, so the headers of a sign-in would come from the caller.
#[test]
fn nothing_is_requested_or_decided_over_http_and_no_sign_in_is_believed() {
    let app = template("infra/modules/container-app.bicep");
    assert!(app.source.contains("        external: false\n"));
    let disabled = app.variable("disabledTriggers");
    for folder in FunctionFolders::read(Path::new(ROOT), &AppSettings::default()).unwrap().functions
    {
        let is_called = ["httpTrigger", "eventGridTrigger"].contains(&folder.trigger.kind.as_str());
        let setting = format!("AzureWebJobs.{}.Disabled", folder.name);
        let is_disabled = disabled.get(&setting).is_some_and(|value| value == "'true'");
        assert_eq!(is_disabled, is_called && folder.name != "Health", "{}", folder.name);
    }
    for file in OWN_FILES.into_iter().chain(["container/Dockerfile"]) {
        assert!(!text(file).contains("WEBSITE_AUTH_ENABLED"), "{file}");
    }
}

/// "Azure Functions on Azure Container Apps": rules of others are refused, and without an ingress the
/// platform does not scale.
#[test]
fn the_platform_scales_the_app_by_its_triggers_between_two_limits() {
    let app = template("infra/modules/container-app.bicep").source;
    assert!(app.contains("  kind: 'functionapp'\n"));
    assert!(app.contains("ingress: {"));
    assert!(app.contains(
        "scale: { minReplicas: minimumInstanceCount, maxReplicas: maximumInstanceCount }\n"
    ));
    assert!(app.contains("activeRevisionsMode: 'Single'"));
}

#[test]
fn the_page_names_parameters_outputs_and_stages_that_exist() {
    let page = text("docs/container.md");
    let own = template("infra/container-app.bicep");
    let outputs = own.outputs();
    // The page also says which parameters of the other deployment have no counterpart.
    let mut parameters = own.parameters();
    parameters.extend(template("infra/main.bicep").parameters());
    for (name, _) in page.split_whitespace().filter_map(|word| word.split_once('=')) {
        let name = name.trim_matches('`');
        let is_camel_case = name.chars().all(|c| c.is_ascii_alphabetic())
            && name.chars().any(|c| c.is_ascii_uppercase())
            && name.starts_with(|c: char| c.is_ascii_lowercase());
        assert!(!is_camel_case || parameters.contains_key(name), "{name}");
    }
    for rest in page.split("outputs.").skip(1) {
        let name = rest.split('.').next().unwrap();
        assert!(outputs.contains(name), "{name}");
    }
    assert!(page.contains("--file container/Dockerfile"));
    let compiled = text(".github/workflows/ci.yml");
    assert!(compiled.contains(" infra/container-app.bicep "));
}
