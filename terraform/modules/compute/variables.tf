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

variable "executor" {
  description = "Which Snakemake executor the head may use."
  type        = string
  validation {
    condition     = contains(["aws-basic-batch", "aws-batch"], var.executor)
    error_message = "executor must be aws-basic-batch or aws-batch."
  }
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
  validation {
    condition     = contains(["sagemaker", "local"], var.reduce_backend)
    error_message = "reduce_backend must be sagemaker or local."
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

variable "source_arns" {
  description = "What may be read outside the results bucket."
  type        = list(string)
  validation {
    condition     = alltrue([for arn in var.source_arns : startswith(arn, "arn:")])
    error_message = "source_arns must be ARNs."
  }
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
  validation {
    condition     = length(var.map_instance_types) > 0
    error_message = "map_instance_types must not be empty."
  }
}

variable "map_max_vcpus" {
  description = "The most vCPUs of spot machines of the map."
  type        = number
  validation {
    condition     = var.map_max_vcpus > 0
    error_message = "map_max_vcpus must be positive."
  }
}

variable "map_vcpus" {
  description = "vCPUs of a worker job."
  type        = number
  validation {
    condition     = var.map_vcpus > 0
    error_message = "map_vcpus must be positive."
  }
}

variable "map_memory_mb" {
  description = "MiB of a worker job."
  type        = number
  validation {
    condition     = var.map_memory_mb > 0
    error_message = "map_memory_mb must be positive."
  }
}

variable "map_attempts" {
  description = "How often a worker job is run."
  type        = number
  validation {
    condition     = var.map_attempts > 0
    error_message = "map_attempts must be positive."
  }
}

variable "map_timeout_minutes" {
  description = "Minutes after which a worker job is ended."
  type        = number
  validation {
    condition     = var.map_timeout_minutes > 0
    error_message = "map_timeout_minutes must be positive."
  }
}

variable "spot_bid_percentage" {
  description = "The highest spot price, in percent of on demand."
  type        = number
  validation {
    condition     = var.spot_bid_percentage > 0
    error_message = "spot_bid_percentage must be positive."
  }
}

variable "enable_gpu" {
  description = "Whether there is a queue of GPU machines."
  type        = bool
  validation {
    condition     = var.enable_gpu != null
    error_message = "enable_gpu must be true or false."
  }
}

variable "gpu_instance_types" {
  description = "Instance types of the GPU queue."
  type        = list(string)
  validation {
    condition     = length(var.gpu_instance_types) > 0
    error_message = "gpu_instance_types must not be empty."
  }
}

variable "gpu_max_vcpus" {
  description = "The most vCPUs of the GPU queue."
  type        = number
  validation {
    condition     = var.gpu_max_vcpus > 0
    error_message = "gpu_max_vcpus must be positive."
  }
}

variable "head_vcpus" {
  description = "vCPUs of the head."
  type        = number
  validation {
    condition     = var.head_vcpus > 0
    error_message = "head_vcpus must be positive."
  }
}

variable "head_memory_mb" {
  description = "MiB of the head."
  type        = number
  validation {
    condition     = var.head_memory_mb > 0
    error_message = "head_memory_mb must be positive."
  }
}

variable "head_timeout_minutes" {
  description = "Minutes after which the head is ended."
  type        = number
  validation {
    condition     = var.head_timeout_minutes > 0
    error_message = "head_timeout_minutes must be positive."
  }
}

variable "runnable_minutes" {
  description = "Minutes for which a job may wait for a machine that cannot come."
  type        = number
  validation {
    condition     = var.runnable_minutes > 0
    error_message = "runnable_minutes must be positive."
  }
}

variable "volume_gb" {
  description = "GB of a worker machine's disk."
  type        = number
  validation {
    condition     = var.volume_gb > 0
    error_message = "volume_gb must be positive."
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

variable "tags" {
  description = "The tags that the reduce's job gets; the provider's own do not reach it."
  type        = map(string)
  validation {
    condition     = contains(keys(var.tags), "Project")
    error_message = "tags must hold Project."
  }
}
