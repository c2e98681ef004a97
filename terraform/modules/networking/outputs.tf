output "job_subnet_ids" {
  description = "Where jobs run."
  value       = local.is_public ? aws_subnet.public[*].id : aws_subnet.private[*].id
}

output "has_public_addresses" {
  description = "Whether a job has an address of its own."
  value       = local.is_public
}

output "workers_security_group_id" {
  description = "The group of all jobs."
  value       = aws_security_group.workers.id
}

output "vpc_id" {
  description = "The network."
  value       = aws_vpc.this.id
}
