# Every setting of a deployment; environments/*.tfvars give those that differ between dev and prod.
# Prices are those of src/earnings_themes/cloud/prices.json (us-east-1; its date stands there).
# docs/operating/terraform.md lists those without "Seldom changed." above them.

# --- who and where -------------------------------------------------------------------------------

# Seldom changed.
variable "project" {
  description = "Begins the name of every resource; also its Project tag."
  type        = string
  default     = "earnings-themes"
  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,19}$", var.project))
    error_message = "project must be 3 to 20 lowercase letters, digits and '-', and begin with a letter: a bucket's name is made of it."
  }
}

variable "environment" {
  description = "Which deployment this is; two of them share nothing."
  type        = string
  validation {
    condition     = contains(["dev", "prod"], var.environment)
    error_message = "environment must be dev or prod."
  }
}

variable "owner" {
  description = "Who answers for the bill (a tag)."
  type        = string
  validation {
    condition     = can(regex("^[A-Za-z0-9 _.:/=+@-]{1,256}$", var.owner))
    error_message = "owner must be 1 to 256 letters, digits, spaces and _.:/=+@- (the characters of an AWS tag)."
  }
}

variable "cost_center" {
  description = "Where the bill is booked (a tag)."
  type        = string
  validation {
    condition     = can(regex("^[A-Za-z0-9 _.:/=+@-]{1,256}$", var.cost_center))
    error_message = "cost_center must be 1 to 256 letters, digits, spaces and _.:/=+@- (the characters of an AWS tag)."
  }
}

variable "region" {
  description = "The AWS region."
  type        = string
  default     = "us-east-1"
  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region must look like us-east-1."
  }
}

# --- network -------------------------------------------------------------------------------------

# Seldom changed.
variable "vpc_cidr" {
  description = "The network's address range, for six subnets."
  type        = string
  default     = "10.20.0.0/16"
  validation {
    condition     = can(cidrhost(var.vpc_cidr, 0)) && can(cidrsubnet(var.vpc_cidr, 4, 10))
    error_message = "vpc_cidr must be an IPv4 range with room for 16 subnets, such as 10.20.0.0/16."
  }
}

variable "egress" {
  description = "How jobs reach AWS: from public addresses that nobody can call (public), through a NAT gateway (nat), or to AWS alone (endpoints). What each costs: docs/operating/cost.md."
  type        = string
  default     = "public"
  validation {
    condition     = contains(["public", "nat", "endpoints"], var.egress)
    error_message = "egress must be public, nat or endpoints."
  }
}

# --- storage -------------------------------------------------------------------------------------

# Seldom changed.
variable "results_prefix" {
  description = "The folder of all runs in the results bucket."
  type        = string
  default     = "earnings-themes"
  validation {
    condition     = can(regex("^[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*$", var.results_prefix))
    error_message = "results_prefix must be a key without '/' at its ends, such as earnings-themes."
  }
}

variable "source_arns" {
  description = "Where transcripts may be read from, such as arn:aws:s3:::faculty-data/calls/*. What lies under input/ in the results bucket may always be read."
  type        = list(string)
  default     = []
  validation {
    condition     = alltrue([for arn in var.source_arns : can(regex("^arn:aws[a-z-]*:s3:::[a-z0-9][a-z0-9.-]{2,62}/.+$", arn))])
    error_message = "source_arns must be S3 object ARNs with a prefix, such as arn:aws:s3:::faculty-data/calls/*."
  }
}

variable "old_version_days" {
  description = "Days for which an overwritten or deleted file can be brought back."
  type        = number
  default     = 30
  validation {
    condition     = var.old_version_days >= 1 && var.old_version_days <= 3650 && floor(var.old_version_days) == var.old_version_days
    error_message = "old_version_days must be a whole number from 1 to 3650."
  }
}

