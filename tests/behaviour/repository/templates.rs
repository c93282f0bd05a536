//! The Bicep files agree with each other, with the files that they load, and with the docs.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::{
    repository::bicep::{Template, plain, templates},
    world::ROOT,
};

fn by_file() -> BTreeMap<PathBuf, Template> {
    templates().into_iter().map(|template| (template.file.clone(), template)).collect()
}

#[test]
fn every_template_parses_as_bicep() {
    for template in templates() {
        assert_eq!(template.faults(), Vec::<String>::new());
    }
}

#[test]
fn a_file_that_is_not_bicep_is_noticed() {
    for source in ["param\n", "resource a 'b' = {", "var x = [for y in]\n", "module m = {}\n"] {
        let template = Template::parse(Path::new("x.bicep"), source.to_owned());
        assert!(!template.faults().is_empty(), "{source}");
    }
}

#[test]
fn every_module_is_passed_its_required_parameters_and_no_others() {
    let files = by_file();
    let mut modules = 0;
    for template in files.values() {
        for module in template.modules() {
            let place = format!("{}: module {}", template.file.display(), module.name);
            let parameters = files[&module.file].parameters();
            for argument in &module.arguments {
                assert!(parameters.contains_key(argument), "{place} has no parameter {argument}");
            }
            for (parameter, required) in parameters {
                let given = module.arguments.contains(&parameter);
                assert!(given || !required, "{place} needs {parameter}");
            }
            modules += 1;
        }
    }
    assert!(modules > 10, "{modules}");
}

#[test]
fn every_output_that_is_used_exists() {
    let files = by_file();
    for template in files.values() {
        let modules: BTreeMap<_, _> =
            template.modules().into_iter().map(|module| (module.name, module.file)).collect();
        for (module, output) in template.used_outputs() {
            let file = &files[&modules[&module]];
            assert!(file.outputs().contains(&output), "{} has no {output}", file.file.display());
        }
    }
}

#[test]
fn every_file_that_a_template_loads_exists_and_every_query_is_used() {
    let mut loaded = BTreeSet::new();
    for template in templates() {
        for loading in ["loadTextContent('", "loadJsonContent('", "import { Team } from '"] {
            for rest in template.source.split(loading).skip(1) {
                let name = rest.split('\'').next().unwrap();
                let file = plain(&template.file.parent().unwrap().join(name));
                assert!(Path::new(ROOT).join(&file).is_file(), "{}", file.display());
                loaded.insert(file);
            }
        }
    }
    for entry in std::fs::read_dir(Path::new(ROOT).join("infra/queries/alerts")).unwrap() {
        let file = Path::new("infra/queries/alerts").join(entry.unwrap().file_name());
        assert!(loaded.contains(&file), "{} is no alert", file.display());
    }
}

#[test]
fn every_parameter_of_azd_exists_and_no_required_one_is_missing() {
    let text = std::fs::read(Path::new(ROOT).join("infra/main.parameters.json")).unwrap();
    let file: Value = serde_json::from_slice(&text).unwrap();
    let given = file["parameters"].as_object().unwrap();
    let parameters = Template::read(Path::new("infra/main.bicep")).parameters();
    for name in given.keys() {
        assert!(parameters.contains_key(name), "{name}");
    }
    for (name, required) in parameters {
        assert!(given.contains_key(&name) || !required, "{name}");
    }
}

#[test]
fn no_account_accepts_a_shared_key_and_no_service_a_password() {
    let files = by_file();
    let all = |kind: &str| -> Vec<&str> {
        files.values().flat_map(|template| template.resources(kind)).collect()
    };
    let accounts = all("Microsoft.Storage/storageAccounts");
    assert_eq!(accounts.len(), 2);
    for account in accounts {
        for line in [
            "allowSharedKeyAccess: false",
            "allowBlobPublicAccess: false",
            "allowCrossTenantReplication: false",
            "minimumTlsVersion: 'TLS1_2'",
        ] {
            assert!(account.contains(line), "{line}");
        }
    }
    let [site] = all("Microsoft.Web/sites")[..] else { panic!("one app") };
    for line in ["httpsOnly: true", "minTlsVersion: '1.2'", "scmMinTlsVersion: '1.2'"] {
        assert!(site.contains(line), "{line}");
    }
    assert_eq!(site.matches("properties: { allow: false }").count(), 2, "FTP and SCM");
    let [insights] = all("Microsoft.Insights/components")[..] else { panic!("one") };
    assert!(insights.contains("DisableLocalAuth: true"));
    assert!(insights.contains("SamplingPercentage: 100"));
}

/// A lock keeps role assignments and federated credentials, also those that PIM or an operator must remove.
#[test]
fn nothing_is_locked() {
    for template in templates() {
        assert!(template.resources("Microsoft.Authorization/locks").is_empty());
    }
}

#[test]
fn the_role_on_a_subscription_is_assigned_after_everything_else() {
    let template = Template::read(Path::new("infra/subscription.bicep"));
    let [assignment] = template.resources("Microsoft.Authorization/roleAssignments")[..] else {
        panic!("one role")
    };
    assert!(assignment.contains("dependsOn: [events]"), "{assignment}");
}

#[test]
fn the_identity_is_restricted_only_on_request_and_after_the_app_has_it() {
    let preview = "2025-05-31-preview";
    let with_preview: Vec<_> =
        templates().into_iter().filter(|template| template.source.contains(preview)).collect();
    let [restriction] = with_preview.as_slice() else { panic!("one file") };
    assert_eq!(restriction.file, Path::new("infra/modules/identity-restriction.bicep"));
    assert!(restriction.source.contains("providers: ['Microsoft.Web/sites']"));
    let main = Template::read(Path::new("infra/main.bicep"));
    assert!(main.source.contains("param restrictIdentity bool = false"));
    let module = main.source.split("module identityRestriction ").nth(1).unwrap();
    let module = module.split("\n}\n").next().unwrap();
    for part in ["= if (restrictIdentity) {", "dependsOn: [app]", "name: 'id-${name}'"] {
        assert!(module.contains(part), "{module}");
    }
}

#[test]
fn only_the_broker_gets_a_role_on_the_brokers_own_account() {
    let template = Template::read(Path::new("infra/modules/broker-storage.bicep"));
    let [roles] = template.resources("Microsoft.Authorization/roleAssignments")[..] else {
        panic!("one loop over the broker's roles")
    };
    assert!(roles.contains("principalId: brokerPrincipalId"));
}
