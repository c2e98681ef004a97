# Where jobs run: spot machines for the map, Fargate for the head. With no job there is no machine.

locals {
  queue_arns = concat([aws_batch_job_queue.map.arn], aws_batch_job_queue.gpu[*].arn)
  # A job that waits for a machine which cannot come would wait for ever, and its run with it.
  stuck = {
    "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT"         = "no machine of this queue is large enough"
    "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE" = "more than the queue's limit of vCPUs"
    "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY"           = "the zones have no machine left"
  }
  # SageMaker gives a job in a public subnet no public address, so there it stays in SageMaker's own network.
  sagemaker_subnets         = var.has_public_addresses ? [] : var.subnet_ids
  sagemaker_security_groups = var.has_public_addresses ? [] : [var.security_group_id]
  # A queue goes on to its next environment also where the first one is full, not only where spot has no machine left:
  # so it bounds what is paid at the on-demand price. Four vCPUs are what the largest job asks for.
  on_demand_vcpus = max(4, floor(var.map_max_vcpus / 8))
  # The program of every image of ours runs as this user; see the Dockerfiles.
  worker_uid = 10001
  # What `make cloud-settings` writes to a file, the head finds in its environment.
  cloud = {
    region                     = var.region
    results_bucket             = var.bucket
    results_prefix             = var.results_prefix
    map_queue_arn              = aws_batch_job_queue.map.arn
    map_gpu_queue_arn          = one(aws_batch_job_queue.gpu[*].arn)
    head_queue_arn             = aws_batch_job_queue.head.arn
    map_job_role_arn           = aws_iam_role.map.arn
    map_job_definition_arn     = aws_batch_job_definition.map.arn
    firm_topic_processor_image = var.images["firm-topic-processor"]
    theme_aggregator_image     = var.images["theme-aggregator"]
    sagemaker_role_arn         = aws_iam_role.reduce.arn
    reduce_backend             = var.reduce_backend
    sagemaker_subnets          = local.sagemaker_subnets
    sagemaker_security_groups  = local.sagemaker_security_groups
    table_name                 = var.table_name
    tags                       = var.tags
  }
}

# The workers' lines; the name is under our own prefix because /aws/batch/job belongs to the whole account.
resource "aws_cloudwatch_log_group" "map" {
  #checkov:skip=CKV_AWS_158:AWS's own key encrypts it; a key of ours costs $1 a month and would be given to the same roles
  #checkov:skip=CKV_AWS_338:log_days says how long; a run's results are kept in S3, and prod keeps a year
  name              = "/${var.name}/map"
  retention_in_days = var.log_days
}

# The heads' lines.
resource "aws_cloudwatch_log_group" "head" {
  #checkov:skip=CKV_AWS_158:AWS's own key encrypts it; a key of ours costs $1 a month and would be given to the same roles
  #checkov:skip=CKV_AWS_338:log_days says how long; a run's results are kept in S3, and prod keeps a year
  name              = "/${var.name}/head"
  retention_in_days = var.log_days
}

# What Batch's own default for machines lacks: an encrypted disk of our size, and a machine whose role no job can take.
# Batch runs containers in the host's network (AWS Batch User Guide, "Networking modes"), where the metadata service is one
# hop away as it is for the machine's own agent: so the machine itself refuses our containers' user.
resource "aws_launch_template" "worker" {
  name_prefix            = "${var.name}-worker-"
  update_default_version = true

  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }
  # In the form that Batch asks for, because it adds parts of its own.
  user_data = base64encode(<<-EOT
    MIME-Version: 1.0
    Content-Type: multipart/mixed; boundary="==BOUNDARY=="

    --==BOUNDARY==
    Content-Type: text/x-shellscript; charset="us-ascii"

    #!/bin/bash
    iptables --insert OUTPUT --destination 169.254.169.254 --match owner --uid-owner ${local.worker_uid} --jump REJECT

    --==BOUNDARY==--
  EOT
  )
  block_device_mappings {
    device_name = "/dev/xvda"
    ebs {
      volume_size           = 50 # GB: the image, and what the jobs of a machine download
      volume_type           = "gp3"
      encrypted             = true
      delete_on_termination = true
    }
  }
  # The provider's default tags reach the template, not the machines that it makes.
  dynamic "tag_specifications" {
    for_each = toset(["instance", "volume"])
    content {
      resource_type = tag_specifications.value
      tags          = merge(var.tags, { Name = "${var.name}-worker" })
    }
  }
}