variable "force_destroy" {
  description = "Whether make destroy deletes bucket, table and images with their content."
  type        = bool
  default     = false
  validation {
    condition     = !(var.force_destroy && var.deletion_protection)
    error_message = "force_destroy and deletion_protection contradict each other: set one of them."
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

# --- images --------------------------------------------------------------------------------------

# Seldom changed.
variable "image_digests" {
  description = "The images' digests, written by make images. Null until then: the repositories are made first."
  type = object({
    firm_topic_processor = optional(string)
    theme_aggregator     = optional(string)
  })
  default = {}
  validation {
    condition     = alltrue([for digest in values(var.image_digests) : digest == null || can(regex("^sha256:[0-9a-f]{64}$", digest))])
    error_message = "image_digests must be sha256: and 64 hexadecimal digits; a tag can be moved, a digest cannot."
  }
}

# --- the map -------------------------------------------------------------------------------------

variable "executor" {
  description = "The head's Snakemake executor: aws-basic-batch or aws-batch (docs/operating/batch.md)."
  type        = string
  default     = "aws-basic-batch"
  validation {
    condition     = contains(["aws-basic-batch", "aws-batch"], var.executor)
    error_message = "executor must be aws-basic-batch or aws-batch."
  }
}

# Seldom changed.
variable "map_instance_types" {
  description = "Instance families of the map. Several, because spot is cheapest and most lasting where it can choose."
  type        = list(string)
  default     = ["c6i", "c6a", "c7i", "m6i", "m6a"]
  validation {
    condition     = length(var.map_instance_types) > 0 && alltrue([for type in var.map_instance_types : can(regex("^[a-z0-9-]+(\\.[a-z0-9-]+)?$", type)) && type != "optimal"])
    error_message = "map_instance_types must name families or types such as c6i or c6i.4xlarge."
  }
}

variable "map_max_vcpus" {
  description = "The most vCPUs of the map's spot machines; on-demand ones add an eighth. It bounds the bill of an hour, and the account's quotas bound it."
  type        = number
  default     = 64
  validation {
    condition     = var.map_max_vcpus >= 2 && var.map_max_vcpus <= 4096 && floor(var.map_max_vcpus) == var.map_max_vcpus
    error_message = "map_max_vcpus must be a whole number from 2 to 4096."
  }
}

# Seldom changed.
variable "map_timeout_minutes" {
  description = "Minutes after which Batch ends a job."
  type        = number
  default     = 60
  validation {
    condition     = var.map_timeout_minutes >= 5 && var.map_timeout_minutes <= 720 && floor(var.map_timeout_minutes) == var.map_timeout_minutes
    error_message = "map_timeout_minutes must be a whole number from 5 (what one firm may take) to 720."
  }
}

variable "enable_gpu" {
  description = "Whether GPUs encode the sentences; make images then builds for CUDA. The output torch_index says which build of torch."
  type        = bool
  default     = false
  validation {
    condition     = var.enable_gpu != null
    error_message = "enable_gpu must be true or false."
  }
}

# Seldom changed.
variable "gpu_instance_types" {
  description = "Instance types of the GPU queue."
  type        = list(string)
  default     = ["g4dn.xlarge", "g5.xlarge"]
  validation {
    condition     = length(var.gpu_instance_types) > 0 && alltrue([for type in var.gpu_instance_types : can(regex("^(g|p)[0-9]", type))])
    error_message = "gpu_instance_types must name types with a GPU, such as g4dn.xlarge."
  }
}

variable "gpu_max_vcpus" {
  description = "The most vCPUs of the GPU queue; g4dn.xlarge has 4, at about $0.53 an hour."
  type        = number
  default     = 16
  validation {
    condition     = var.gpu_max_vcpus >= 4 && var.gpu_max_vcpus <= 512 && floor(var.gpu_max_vcpus) == var.gpu_max_vcpus
    error_message = "gpu_max_vcpus must be a whole number from 4 to 512."
  }
}

# --- the head ------------------------------------------------------------------------------------

# Seldom changed.
variable "head_vcpus" {
  description = "The head's vCPUs, one of them for Snakemake itself."
  type        = number
  default     = 2
  validation {
    condition     = contains([1, 2, 4, 8], var.head_vcpus)
    error_message = "head_vcpus must be 1, 2, 4 or 8 (Fargate's sizes)."
  }
}

# Seldom changed.
variable "head_memory_mb" {
  description = "The head's memory in MiB."
  type        = number
  default     = 8192
  validation {
    # Fargate's table: GB from, to, and in steps of, by vCPU (Amazon ECS Developer Guide, "Task CPU and memory").
    condition = contains(
      [for gb in range(
        { "1" = 2, "2" = 4, "4" = 8, "8" = 16 }[tostring(var.head_vcpus)],
        { "1" = 9, "2" = 17, "4" = 31, "8" = 61 }[tostring(var.head_vcpus)],
        { "1" = 1, "2" = 1, "4" = 1, "8" = 4 }[tostring(var.head_vcpus)],
      ) : gb * 1024],
      var.head_memory_mb,
    )
    error_message = "head_memory_mb must be one of Fargate's sizes: 2 to 8 GiB for 1 vCPU, 4 to 16 for 2, 8 to 30 for 4, and 16 to 60 in steps of 4 for 8; in MiB."
  }
}

# Seldom changed.
variable "head_timeout_minutes" {
  description = "Minutes after which Batch ends the head."
  type        = number
  default     = 180
  validation {
    condition     = var.head_timeout_minutes >= 10 && var.head_timeout_minutes <= 705 && floor(var.head_timeout_minutes) == var.head_timeout_minutes
    error_message = "head_timeout_minutes must be a whole number from 10 to 705: the state machine gives up after 720."
  }
}

# --- the reduce ----------------------------------------------------------------------------------

variable "reduce_backend" {
  description = "Where themes are found: sagemaker, whose quota new accounts have to ask for, or local, a job of the map's queue."
  type        = string
  default     = "sagemaker"
  validation {
    condition     = contains(["sagemaker", "local"], var.reduce_backend)
    error_message = "reduce_backend must be sagemaker or local."
  }
}

# --- watching and starting -----------------------------------------------------------------------

variable "log_days" {
  description = "Days for which logs are kept."
  type        = number
  default     = 30
  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827], var.log_days)
    error_message = "log_days must be one of 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827."
  }
}

