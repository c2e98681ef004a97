# The versions that were run. The provider stays on 5.x: 6 renames attributes of Batch.
terraform {
  required_version = ">= 1.10, < 2.0" # 1.10 locks the state in S3 itself, without a DynamoDB table for it

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
  # No backend here: a first look needs none. `terraform/deploy.py bootstrap` writes backend.tf (docs/operating/runbook.md).
}