# The map's machines: spot costs about a third, and a firm that is interrupted is simply run again.
resource "aws_batch_compute_environment" "spot" {
  compute_environment_name_prefix = "${var.name}-spot-"
  type                            = "MANAGED"

  compute_resources {
    type                = "SPOT"
    allocation_strategy = "SPOT_PRICE_CAPACITY_OPTIMIZED" # the cheapest of the pools that last
    bid_percentage      = 100                             # of the on-demand price
    min_vcpus           = 0
    max_vcpus           = var.map_max_vcpus
    instance_type       = var.map_instance_types
    instance_role       = aws_iam_instance_profile.instance.arn
    subnets             = var.subnet_ids
    security_group_ids  = [var.security_group_id]
    tags                = merge(var.tags, { Name = "${var.name}-spot" })

    ec2_configuration {
      image_type = "ECS_AL2023"
    }
    launch_template {
      launch_template_id = aws_launch_template.worker.id
      version            = aws_launch_template.worker.latest_version
    }
  }
  # A new machine image waits for running jobs instead of ending them.
  update_policy {
    job_execution_timeout_minutes = var.map_timeout_minutes
    terminate_jobs_on_update      = false
  }
  lifecycle {
    create_before_destroy = true # a queue cannot be without an environment
  }
  depends_on = [aws_iam_role_policy_attachment.instance]
}

# Where the queue goes on when spot has no capacity left, or is full.
resource "aws_batch_compute_environment" "on_demand" {
  compute_environment_name_prefix = "${var.name}-ondemand-"
  type                            = "MANAGED"

  compute_resources {
    type                = "EC2"
    allocation_strategy = "BEST_FIT_PROGRESSIVE"
    min_vcpus           = 0
    max_vcpus           = local.on_demand_vcpus
    instance_type       = var.map_instance_types
    instance_role       = aws_iam_instance_profile.instance.arn
    subnets             = var.subnet_ids
    security_group_ids  = [var.security_group_id]
    tags                = merge(var.tags, { Name = "${var.name}-ondemand" })

    ec2_configuration {
      image_type = "ECS_AL2023"
    }
    launch_template {
      launch_template_id = aws_launch_template.worker.id
      version            = aws_launch_template.worker.latest_version
    }
  }
  update_policy {
    job_execution_timeout_minutes = var.map_timeout_minutes
    terminate_jobs_on_update      = false
  }
  lifecycle {
    create_before_destroy = true
  }
  depends_on = [aws_iam_role_policy_attachment.instance]
}

# GPU machines for encoding, only where they are wanted.
resource "aws_batch_compute_environment" "gpu" {
  count                           = var.enable_gpu ? 1 : 0
  compute_environment_name_prefix = "${var.name}-gpu-"
  type                            = "MANAGED"

  compute_resources {
    type                = "SPOT"
    allocation_strategy = "SPOT_PRICE_CAPACITY_OPTIMIZED"
    bid_percentage      = 100 # of the on-demand price
    min_vcpus           = 0
    max_vcpus           = var.gpu_max_vcpus
    instance_type       = var.gpu_instance_types
    instance_role       = aws_iam_instance_profile.instance.arn
    subnets             = var.subnet_ids
    security_group_ids  = [var.security_group_id]
    tags                = merge(var.tags, { Name = "${var.name}-gpu" })

    ec2_configuration {
      image_type = "ECS_AL2023_NVIDIA"
    }
    launch_template {
      launch_template_id = aws_launch_template.worker.id
      version            = aws_launch_template.worker.latest_version
    }
  }
  update_policy {
    job_execution_timeout_minutes = var.map_timeout_minutes
    terminate_jobs_on_update      = false
  }
  lifecycle {
    create_before_destroy = true
  }
  depends_on = [aws_iam_role_policy_attachment.instance]
}

# The head must not be interrupted, and needs no machine of its own: Fargate on demand.
resource "aws_batch_compute_environment" "head" {
  compute_environment_name_prefix = "${var.name}-head-"
  type                            = "MANAGED"

  compute_resources {
    type               = "FARGATE"
    max_vcpus          = 8 * var.head_vcpus # eight runs at once
    subnets            = var.subnet_ids
    security_group_ids = [var.security_group_id]
  }
  lifecycle {
    create_before_destroy = true
  }
}

# The workers' queue: spot first, on demand where spot cannot.
resource "aws_batch_job_queue" "map" {
  name     = "${var.name}-map"
  state    = "ENABLED"
  priority = 1

  compute_environment_order {
    order               = 1
    compute_environment = aws_batch_compute_environment.spot.arn
  }
  compute_environment_order {
    order               = 2
    compute_environment = aws_batch_compute_environment.on_demand.arn
  }
  dynamic "job_state_time_limit_action" {
    for_each = local.stuck
    content {
      action           = "CANCEL"
      state            = "RUNNABLE"
      reason           = job_state_time_limit_action.key
      max_time_seconds = 3600
    }
  }
}

