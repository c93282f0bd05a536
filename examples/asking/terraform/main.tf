# A team's own configuration: the identity of its workload, the rights of its pipeline to ask the broker, and the
# request itself. Whoever applies it may assign roles on the two queues.

terraform {
  required_version = ">= 1.9"
  required_providers {
    azurerm = {
      source  = "hashicorp/azurerm"
      version = "~> 4.0"
    }
  }
}

provider "azurerm" {
  features {}
  storage_use_azuread = true
}

variable "resource_group_name" {
  description = "Resource group of the workload."
  type        = string
}

variable "location" {
  description = "Region of the workload."
  type        = string
}

variable "request_storage_id" {
  description = "ARM id of the account with the broker's request queues."
  type        = string
}

variable "pipeline_principal_id" {
  description = "Object id of the identity that applies this configuration and asks the broker."
  type        = string
}

locals {
  account = regex("[^/]+$", var.request_storage_id)
  rights = {
    "app-role-requests" = "Storage Queue Data Message Sender"
    "app-role-results"  = "Storage Queue Data Message Processor"
  }
}

resource "azurerm_user_assigned_identity" "orders" {
  name                = "id-orders"
  resource_group_name = var.resource_group_name
  location            = var.location
}

resource "azurerm_role_assignment" "requester" {
  for_each             = local.rights
  scope                = "${var.request_storage_id}/queueServices/default/queues/${each.key}"
  role_definition_name = each.value
  principal_id         = var.pipeline_principal_id
}

# Asks again whenever the file or the identity changes. What is granted already stays as it is.
resource "terraform_data" "app_roles" {
  triggers_replace = [
    filesha256("${path.module}/../app-roles.json"),
    azurerm_user_assigned_identity.orders.principal_id,
  ]

  provisioner "local-exec" {
    command = "app-role submit --file \"$FILE\" --principal \"$PRINCIPAL\" --wait --timeout 10m"
    environment = {
      FILE              = "${path.module}/../app-roles.json"
      PRINCIPAL         = azurerm_user_assigned_identity.orders.principal_id
      APP_ROLE_REQUESTS = "https://${local.account}.queue.core.windows.net"
    }
  }

  depends_on = [azurerm_role_assignment.requester]
}
