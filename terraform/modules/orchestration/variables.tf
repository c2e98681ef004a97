# See the variables of the same names at the root, where they are described at length.

variable "name" {
  description = "Begins the name of every resource."
  type        = string
  validation {
    condition     = length(var.name) > 0
    error_message = "name must not be empty."
  }
}

variable "region" {
  description = "The AWS region."
  type        = string
  validation {
    condition     = length(var.region) > 0
    error_message = "region must not be empty."
  }
}

variable "account_id" {
  description = "The account, for ARNs."
  type        = string
  validation {
    condition     = length(var.account_id) > 0
    error_message = "account_id must not be empty."
  }
}

variable "partition" {
  description = "The AWS partition, for ARNs."
  type        = string
  validation {
    condition     = length(var.partition) > 0
    error_message = "partition must not be empty."
  }
}

variable "bucket" {
  description = "The results bucket."
  type        = string
  validation {
    condition     = length(var.bucket) > 0
    error_message = "bucket must not be empty."
  }
}

variable "bucket_arn" {
  description = "The results bucket."
  type        = string
  validation {
    condition     = startswith(var.bucket_arn, "arn:")
    error_message = "bucket_arn must be an ARN."
  }
}

variable "results_prefix" {
  description = "The key under which the runs lie."
  type        = string
  validation {
    condition     = length(var.results_prefix) > 0
    error_message = "results_prefix must not be empty."
  }
}

variable "head_queue_arn" {
  description = "The queue of the heads."
  type        = string
  validation {
    condition     = startswith(var.head_queue_arn, "arn:")
    error_message = "head_queue_arn must be an ARN."
  }
}

variable "head_job_definition_arn" {
  description = "The head's job definition."
  type        = string
  validation {
    condition     = startswith(var.head_job_definition_arn, "arn:")
    error_message = "head_job_definition_arn must be an ARN."
  }
}

variable "log_days" {
  description = "Days for which logs are kept."
  type        = number
  validation {
    condition     = var.log_days > 0
    error_message = "log_days must be positive."
  }
}

variable "alert_emails" {
  description = "Who is written to."
  type        = set(string)
  validation {
    condition     = var.alert_emails != null
    error_message = "alert_emails must be a set."
  }
}

variable "schedule_enabled" {
  description = "Whether the schedule starts by itself."
  type        = bool
  validation {
    condition     = var.schedule_enabled != null
    error_message = "schedule_enabled must be true or false."
  }
}

variable "schedule_expression" {
  description = "When the schedule starts."
  type        = string
  validation {
    condition     = length(var.schedule_expression) > 0
    error_message = "schedule_expression must not be empty."
  }
}

variable "schedule_input" {
  description = "What the schedule gives to the state machine."
  type        = string
  validation {
    condition     = can(jsondecode(var.schedule_input).runs)
    error_message = "schedule_input must be JSON with the key runs."
  }
}

variable "monthly_budget_usd" {
  description = "Dollars a month."
  type        = number
  validation {
    condition     = var.monthly_budget_usd > 0
    error_message = "monthly_budget_usd must be positive."
  }
}

variable "project" {
  description = "The Project tag, by which the budget counts."
  type        = string
  validation {
    condition     = length(var.project) > 0
    error_message = "project must not be empty."
  }
}
