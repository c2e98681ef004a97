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
}

variable "alert_emails" {
  description = "Who is written to."
  type        = set(string)
}

variable "schedule_enabled" {
  description = "Whether the schedule starts by itself."
  type        = bool
}

variable "schedule_expression" {
  description = "When the schedule starts."
  type        = string
}

variable "schedule_input" {
  description = "What the schedule gives to the state machine."
  type        = string
}

variable "monthly_budget_usd" {
  description = "Dollars a month."
  type        = number
}

variable "project" {
  description = "The Project tag, by which the budget counts."
  type        = string
}