variable "alert_emails" {
  description = "Who hears of incomplete runs and of the bill. Each has to confirm a mail of SNS's first."
  type        = set(string)
  validation {
    condition     = length(var.alert_emails) > 0 && alltrue([for mail in var.alert_emails : can(regex("^[^@ ]+@[^@ ]+\\.[^@ ]+$", mail))])
    error_message = "alert_emails must be at least one e-mail address, such as [\"you@example.org\"]: nobody else hears of a failed run, or of the bill."
  }
}

variable "monthly_budget_usd" {
  description = "Dollars; a mail comes at 80 % of it, or when the forecast is above it."
  type        = number
  default     = 100
  validation {
    condition     = var.monthly_budget_usd >= 1
    error_message = "monthly_budget_usd must be at least 1."
  }
}

variable "schedule_enabled" {
  description = "Whether executions start by the schedule."
  type        = bool
  default     = false
  validation {
    condition     = !var.schedule_enabled || can(jsondecode(var.schedule_input).runs[0].run)
    error_message = "schedule_enabled needs a schedule_input with at least one run."
  }
}

variable "schedule_expression" {
  description = "When scheduled executions start, in the words of EventBridge Scheduler (UTC)."
  type        = string
  default     = "cron(0 6 1 2,5,8,11 ? *)" # a month after each quarter's end, when most firms have reported
  validation {
    condition     = can(regex("^(cron|rate|at)\\(.+\\)$", var.schedule_expression))
    error_message = "schedule_expression must be cron(…), rate(…) or at(…)."
  }
}

variable "schedule_input" {
  description = "The scheduled executions' input, as JSON: {\"runs\": [{\"run\": …, \"source\": {…}}]}."
  type        = string
  default     = "{\"runs\":[]}"
  validation {
    condition     = can(jsondecode(var.schedule_input).runs)
    error_message = "schedule_input must be JSON with the key runs."
  }
}
