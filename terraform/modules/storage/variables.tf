# See the variables of the same names at the root, where they are described at length.

variable "name" {
  description = "Begins the name of every resource."
  type        = string
  validation {
    condition     = length(var.name) > 0
    error_message = "name must not be empty."
  }
}

variable "account_id" {
  description = "The account: it ends the bucket's name, which has to be the only one in the world."
  type        = string
  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id must be 12 digits."
  }
}

variable "partition" {
  description = "The AWS partition, for ARNs."
  type        = string
  default     = "aws"
  validation {
    condition     = startswith(var.partition, "aws")
    error_message = "partition must be aws, aws-cn or aws-us-gov."
  }
}

variable "results_prefix" {
  description = "The key under which the runs lie."
  type        = string
}

variable "old_version_days" {
  description = "Days for which an old version can be brought back."
  type        = number
  default     = 30
}

variable "force_destroy" {
  description = "Whether destroy deletes what is stored."
  type        = bool
  default     = false
}

variable "deletion_protection" {
  description = "Whether DynamoDB refuses to delete the table."
  type        = bool
  default     = true
}
