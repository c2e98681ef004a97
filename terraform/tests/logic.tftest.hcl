# The logic of variables, counts and names, with a provider that makes nothing: `terraform test`, no account.

mock_provider "aws" {
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/mock" }
  }
  mock_resource "aws_iam_instance_profile" {
    defaults = { arn = "arn:aws:iam::123456789012:instance-profile/mock" }
  }
  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:us-east-1:123456789012:log-group:mock" }
  }
  mock_resource "aws_sns_topic" {
    defaults = { arn = "arn:aws:sns:us-east-1:123456789012:mock" }
  }
  mock_resource "aws_s3_bucket" {
    defaults = { arn = "arn:aws:s3:::mock" }
  }
  mock_resource "aws_dynamodb_table" {
    defaults = { arn = "arn:aws:dynamodb:us-east-1:123456789012:table/mock" }
  }
  mock_resource "aws_ecr_repository" {
    defaults = {
      arn            = "arn:aws:ecr:us-east-1:123456789012:repository/mock"
      repository_url = "123456789012.dkr.ecr.us-east-1.amazonaws.com/mock"
    }
  }
  mock_resource "aws_launch_template" {
    defaults = { id = "lt-0123456789abcdef0", latest_version = 1 }
  }
  mock_resource "aws_batch_compute_environment" {
    defaults = { arn = "arn:aws:batch:us-east-1:123456789012:compute-environment/mock" }
  }
  mock_resource "aws_batch_job_queue" {
    defaults = { arn = "arn:aws:batch:us-east-1:123456789012:job-queue/mock" }
  }
  mock_resource "aws_batch_job_definition" {
    defaults = {
      arn        = "arn:aws:batch:us-east-1:123456789012:job-definition/mock:1"
      arn_prefix = "arn:aws:batch:us-east-1:123456789012:job-definition/mock"
    }
  }
  mock_resource "aws_sfn_state_machine" {
    defaults = { arn = "arn:aws:states:us-east-1:123456789012:stateMachine:mock" }
  }
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_data "aws_availability_zones" {
    defaults = { names = ["us-east-1a", "us-east-1b", "us-east-1c"] }
  }
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{\"Version\":\"2012-10-17\",\"Statement\":[]}" }
  }
}

variables {
  environment = "dev"
  owner       = "faculty"
  cost_center = "research"
}

run "whole_deployment" {
  command = apply

  assert {
    condition     = jsondecode(module.orchestration.definition).States.EveryRun.ItemProcessor.States.RunSnakemake.Resource == "arn:aws:states:::batch:submitJob.sync"
    error_message = "The head must be a Batch job that the state machine waits for."
  }
  assert {
    condition     = output.map_gpu_queue_arn == null
    error_message = "A GPU queue is made only where it is asked for."
  }
  assert {
    condition     = endswith(output.torch_index, "/cpu")
    error_message = "Without GPUs the image takes the torch that is a tenth as large."
  }
  assert {
    condition     = endswith(output.firm_topic_processor_image, ":not-pushed-yet")
    error_message = "Without a digest no image may be named that somebody could push."
  }
  assert {
    condition     = output.results_bucket != "" && output.table_name == "earnings-themes-dev-themes"
    error_message = "Names are made of project and environment."
  }
}

run "images_by_digest" {
  command = apply
  variables {
    image_digests = { firm_topic_processor = "sha256:0000000000000000000000000000000000000000000000000000000000000001" }
  }
  assert {
    condition     = endswith(output.firm_topic_processor_image, "@sha256:0000000000000000000000000000000000000000000000000000000000000001")
    error_message = "An image is named by its digest."
  }
  assert {
    condition     = endswith(output.theme_aggregator_image, ":not-pushed-yet")
    error_message = "One digest does not stand for the other image."
  }
}

run "gpu_when_asked_for" {
  command = apply
  variables {
    enable_gpu = true
  }
  assert {
    condition     = output.map_gpu_queue_arn != null
    error_message = "enable_gpu makes the queue."
  }
  assert {
    condition     = !endswith(output.torch_index, "/cpu")
    error_message = "enable_gpu also says with which torch the image is built."
  }
}

run "one_nat_gateway" {
  command = plan
  module {
    source = "./modules/networking"
  }
  variables {
    name                = "t"
    region              = "us-east-1"
    vpc_cidr            = "10.1.0.0/16"
    egress              = "nat"
    interface_endpoints = ["batch"]
  }
  assert {
    condition     = length(aws_subnet.private) == 2 && length(aws_subnet.public) == 2 && length(aws_nat_gateway.this) == 1
    error_message = "Two zones share one NAT gateway."
  }
  assert {
    condition     = length(aws_vpc_endpoint.interface) == 0
    error_message = "NAT and interface endpoints are not paid for together."
  }
  assert {
    condition     = alltrue([for subnet in aws_subnet.public : !subnet.map_public_ip_on_launch])
    error_message = "No machine gets a public address by itself."
  }
  assert {
    condition     = length(distinct(concat(aws_subnet.public[*].cidr_block, aws_subnet.private[*].cidr_block))) == 4
    error_message = "Four subnets, four ranges."
  }
}

run "interface_endpoints_instead" {
  command = plan
  module {
    source = "./modules/networking"
  }
  variables {
    name                = "t"
    region              = "us-east-1"
    vpc_cidr            = "10.1.0.0/16"
    egress              = "endpoints"
    interface_endpoints = ["batch", "ecr.api"]
  }
  assert {
    condition     = length(aws_vpc_endpoint.interface) == 2 && length(aws_nat_gateway.this) == 0 && length(aws_route.private_nat) == 0
    error_message = "With endpoints there is no way to the internet."
  }
}

