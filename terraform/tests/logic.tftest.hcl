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
  mock_resource "aws_cloudwatch_event_rule" {
    defaults = { arn = "arn:aws:events:us-east-1:123456789012:rule/mock" }
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
  environment  = "dev"
  owner        = "faculty"
  cost_center  = "research"
  alert_emails = ["faculty@example.org"]
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
    name     = "t"
    region   = "us-east-1"
    vpc_cidr = "10.1.0.0/16"
    egress   = "nat"
  }
  assert {
    condition     = length(aws_subnet.private) == 3 && length(aws_subnet.public) == 3 && length(aws_nat_gateway.this) == 1
    error_message = "Three zones share one NAT gateway."
  }
  assert {
    condition     = length(aws_vpc_endpoint.interface) == 0
    error_message = "NAT and interface endpoints are not paid for together."
  }
  assert {
    condition     = toset(data.aws_availability_zones.available.exclude_zone_ids) == toset(["use1-az3", "usw1-az2"])
    error_message = "These zones lack Fargate or the map's machines."
  }
  assert {
    condition     = alltrue([for subnet in aws_subnet.public : !subnet.map_public_ip_on_launch])
    error_message = "No machine gets a public address by itself."
  }
  assert {
    condition     = length(distinct(concat(aws_subnet.public[*].cidr_block, aws_subnet.private[*].cidr_block))) == 6
    error_message = "Six subnets, six ranges."
  }
}

# The default: 99 % of a year's bill was a gateway that waited.
run "nothing_costs_while_nothing_runs" {
  command = plan
  module {
    source = "./modules/networking"
  }
  variables {
    name     = "t"
    region   = "us-east-1"
    vpc_cidr = "10.1.0.0/16"
    egress   = "public"
  }
  assert {
    condition     = length(aws_nat_gateway.this) + length(aws_eip.nat) + length(aws_vpc_endpoint.interface) == 0
    error_message = "No gateway, no address and no endpoint that costs by the hour."
  }
  assert {
    condition     = alltrue([for subnet in aws_subnet.public : subnet.map_public_ip_on_launch]) && length(output.job_subnet_ids) == 3
    error_message = "Jobs run in public subnets, each with an address while it is there."
  }
  assert {
    condition     = length(aws_vpc_endpoint.gateway) == 2
    error_message = "Files and themes go through the free endpoints."
  }
}

run "the_default_is_the_network_that_costs_nothing" {
  command = apply
  assert {
    condition     = length(output.sagemaker_subnets) == 0 && module.networking.has_public_addresses
    error_message = "Jobs have public addresses by default, and the reduce runs in SageMaker's own network."
  }
}

# What a batch of jobs costs at most, and what a job can take.
run "machines" {
  command = apply
  module {
    source = "./modules/compute"
  }
  variables {
    name                 = "t"
    region               = "us-east-1"
    account_id           = "123456789012"
    partition            = "aws"
    executor             = "aws-basic-batch"
    subnet_ids           = ["subnet-1"]
    security_group_id    = "sg-1"
    has_public_addresses = true
    reduce_backend       = "sagemaker"
    bucket               = "b"
    bucket_arn           = "arn:aws:s3:::b"
    results_prefix       = "p"
    source_arns          = []
    table_name           = "t"
    table_arn            = "arn:aws:dynamodb:us-east-1:123456789012:table/t"
    repository_arns      = ["arn:aws:ecr:us-east-1:123456789012:repository/t"]
    images               = { firm-topic-processor = "a", theme-aggregator = "b" }
    map_instance_types   = ["c6i"]
    map_max_vcpus        = 256
    map_timeout_minutes  = 60
    enable_gpu           = false
    gpu_instance_types   = ["g5.xlarge"]
    gpu_max_vcpus        = 16
    head_vcpus           = 2
    head_memory_mb       = 8192
    head_timeout_minutes = 180
    log_days             = 30
    tags                 = { Project = "earnings-themes" }
  }
  assert {
    condition     = one(aws_batch_compute_environment.on_demand.compute_resources).max_vcpus * 8 <= one(aws_batch_compute_environment.spot.compute_resources).max_vcpus
    error_message = "On-demand machines, at two and a half times the price, are at most an eighth of spot's."
  }
  assert {
    condition     = strcontains(base64decode(aws_launch_template.worker.user_data), "--destination 169.254.169.254 --match owner --uid-owner 10001 --jump REJECT")
    error_message = "Containers are in the host's network: only the machine can keep its role from them."
  }
  assert {
    condition     = !aws_batch_job_definition.map.deregister_on_new_revision && !aws_batch_job_definition.head.deregister_on_new_revision
    error_message = "A deployment during a run would take away the revision that the run submits to."
  }
  assert {
    condition = alltrue([for rule in concat(
      one(aws_batch_job_definition.map.retry_strategy).evaluate_on_exit, one(aws_batch_job_definition.head.retry_strategy).evaluate_on_exit,
    ) : !can(regex("^(host|cannot|task)", coalesce(rule.on_status_reason, rule.on_reason, "-")))])
    error_message = "AWS writes `Host EC2`, `CannotPull…` and `Task failed to start`; a pattern in other letters fits nothing."
  }
  assert {
    condition     = jsondecode(aws_batch_job_definition.head.container_properties).networkConfiguration.assignPublicIp == "ENABLED"
    error_message = "In a public subnet the head reaches nothing without an address."
  }
}

run "interface_endpoints_instead" {
  command = plan
  module {
    source = "./modules/networking"
  }
  variables {
    name     = "t"
    region   = "us-east-1"
    vpc_cidr = "10.1.0.0/16"
    egress   = "endpoints"
  }
  assert {
    condition     = length(aws_vpc_endpoint.interface) == 8 && length(aws_nat_gateway.this) == 0 && length(aws_route.private_nat) == 0
    error_message = "With endpoints there is no way to the internet."
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
    condition     = anytrue([for rule in aws_s3_bucket_lifecycle_configuration.results.rule : try(rule.expiration[0].expired_object_delete_marker, false)])
    error_message = "What is left of deleted files goes, or every listing gets slower."
  }
  assert {
    condition     = !aws_s3_bucket.results.force_destroy && alltrue([for image in aws_ecr_repository.image : !image.force_delete && image.image_tag_mutability == "IMMUTABLE" && image.image_scanning_configuration[0].scan_on_push])
    error_message = "Full buckets and repositories are not deleted; tags do not move; images are scanned."
  }
}

run "refuses_to_be_deployed_where_nobody_is_written_to" {
  command = plan
  variables {
    alert_emails = []
  }
  expect_failures = [var.alert_emails]
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
    condition     = aws_scheduler_schedule.pipeline.state == "DISABLED"
    error_message = "The schedule is off until someone turns it on."
  }
  assert {
    condition     = length(aws_budgets_budget.monthly.notification) == 2 && length(aws_sns_topic_subscription.alerts) == 1
    error_message = "The address hears of the budget and of the runs."
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

run "refuses_more_memory_than_fargate_has" {
  command = plan
  variables {
    head_vcpus     = 4
    head_memory_mb = 32768
  }
  expect_failures = [var.head_memory_mb]
}

run "refuses_a_step_that_fargate_lacks" {
  command = plan
  variables {
    head_vcpus     = 8
    head_memory_mb = 17408
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
