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
  validation {
    condition     = length(var.results_prefix) > 0
    error_message = "results_prefix must not be empty."
  }
}

variable "archive_days" {
  description = "Days after which intermediates are deleted."
  type        = number
  default     = 30
  validation {
    condition     = var.archive_days >= 1
    error_message = "archive_days must be at least 1."
  }
}

variable "old_version_days" {
  description = "Days for which an old version can be brought back."
  type        = number
  default     = 30
  validation {
    condition     = var.old_version_days >= 1
    error_message = "old_version_days must be at least 1."
  }
}

variable "infrequent_days" {
  description = "Days after which files move to Infrequent Access."
  type        = number
  default     = 90
  validation {
    condition     = var.infrequent_days >= 30
    error_message = "infrequent_days must be at least 30, S3's own minimum."
  }
}

variable "kept_images" {
  description = "Images that each repository keeps."
  type        = number
  default     = 10
  validation {
    condition     = var.kept_images >= 2
    error_message = "kept_images must be at least 2."
  }
}

variable "force_destroy" {
  description = "Whether destroy deletes what is stored."
  type        = bool
  default     = false
  validation {
    condition     = var.force_destroy != null
    error_message = "force_destroy must be true or false."
  }
}

variable "deletion_protection" {
  description = "Whether DynamoDB refuses to delete the table."
  type        = bool
  default     = true
  validation {
    condition     = var.deletion_protection != null
    error_message = "deletion_protection must be true or false."
  }
}
