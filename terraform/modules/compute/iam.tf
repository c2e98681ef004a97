# Who may do what. tests/terraform lists every statement and fails on a '*' that is not named there with its reason.

locals {
  run_objects = "${var.bucket_arn}/${var.results_prefix}/*"
  registries  = "${var.bucket_arn}/${var.results_prefix}/registry/*"
  sources     = concat(["${var.bucket_arn}/input/*"], var.source_arns)
  buckets     = distinct(concat([var.bucket_arn], [for arn in var.source_arns : regex("^arn:[^:]+:s3:::[^/]+", arn)]))
  batch       = "arn:${var.partition}:batch:${var.region}:${var.account_id}"
  logs        = "arn:${var.partition}:logs:${var.region}:${var.account_id}"
  # SageMaker's own group, the same for all jobs of an account: it cannot be renamed.
  reduce_log = "${local.logs}:log-group:/aws/sagemaker/ProcessingJobs"
}

# --- who may take a role -------------------------------------------------------------------------

# Containers of this account only: without the condition another account's service could ask in our name.
data "aws_iam_policy_document" "containers" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.account_id]
    }
  }
}

# SageMaker's jobs of this account only.
data "aws_iam_policy_document" "sagemaker" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["sagemaker.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.account_id]
    }
  }
}

# The machines themselves.
data "aws_iam_policy_document" "machines" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["ec2.amazonaws.com"]
    }
  }
}

# --- files: what head and workers share ----------------------------------------------------------

# The files of the runs, and the sources. No s3:DeleteBucket, no policy, no other prefix.
data "aws_iam_policy_document" "files" {
  statement {
    sid       = "FindFiles"
    actions   = ["s3:ListBucket"]
    resources = local.buckets
  }
  statement {
    sid       = "RunFiles"
    actions   = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"]
    resources = [local.run_objects]
  }
  statement {
    sid       = "ReadSources"
    actions   = ["s3:GetObject"]
    resources = local.sources
  }
}

# --- workers -------------------------------------------------------------------------------------

# What a firm's program has: files, and nothing else.
resource "aws_iam_role" "map" {
  name               = "${var.name}-map"
  description        = "A worker job: reads and writes the files of runs"
  assume_role_policy = data.aws_iam_policy_document.containers.json
}

# Attaches the above.
resource "aws_iam_role_policy" "map" {
  name   = "files"
  role   = aws_iam_role.map.id
  policy = data.aws_iam_policy_document.files.json
}

# --- the head ------------------------------------------------------------------------------------

# What Snakemake's own program has: files, jobs in the map's queues, the reduce, and the table.
resource "aws_iam_role" "head" {
  name               = "${var.name}-head"
  description        = "The head job: schedules a run and publishes it"
  assume_role_policy = data.aws_iam_policy_document.containers.json
}

