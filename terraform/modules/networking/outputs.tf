output "private_subnet_ids" {
  description = "Where jobs run."
  value       = aws_subnet.private[*].id
}

output "workers_security_group_id" {
  description = "The group of all jobs."
  value       = aws_security_group.workers.id
}

output "vpc_id" {
  description = "The network."
  value       = aws_vpc.this.id
}