run "parked" {
  command = plan
  module {
    source = "./modules/networking"
  }
  variables {
    name                = "t"
    region              = "us-east-1"
    vpc_cidr            = "10.1.0.0/16"
    egress              = "none"
    interface_endpoints = ["batch"]
  }
  assert {
    condition     = length(aws_nat_gateway.this) + length(aws_eip.nat) + length(aws_vpc_endpoint.interface) + length(aws_security_group.endpoints) == 0
    error_message = "egress = none costs nothing."
  }
  assert {
    condition     = length(aws_vpc_endpoint.gateway) == 2
    error_message = "The free endpoints stay."
  }
}

run "storage_is_safe_by_default" {
  command = plan
  module {
    source = "./modules/storage"
  }
  variables {
    name           = "t"
    account_id     = "123456789012"
    results_prefix = "p"
  }
  assert {
    condition     = aws_s3_bucket_public_access_block.results.block_public_acls && aws_s3_bucket_public_access_block.results.block_public_policy && aws_s3_bucket_public_access_block.results.ignore_public_acls && aws_s3_bucket_public_access_block.results.restrict_public_buckets
    error_message = "Nothing in the bucket can be public."
  }
  assert {
    condition     = aws_dynamodb_table.themes.billing_mode == "PAY_PER_REQUEST" && aws_dynamodb_table.themes.point_in_time_recovery[0].enabled && aws_dynamodb_table.themes.deletion_protection_enabled
    error_message = "On demand, recoverable, and not deleted by accident."
  }
  assert {
    condition     = !aws_s3_bucket.results.force_destroy && alltrue([for image in aws_ecr_repository.image : !image.force_delete && image.image_tag_mutability == "IMMUTABLE" && image.image_scanning_configuration[0].scan_on_push])
    error_message = "Full buckets and repositories are not deleted; tags do not move; images are scanned."
  }
}

run "nobody_is_written_to_without_an_address" {
  command = plan
  module {
    source = "./modules/orchestration"
  }
  variables {
    name                    = "t"
    region                  = "us-east-1"
    account_id              = "123456789012"
    partition               = "aws"
    bucket                  = "b"
    bucket_arn              = "arn:aws:s3:::b"
    results_prefix          = "p"
    head_queue_arn          = "arn:aws:batch:us-east-1:123456789012:job-queue/h"
    head_job_definition_arn = "arn:aws:batch:us-east-1:123456789012:job-definition/h:3"
    log_days                = 30
    alert_emails            = []
    schedule_enabled        = false
    schedule_expression     = "rate(1 days)"
    schedule_input          = "{\"runs\":[]}"
    monthly_budget_usd      = 10
    project                 = "earnings-themes"
  }
  assert {
    condition     = aws_scheduler_schedule.pipeline.state == "DISABLED"
    error_message = "The schedule is off until someone turns it on."
  }
  assert {
    condition     = length(aws_budgets_budget.monthly.notification) == 0 && length(aws_sns_topic_subscription.alerts) == 0
    error_message = "Without an address there is no notification (AWS refuses one without a subscriber)."
  }
}

# Where the filter names no tag that is there, the budget counts nothing and never writes.
run "the_budget_counts_what_carries_the_project_tag" {
  command = plan
  module {
    source = "./modules/orchestration"
  }
  variables {
    name                    = "t"
    region                  = "us-east-1"
    account_id              = "123456789012"
    partition               = "aws"
    bucket                  = "b"
    bucket_arn              = "arn:aws:s3:::b"
    results_prefix          = "p"
    head_queue_arn          = "arn:aws:batch:us-east-1:123456789012:job-queue/h"
    head_job_definition_arn = "arn:aws:batch:us-east-1:123456789012:job-definition/h:3"
    log_days                = 30
    alert_emails            = ["faculty@example.org"]
    schedule_enabled        = false
    schedule_expression     = "rate(1 days)"
    schedule_input          = "{\"runs\":[]}"
    monthly_budget_usd      = 10
    project                 = "earnings-themes"
  }
  assert {
    condition     = one(one(aws_budgets_budget.monthly.cost_filter).values) == "user:Project$earnings-themes"
    error_message = "The filter is ${one(one(aws_budgets_budget.monthly.cost_filter).values)}; AWS wants user:TAG$VALUE."
  }
}

run "refuses_an_unknown_environment" {
  command = plan
  variables {
    environment = "qa"
  }
  expect_failures = [var.environment]
}

run "refuses_a_tag_for_a_digest" {
  command = plan
  variables {
    image_digests = { theme_aggregator = "latest" }
  }
  expect_failures = [var.image_digests]
}

run "refuses_a_size_that_fargate_lacks" {
  command = plan
  variables {
    head_vcpus     = 1
    head_memory_mb = 16384
  }
  expect_failures = [var.head_memory_mb]
}

run "refuses_a_schedule_without_runs" {
  command = plan
  variables {
    schedule_enabled = true
  }
  expect_failures = [var.schedule_enabled]
}

run "refuses_to_protect_what_it_may_destroy" {
  command = plan
  variables {
    force_destroy       = true
    deletion_protection = true
  }
  expect_failures = [var.force_destroy]
}
