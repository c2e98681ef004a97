output "bucket" {
  description = "The results bucket's name."
  value       = aws_s3_bucket.results.id
}

output "bucket_arn" {
  description = "The results bucket's ARN."
  value       = aws_s3_bucket.results.arn
}

output "table_name" {
  description = "The themes' table."
  value       = aws_dynamodb_table.themes.name
}

output "table_arn" {
  description = "The table's ARN."
  value       = aws_dynamodb_table.themes.arn
}

output "repository_urls" {
  description = "Where each image is pushed to, by name."
  value       = { for name, repository in aws_ecr_repository.image : name => repository.repository_url }
}

output "repository_arns" {
  description = "The repositories' ARNs."
  value       = [for repository in aws_ecr_repository.image : repository.arn]
}