# A queue of its own, so that a job without a GPU never keeps a GPU machine alive.
resource "aws_batch_job_queue" "gpu" {
  count    = var.enable_gpu ? 1 : 0
  name     = "${var.name}-gpu"
  state    = "ENABLED"
  priority = 1

  compute_environment_order {
    order               = 1
    compute_environment = aws_batch_compute_environment.gpu[0].arn
  }
  dynamic "job_state_time_limit_action" {
    for_each = local.stuck
    content {
      action           = "CANCEL"
      state            = "RUNNABLE"
      reason           = job_state_time_limit_action.key
      max_time_seconds = 3600
    }
  }
}

# Apart from the workers' queue: heads that fill it would wait for workers that never start.
resource "aws_batch_job_queue" "head" {
  name     = "${var.name}-head"
  state    = "ENABLED"
  priority = 1

  compute_environment_order {
    order               = 1
    compute_environment = aws_batch_compute_environment.head.arn
  }
}

# What the executor aws-basic-batch submits to; command, vCPUs and memory come with each job.
resource "aws_batch_job_definition" "map" {
  name                       = "${var.name}-map"
  type                       = "container"
  platform_capabilities      = ["EC2"]
  propagate_tags             = true
  deregister_on_new_revision = false # a run that is going on names the revision it began with

  container_properties = jsonencode({
    image            = var.images["firm-topic-processor"]
    command          = ["python", "-m", "earnings_themes.cloud.head", "--help"]
    jobRoleArn       = aws_iam_role.map.arn
    executionRoleArn = aws_iam_role.execution.arn
    environment      = [{ name = "AWS_DEFAULT_REGION", value = var.region }]
    privileged       = false
    linuxParameters  = { initProcessEnabled = true } # passes SIGTERM on, and buries what has died
    resourceRequirements = [
      { type = "VCPU", value = "1" }, # of a job by hand: each rule of the workflow asks for its own
      { type = "MEMORY", value = "2048" },
    ]
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        "awslogs-group"         = aws_cloudwatch_log_group.map.name
        "awslogs-region"        = var.region
        "awslogs-stream-prefix" = "job"
      }
    }
  })
  # Only what is the machine's fault is run again here. A failure of the program's is Snakemake's to judge.
  retry_strategy {
    attempts = 3 # with 5 % of spot machines taken away, 1 job in 8,000 fails three times
    evaluate_on_exit {
      on_status_reason = "Host EC2*" # its spot machine was taken away; letters count as they are
      action           = "RETRY"
    }
    evaluate_on_exit {
      on_reason = "CannotPull*"
      action    = "RETRY"
    }
    evaluate_on_exit {
      on_status_reason = "Task failed to start*" # Docker's or the agent's own timeouts
      action           = "RETRY"
    }
    evaluate_on_exit {
      on_reason = "*"
      action    = "EXIT"
    }
  }
  timeout {
    attempt_duration_seconds = 60 * var.map_timeout_minutes
  }
}

# One run's scheduler; the state machine gives it its run.
resource "aws_batch_job_definition" "head" {
  name                       = "${var.name}-head"
  type                       = "container"
  platform_capabilities      = ["FARGATE"]
  propagate_tags             = true
  deregister_on_new_revision = false # as the workers'

  container_properties = jsonencode({
    image            = var.images["firm-topic-processor"]
    command          = ["python", "-m", "earnings_themes.cloud.head", "--help"]
    jobRoleArn       = aws_iam_role.head.arn
    executionRoleArn = aws_iam_role.execution.arn
    environment = [
      { name = "AWS_DEFAULT_REGION", value = var.region },
      { name = "EARNINGS_THEMES_CLOUD", value = jsonencode(local.cloud) },
      { name = "EARNINGS_THEMES_PROFILE", value = "config/profiles/${var.executor}" },
    ]
    linuxParameters = { initProcessEnabled = true }
    resourceRequirements = [
      { type = "VCPU", value = tostring(var.head_vcpus) },
      { type = "MEMORY", value = tostring(var.head_memory_mb) },
    ]
    networkConfiguration         = { assignPublicIp = var.has_public_addresses ? "ENABLED" : "DISABLED" }
    fargatePlatformConfiguration = { platformVersion = "LATEST" }
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        "awslogs-group"         = aws_cloudwatch_log_group.head.name
        "awslogs-region"        = var.region
        "awslogs-stream-prefix" = "run"
      }
    }
  })
  retry_strategy {
    attempts = 2
    evaluate_on_exit {
      on_reason = "CannotPull*"
      action    = "RETRY"
    }
    evaluate_on_exit {
      on_status_reason = "Task failed to start*"
      action           = "RETRY"
    }
    evaluate_on_exit {
      on_reason = "*"
      action    = "EXIT"
    }
  }
  timeout {
    attempt_duration_seconds = 60 * var.head_timeout_minutes
  }
}
