# What starts runs, says how they ended, and keeps an eye on the bill.

# The history of every state, beside the one that the console shows for 90 days.
resource "aws_cloudwatch_log_group" "states" {
  #checkov:skip=CKV_AWS_158:AWS's own key encrypts it; a key of ours costs $1 a month and would be given to the same roles
  #checkov:skip=CKV_AWS_338:log_days says how long; prod keeps a year
  # This prefix spares one resource policy a log group, of which an account has ten.
  name              = "/aws/vendedlogs/states/${var.name}"
  retention_in_days = var.log_days
}

# A person who started ten quarters in the evening learns here which of them are missing firms.
resource "aws_sns_topic" "alerts" {
  #checkov:skip=CKV_AWS_26:EventBridge may not use AWS's own key, and one of ours costs $1 a month; a message names runs and firms, and is a mail in the end
  name = "${var.name}-alerts"
}

# Who may publish there: roles of this account by their own policies, and the rule below.
data "aws_iam_policy_document" "alerts" {
  statement {
    sid       = "ExecutionsThatEndedBadly"
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.alerts.arn]
    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }
    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = [aws_cloudwatch_event_rule.ended_badly.arn]
    }
  }
}

# Attaches the above.
resource "aws_sns_topic_policy" "alerts" {
  arn    = aws_sns_topic.alerts.arn
  policy = data.aws_iam_policy_document.alerts.json
}

# What the machine cannot write about itself: that it was stopped, that its time was over, or an error that no state may
# catch. What it has written about ends with one of its own two errors.
resource "aws_cloudwatch_event_rule" "ended_badly" {
  name        = "${var.name}-ended-badly"
  description = "An execution that ended without a word"
  event_pattern = jsonencode({
    source      = ["aws.states"]
    detail-type = ["Step Functions Execution Status Change"]
    detail = {
      stateMachineArn = [aws_sfn_state_machine.pipeline.arn]
      status          = ["FAILED", "TIMED_OUT", "ABORTED"]
      error           = [{ anything-but = ["RunsFailed", "ExecutionBroken"] }, { exists = false }]
    }
  })
}

# A mail that says which one, and how to look.
resource "aws_cloudwatch_event_target" "ended_badly" {
  rule = aws_cloudwatch_event_rule.ended_badly.name
  arn  = aws_sns_topic.alerts.arn
  input_transformer {
    input_paths    = { arn = "$.detail.executionArn", status = "$.detail.status" }
    input_template = "\"Execution <arn> ended: <status>. Its last steps: aws stepfunctions get-execution-history --reverse-order --max-items 5 --execution-arn <arn>\""
  }
}

# Each address has to confirm the first mail.
resource "aws_sns_topic_subscription" "alerts" {
  for_each  = var.alert_emails
  topic_arn = aws_sns_topic.alerts.arn
  protocol  = "email"
  endpoint  = each.value
}

# One execution is one quarter or ten; the definition explains itself in pipeline.asl.json.
resource "aws_sfn_state_machine" "pipeline" {
  #checkov:skip=CKV_AWS_284:its log has every state; a trace of two calls a run says nothing more
  name     = "${var.name}-pipeline"
  role_arn = aws_iam_role.states.arn
  type     = "STANDARD" # an execution lasts hours, and its name can be given once
  definition = templatefile("${path.module}/pipeline.asl.json", {
    name                = var.name
    partition           = var.partition
    head_queue          = var.head_queue_arn
    head_job_definition = var.head_job_definition_arn
    bucket              = var.bucket
    results_prefix      = var.results_prefix
    topic               = aws_sns_topic.alerts.arn
  })

  logging_configuration {
    level                  = "ALL"
    include_execution_data = true # names of runs and firms, never what was said
    log_destination        = "${aws_cloudwatch_log_group.states.arn}:*"
  }
  depends_on = [aws_iam_role_policy.states] # the role is tried when the machine is made
}

# Off until someone turns it on: a forgotten schedule is how idle clouds cost money.
resource "aws_scheduler_schedule" "pipeline" {
  #checkov:skip=CKV_AWS_297:its input names runs and sources, nothing secret; AWS's own key encrypts it
  name                = "${var.name}-pipeline"
  description         = "Starts the runs of schedule_input"
  state               = var.schedule_enabled ? "ENABLED" : "DISABLED"
  schedule_expression = var.schedule_expression

  flexible_time_window {
    mode = "OFF"
  }
  target {
    arn      = aws_sfn_state_machine.pipeline.arn
    role_arn = aws_iam_role.scheduler.arn
    input    = var.schedule_input
    retry_policy {
      maximum_event_age_in_seconds = 3600
      maximum_retry_attempts       = 3
    }
  }
}

# Counts what carries the Project tag, once that tag is activated in the billing console (docs/operating/runbook.md, "Deploying").
resource "aws_budgets_budget" "monthly" {
  name         = "${var.name}-monthly"
  budget_type  = "COST"
  limit_amount = tostring(var.monthly_budget_usd)
  limit_unit   = "USD"
  time_unit    = "MONTHLY"

  cost_filter {
    name   = "TagKeyValue"
    values = [format("user:Project$%s", var.project)] # "$${" would be HCL's way to write "${" itself
  }
  # Straight by mail: the topic is encrypted with a key that the budget service may not use.
  dynamic "notification" {
    for_each = length(var.alert_emails) > 0 ? { ACTUAL = 80, FORECASTED = 100 } : {}
    content {
      notification_type          = notification.key
      comparison_operator        = "GREATER_THAN"
      threshold                  = notification.value
      threshold_type             = "PERCENTAGE"
      subscriber_email_addresses = var.alert_emails
    }
  }
}