# The head's rights beyond files.
data "aws_iam_policy_document" "head" {
  source_policy_documents = [data.aws_iam_policy_document.files.json]

  # Queue, definition and the job itself: all three are asked for (Service Authorization Reference, "AWS Batch").
  statement {
    sid       = "SubmitWork"
    actions   = ["batch:SubmitJob"]
    resources = concat(local.queue_arns, ["${aws_batch_job_definition.map.arn_prefix}:*", "${local.batch}:job/*"])
  }
  statement {
    sid       = "EndWork"
    actions   = ["batch:TerminateJob"]
    resources = ["${local.batch}:job/*"]
  }
  # No action can be limited to a resource (Service Authorization Reference, "AWS Batch").
  statement {
    sid       = "WatchWork"
    actions   = concat(["batch:DescribeJobs", "batch:ListJobs"], var.executor == "aws-batch" ? ["batch:DescribeJobDefinitions"] : [])
    resources = ["*"]
  }
  # The executor aws-batch makes a definition for each job, and leaves some (batch_leftovers.py).
  dynamic "statement" {
    for_each = var.executor == "aws-batch" ? [1] : []
    content {
      sid       = "OwnDefinitions"
      actions   = ["batch:RegisterJobDefinition", "batch:DeregisterJobDefinition", "batch:SubmitJob", "batch:TagResource"]
      resources = ["${local.batch}:job-definition/snakejob-def-*"]
    }
  }
  dynamic "statement" {
    for_each = var.executor == "aws-batch" ? [1] : []
    content {
      sid       = "GiveWorkersTheirRole"
      actions   = ["iam:PassRole"]
      resources = [aws_iam_role.map.arn]
      condition {
        test     = "StringEquals"
        variable = "iam:PassedToService"
        values   = ["ecs-tasks.amazonaws.com"]
      }
    }
  }
  statement {
    sid = "Reduce"
    actions = [
      "sagemaker:CreateProcessingJob", "sagemaker:AddTags", "sagemaker:DescribeProcessingJob",
      "sagemaker:StopProcessingJob",
    ]
    resources = ["arn:${var.partition}:sagemaker:${var.region}:${var.account_id}:processing-job/themes-*"]
  }
  # Cannot be limited to a resource (Service Authorization Reference, "Amazon SageMaker").
  statement {
    sid       = "FindTheReduce"
    actions   = ["sagemaker:ListProcessingJobs"]
    resources = ["*"]
  }
  statement {
    sid       = "GiveTheReduceItsRole"
    actions   = ["iam:PassRole"]
    resources = [aws_iam_role.reduce.arn]
    condition {
      test     = "StringEquals"
      variable = "iam:PassedToService"
      values   = ["sagemaker.amazonaws.com"]
    }
  }
  # A group's own actions are judged by its ARN with `:*` (CloudWatch Logs User Guide, "Identity and access management").
  statement {
    sid       = "FindTheReducesLog"
    actions   = ["logs:DescribeLogStreams"]
    resources = ["${local.reduce_log}:*"]
  }
  statement {
    sid       = "ReadTheReducesLog"
    actions   = ["logs:GetLogEvents"]
    resources = ["${local.reduce_log}:log-stream:themes-*"]
  }
  statement {
    sid = "Publish"
    actions = [
      "dynamodb:GetItem", "dynamodb:Query", "dynamodb:UpdateItem", "dynamodb:BatchWriteItem",
      "dynamodb:DeleteItem", # how a publish gives its lease back; BatchWriteItem does not cover it
    ]
    resources = [var.table_arn, "${var.table_arn}/index/gsi1"]
  }
}

# Attaches the above.
resource "aws_iam_role_policy" "head" {
  name   = "run"
  role   = aws_iam_role.head.id
  policy = data.aws_iam_policy_document.head.json
}

# --- the reduce ----------------------------------------------------------------------------------

# What the SageMaker job has: reads runs, writes its own folder of each, publishes.
resource "aws_iam_role" "reduce" {
  name               = "${var.name}-reduce"
  description        = "The reduce: reads all firms' topics and sentences, and publishes the themes"
  assume_role_policy = data.aws_iam_policy_document.sagemaker.json
}

