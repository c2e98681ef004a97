# Everything that a run in the cloud needs, as four modules whose arrows point one way:
# networking and storage know nobody, compute knows both, orchestration knows compute.

provider "aws" {
  region = var.region

  default_tags {
    tags = {
      Project     = var.project
      Environment = var.environment
      Owner       = var.owner
      CostCenter  = var.cost_center
      Run         = "shared" # what serves all runs; a run's own jobs carry its name
    }
  }
}

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

locals {
  name       = "${var.project}-${var.environment}"
  account_id = data.aws_caller_identity.current.account_id
  partition  = data.aws_partition.current.partition
  # By digest where one is known. Before the first push there is none, and the tag names no image:
  # a job then fails with CannotPullContainerError instead of running something unknown.
  images = {
    for name, url in module.storage.repository_urls :
    name => var.image_digests[replace(name, "-", "_")] == null ? "${url}:not-pushed-yet" : "${url}@${var.image_digests[replace(name, "-", "_")]}"
  }
  tags = {
    Project     = var.project
    Environment = var.environment
    Owner       = var.owner
    CostCenter  = var.cost_center
  }
}

module "networking" {
  source = "./modules/networking"

  name     = local.name
  region   = var.region
  vpc_cidr = var.vpc_cidr
  egress   = var.egress
}

module "storage" {
  source = "./modules/storage"

  name                = local.name
  account_id          = local.account_id
  partition           = local.partition
  results_prefix      = var.results_prefix
  old_version_days    = var.old_version_days
  force_destroy       = var.force_destroy
  deletion_protection = var.deletion_protection
}

module "compute" {
  source = "./modules/compute"

  name                 = local.name
  region               = var.region
  account_id           = local.account_id
  partition            = local.partition
  executor             = var.executor
  subnet_ids           = module.networking.job_subnet_ids
  security_group_id    = module.networking.workers_security_group_id
  has_public_addresses = module.networking.has_public_addresses
  reduce_backend       = var.reduce_backend
  bucket               = module.storage.bucket
  bucket_arn           = module.storage.bucket_arn
  results_prefix       = var.results_prefix
  source_arns          = var.source_arns
  table_name           = module.storage.table_name
  table_arn            = module.storage.table_arn
  repository_arns      = module.storage.repository_arns
  images               = local.images
  map_instance_types   = var.map_instance_types
  map_max_vcpus        = var.map_max_vcpus
  map_timeout_minutes  = var.map_timeout_minutes
  enable_gpu           = var.enable_gpu
  gpu_instance_types   = var.gpu_instance_types
  gpu_max_vcpus        = var.gpu_max_vcpus
  head_vcpus           = var.head_vcpus
  head_memory_mb       = var.head_memory_mb
  head_timeout_minutes = var.head_timeout_minutes
  log_days             = var.log_days
  tags                 = local.tags
}

module "orchestration" {
  source = "./modules/orchestration"

  name                    = local.name
  region                  = var.region
  account_id              = local.account_id
  partition               = local.partition
  bucket                  = module.storage.bucket
  bucket_arn              = module.storage.bucket_arn
  results_prefix          = var.results_prefix
  head_queue_arn          = module.compute.head_queue_arn
  head_job_definition_arn = module.compute.head_job_definition_arn
  log_days                = var.log_days
  alert_emails            = var.alert_emails
  schedule_enabled        = var.schedule_enabled
  schedule_expression     = var.schedule_expression
  schedule_input          = var.schedule_input
  monthly_budget_usd      = var.monthly_budget_usd
  project                 = var.project
}
