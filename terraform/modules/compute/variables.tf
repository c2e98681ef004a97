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

variable "executor" {
  description = "Which Snakemake executor the head may use."
  type        = string
}

variable "subnet_ids" {
  description = "Where jobs run."
  type        = list(string)
  validation {
    condition     = length(var.subnet_ids) > 0
    error_message = "subnet_ids must not be empty."
  }
}

variable "security_group_id" {
  description = "The group of all jobs."
  type        = string
  validation {
    condition     = length(var.security_group_id) > 0
    error_message = "security_group_id must not be empty."
  }
}

variable "has_public_addresses" {
  description = "Whether the subnets are public ones."
  type        = bool
  validation {
    condition     = var.has_public_addresses != null
    error_message = "has_public_addresses must be true or false."
  }
}

variable "reduce_backend" {
  description = "Where the themes are found."
  type        = string
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

variable "source_arns" {
  description = "What may be read outside the results bucket."
  type        = list(string)
}

variable "table_name" {
  description = "The themes' table."
  type        = string
  validation {
    condition     = length(var.table_name) > 0
    error_message = "table_name must not be empty."
  }
}

variable "table_arn" {
  description = "The themes' table."
  type        = string
  validation {
    condition     = startswith(var.table_arn, "arn:")
    error_message = "table_arn must be an ARN."
  }
}

variable "repository_arns" {
  description = "Where images are pulled from."
  type        = list(string)
  validation {
    condition     = length(var.repository_arns) > 0
    error_message = "repository_arns must not be empty."
  }
}

variable "images" {
  description = "The images by name: firm-topic-processor and theme-aggregator."
  type        = map(string)
  validation {
    condition     = contains(keys(var.images), "firm-topic-processor") && contains(keys(var.images), "theme-aggregator")
    error_message = "images must name firm-topic-processor and theme-aggregator."
  }
}

variable "map_instance_types" {
  description = "Instance families of the map."
  type        = list(string)
}

variable "map_max_vcpus" {
  description = "The most vCPUs of spot machines of the map."
  type        = number
}

variable "map_timeout_minutes" {
  description = "Minutes after which a worker job is ended."
  type        = number
}

variable "enable_gpu" {
  description = "Whether there is a queue of GPU machines."
  type        = bool
}

variable "gpu_instance_types" {
  description = "Instance types of the GPU queue."
  type        = list(string)
}

variable "gpu_max_vcpus" {
  description = "The most vCPUs of the GPU queue."
  type        = number
}

variable "head_vcpus" {
  description = "vCPUs of the head."
  type        = number
}

variable "head_memory_mb" {
  description = "MiB of the head."
  type        = number
}

variable "head_timeout_minutes" {
  description = "Minutes after which the head is ended."
  type        = number
}

variable "log_days" {
  description = "Days for which logs are kept."
  type        = number
}

variable "tags" {
  description = "The tags that the reduce's job gets; the provider's own do not reach it."
  type        = map(string)
  validation {
    condition     = contains(keys(var.tags), "Project")
    error_message = "tags must hold Project."
  }
}
