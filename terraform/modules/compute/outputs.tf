output "map_queue_arn" {
  description = "The workers' queue."
  value       = aws_batch_job_queue.map.arn
}

output "map_gpu_queue_arn" {
  description = "The GPU queue, or null."
  value       = one(aws_batch_job_queue.gpu[*].arn)
}

output "head_queue_arn" {
  description = "The heads' queue."
  value       = aws_batch_job_queue.head.arn
}

output "map_job_definition_arn" {
  description = "The workers' job definition."
  value       = aws_batch_job_definition.map.arn
}

output "head_job_definition_arn" {
  description = "The head's job definition."
  value       = aws_batch_job_definition.head.arn
}

output "map_job_role_arn" {
  description = "A worker's role."
  value       = aws_iam_role.map.arn
}

output "head_job_role_arn" {
  description = "The head's role."
  value       = aws_iam_role.head.arn
}

output "execution_role_arn" {
  description = "The role that starts containers."
  value       = aws_iam_role.execution.arn
}

output "sagemaker_role_arn" {
  description = "The reduce's role."
  value       = aws_iam_role.reduce.arn
}

output "sagemaker_subnets" {
  description = "Where the reduce's job runs; none: in SageMaker's own network."
  value       = local.sagemaker_subnets
}

output "sagemaker_security_groups" {
  description = "The group of the reduce's job."
  value       = local.sagemaker_security_groups
}
