# What a caller needs to run a quarter; `make cloud-settings` turns them into files that Snakemake reads.

output "region" {
  description = "The region of everything."
  value       = var.region
}

output "results_bucket" {
  description = "The bucket of all files."
  value       = module.storage.bucket
}

output "results_prefix" {
  description = "The key under which the runs lie in it."
  value       = var.results_prefix
}

output "map_queue_arn" {
  description = "The queue of the workers: spot machines, then on demand."
  value       = module.compute.map_queue_arn
}

output "map_gpu_queue_arn" {
  description = "The queue of GPU machines; null when there is none."
  value       = module.compute.map_gpu_queue_arn
}

output "head_queue_arn" {
  description = "The queue of the heads, on Fargate."
  value       = module.compute.head_queue_arn
}

output "map_job_role_arn" {
  description = "The role that a worker's program has."
  value       = module.compute.map_job_role_arn
}

output "head_job_role_arn" {
  description = "The role that the head's program has."
  value       = module.compute.head_job_role_arn
}

output "execution_role_arn" {
  description = "The role that pulls images and writes logs."
  value       = module.compute.execution_role_arn
}

output "map_job_definition_arn" {
  description = "The workers' job definition, for the executor aws-basic-batch."
  value       = module.compute.map_job_definition_arn
}

output "head_job_definition_arn" {
  description = "The head's job definition."
  value       = module.compute.head_job_definition_arn
}

output "firm_topic_processor_image" {
  description = "The image of the map and of the head, by digest once it was pushed."
  value       = local.images["firm-topic-processor"]
}

output "torch_index" {
  description = "The package index of the torch that firm-topic-processor is built with: empty, and so pip's own with its CUDA build, where enable_gpu is true."
  value       = var.enable_gpu ? "" : "https://download.pytorch.org/whl/cpu"
}

output "theme_aggregator_image" {
  description = "The image of the reduce, by digest once it was pushed."
  value       = local.images["theme-aggregator"]
}

output "repository_urls" {
  description = "Where the two images are pushed to."
  value       = module.storage.repository_urls
}

output "sagemaker_role_arn" {
  description = "The role that the reduce's job has."
  value       = module.compute.sagemaker_role_arn
}

output "reduce_backend" {
  description = "Where the themes are found: sagemaker or local."
  value       = var.reduce_backend
}

output "sagemaker_subnets" {
  description = "The private subnets that the reduce's job runs in; none with egress = public, where it runs in SageMaker's own network."
  value       = module.compute.sagemaker_subnets
}

output "sagemaker_security_groups" {
  description = "The security group of the reduce's job; none with egress = public."
  value       = module.compute.sagemaker_security_groups
}

output "table_name" {
  description = "The DynamoDB table of the themes."
  value       = module.storage.table_name
}

output "state_machine_arn" {
  description = "The state machine that starts runs."
  value       = module.orchestration.state_machine_arn
}

output "alerts_topic_arn" {
  description = "The SNS topic that hears of runs that did not end well."
  value       = module.orchestration.alerts_topic_arn
}

output "tags" {
  description = "The tags that the jobs of a run get, beside its name."
  value       = local.tags
}
