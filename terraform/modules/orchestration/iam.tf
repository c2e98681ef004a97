# What the state machine and the schedule may do.

locals {
  batch         = "arn:${var.partition}:batch:${var.region}:${var.account_id}"
  states        = "arn:${var.partition}:states:${var.region}:${var.account_id}"
  state_machine = "${local.states}:stateMachine:${var.name}-pipeline"
  # SubmitJob names the definition by its newest revision.
  head_definition = replace(var.head_job_definition_arn, "/:[0-9]+$/", "")
}

# Step Functions of this account only.
data "aws_iam_policy_document" "states_trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["states.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.account_id]
    }
  }
}

# The schedule of this account only.
data "aws_iam_policy_document" "scheduler_trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["scheduler.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.account_id]
    }
  }
}

# The state machine: starts heads, reads receipts, writes to people.
resource "aws_iam_role" "states" {
  name               = "${var.name}-states"
  description        = "The state machine: starts heads, reads their receipts, notifies"
  assume_role_policy = data.aws_iam_policy_document.states_trust.json
}

# Its rights, statement by statement.
data "aws_iam_policy_document" "states" {
  statement {
    sid       = "StartHeads"
    actions   = ["batch:SubmitJob", "batch:TagResource"]
    resources = [var.head_queue_arn, "${local.head_definition}:*", "${local.batch}:job/*"]
  }
  statement {
    sid       = "StopHeads"
    actions   = ["batch:TerminateJob"]
    resources = ["${local.batch}:job/*"]
  }
  # Neither action can be limited to a resource (Service Authorization Reference, "AWS Batch").
  statement {
    sid       = "WatchHeads"
    actions   = ["batch:DescribeJobs", "batch:ListJobs"]
    resources = ["*"]
  }
  # submitJob.sync hears of the job's end through this rule, which Step Functions makes itself.
  statement {
    sid       = "HearOfTheirEnd"
    actions   = ["events:PutTargets", "events:PutRule", "events:DescribeRule"]
    resources = ["arn:${var.partition}:events:${var.region}:${var.account_id}:rule/StepFunctionsGetEventsForBatchJobsRule"]
  }
  statement {
    sid       = "ReadReceipts"
    actions   = ["s3:GetObject"]
    resources = ["${var.bucket_arn}/${var.results_prefix}/results/*/run_receipt.json"]
  }
  # Without it, S3 answers a missing receipt with "denied" instead of "not there".
  statement {
    sid       = "SeeThatNoneIsThere"
    actions   = ["s3:ListBucket"]
    resources = [var.bucket_arn]
  }
  statement {
    sid       = "Notify"
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.alerts.arn]
  }
  # None of these can be limited to a resource (Step Functions Developer Guide, "Logging").
  statement {
    sid = "Log"
    actions = [
      "logs:CreateLogDelivery", "logs:GetLogDelivery", "logs:UpdateLogDelivery", "logs:DeleteLogDelivery",
      "logs:ListLogDeliveries", "logs:PutResourcePolicy", "logs:DescribeResourcePolicies", "logs:DescribeLogGroups",
    ]
    resources = ["*"]
  }
}

# Attaches the above.
resource "aws_iam_role_policy" "states" {
  name   = "pipeline"
  role   = aws_iam_role.states.id
  policy = data.aws_iam_policy_document.states.json
}

# The schedule: may start this one machine.
resource "aws_iam_role" "scheduler" {
  name               = "${var.name}-scheduler"
  description        = "The schedule: starts the state machine"
  assume_role_policy = data.aws_iam_policy_document.scheduler_trust.json
}

# Its one right.
data "aws_iam_policy_document" "scheduler" {
  statement {
    sid       = "StartRuns"
    actions   = ["states:StartExecution"]
    resources = [local.state_machine]
  }
}

# Attaches the above.
resource "aws_iam_role_policy" "scheduler" {
  name   = "start"
  role   = aws_iam_role.scheduler.id
  policy = data.aws_iam_policy_document.scheduler.json
}