# The reduce's rights.
data "aws_iam_policy_document" "reduce" {
  statement {
    sid       = "FindFiles"
    actions   = ["s3:ListBucket"]
    resources = [var.bucket_arn]
  }
  statement {
    sid       = "ReadRuns"
    actions   = ["s3:GetObject"]
    resources = ["${var.bucket_arn}/${var.results_prefix}/results/*", local.registries]
  }
  # Its own folder of each run, and the themes that last.
  statement {
    sid       = "WriteItsFolder"
    actions   = ["s3:PutObject"]
    resources = ["${var.bucket_arn}/${var.results_prefix}/results/*/reduce/*", local.registries]
  }
  statement {
    sid = "Publish"
    actions = [
      "dynamodb:GetItem", "dynamodb:Query", "dynamodb:UpdateItem", "dynamodb:BatchWriteItem",
      "dynamodb:DeleteItem", # how a publish gives its lease back; BatchWriteItem does not cover it
    ]
    resources = [var.table_arn]
  }
  statement {
    sid       = "WriteLog"
    actions   = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
    resources = [local.reduce_log, "${local.reduce_log}:*"]
  }
  statement {
    sid       = "PullImage"
    actions   = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:BatchCheckLayerAvailability"]
    resources = var.repository_arns
  }
  # Cannot be limited to a resource (Service Authorization Reference, "Amazon ECR").
  statement {
    sid       = "LogInToEcr"
    actions   = ["ecr:GetAuthorizationToken"]
    resources = ["*"]
  }
  # What its machine did: a graph in the console, and nothing fails without it.
  statement {
    sid       = "WriteMetrics"
    actions   = ["cloudwatch:PutMetricData"] # cannot be limited to a resource
    resources = ["*"]
    condition {
      test     = "StringEquals"
      variable = "cloudwatch:namespace"
      values   = ["/aws/sagemaker/ProcessingJobs"]
    }
  }
  # SageMaker puts a network card of the job into our private subnets, with this role.
  dynamic "statement" {
    for_each = length(local.sagemaker_subnets) > 0 ? [1] : []
    content {
      sid = "NetworkCard"
      actions = [
        "ec2:CreateNetworkInterface", "ec2:CreateNetworkInterfacePermission", "ec2:DeleteNetworkInterface",
        "ec2:DeleteNetworkInterfacePermission",
      ]
      resources = concat(
        [for id in var.subnet_ids : "arn:${var.partition}:ec2:${var.region}:${var.account_id}:subnet/${id}"],
        [
          "arn:${var.partition}:ec2:${var.region}:${var.account_id}:security-group/${var.security_group_id}",
          "arn:${var.partition}:ec2:${var.region}:${var.account_id}:network-interface/*",
        ],
      )
    }
  }
  # Cannot be limited to a resource (Service Authorization Reference, "Amazon EC2").
  dynamic "statement" {
    for_each = length(local.sagemaker_subnets) > 0 ? [1] : []
    content {
      sid = "LookAtTheNetwork"
      actions = [
        "ec2:DescribeNetworkInterfaces", "ec2:DescribeVpcs", "ec2:DescribeSubnets", "ec2:DescribeSecurityGroups",
        "ec2:DescribeDhcpOptions",
      ]
      resources = ["*"]
    }
  }
}

# Attaches the above.
resource "aws_iam_role_policy" "reduce" {
  name   = "reduce"
  role   = aws_iam_role.reduce.id
  policy = data.aws_iam_policy_document.reduce.json
}

# --- what is done before a program starts --------------------------------------------------------

# Pulls the images and writes the logs, so that no program needs to be able to.
resource "aws_iam_role" "execution" {
  name               = "${var.name}-execution"
  description        = "Starts containers: pulls images, writes logs"
  assume_role_policy = data.aws_iam_policy_document.containers.json
}

# Our two repositories and our two log groups.
data "aws_iam_policy_document" "execution" {
  statement {
    sid       = "PullImages"
    actions   = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:BatchCheckLayerAvailability"]
    resources = var.repository_arns
  }
  # Cannot be limited to a resource (Service Authorization Reference, "Amazon ECR").
  statement {
    sid       = "LogInToEcr"
    actions   = ["ecr:GetAuthorizationToken"]
    resources = ["*"]
  }
  statement {
    sid       = "WriteLogs"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.map.arn}:*", "${aws_cloudwatch_log_group.head.arn}:*"]
  }
}

# Attaches the above.
resource "aws_iam_role_policy" "execution" {
  name   = "start"
  role   = aws_iam_role.execution.id
  policy = data.aws_iam_policy_document.execution.json
}

# --- the machines --------------------------------------------------------------------------------

# What the ECS agent of a machine has. The machine keeps it from our containers; see its launch template.
resource "aws_iam_role" "instance" {
  name               = "${var.name}-instance"
  description        = "The ECS agent on the workers' machines"
  assume_role_policy = data.aws_iam_policy_document.machines.json
}

# AWS's own list of what its agent calls: it changes with the agent, so a copy here would break one day.
resource "aws_iam_role_policy_attachment" "instance" {
  role       = aws_iam_role.instance.name
  policy_arn = "arn:${var.partition}:iam::aws:policy/service-role/AmazonEC2ContainerServiceforEC2Role"
}

# EC2 takes a role in this wrapping only.
resource "aws_iam_instance_profile" "instance" {
  name = "${var.name}-instance"
  role = aws_iam_role.instance.name
}
